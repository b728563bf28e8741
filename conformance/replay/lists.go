package replay

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// Lists are what is known to differ. They stand in a Markdown document, in fenced blocks, one entry a line; lines that
// start with # are comments. Blocks tagged divergences and sometimes have lines of the first form, blocks tagged waiting of
// the second. What is in sometimes hangs on the time, and need not occur. A block whose tag has a word in front, as in
// "gateway divergences", is about a server that stands so, on top of the others.
//
//	scenario/step | path | exact value | reason
//	scenario/step | reason
//
// Scenario and step may hold *. Path and value are those of [Difference]: Path and Ours.
type Lists struct {
	divergences []*divergence
	waiting     []*waiting
}

// divergence is a wanted difference: this value at this place, for this reason.
type divergence struct {
	line                int
	place               place
	path, value, reason string
	sometimes           bool
}

// waiting is a step that cannot be right before something else is there.
type waiting struct {
	line   int
	place  place
	reason string
}

// place is steps of scenarios, each with * for any text.
type place struct{ text, scenario, step string }

func (p place) is(scenario, step string) bool {
	return glob(p.scenario, scenario) && glob(p.step, step)
}

func glob(pattern, text string) bool {
	first, rest, any := strings.Cut(pattern, "*")
	if !any {
		return pattern == text
	}
	if text, any = strings.CutPrefix(text, first); !any {
		return false
	}
	for i := range len(text) + 1 {
		if glob(rest, text[i:]) {
			return true
		}
	}
	return false
}

// ReadLists reads the lists of a document for a server that stands so: "gateway", or "" for one that stands alone. An error
// names the line that it is about.
func ReadLists(file, standing string) (*Lists, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lists, err := ParseLists(f, standing)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", file, err)
	}
	return lists, nil
}

// ParseLists is ReadLists for a text; its errors begin with the line's number.
func ParseLists(document io.Reader, standing string) (*Lists, error) {
	lists := &Lists{}
	seen := map[string]int{}
	scanner := bufio.NewScanner(document)
	scanner.Buffer(nil, largestBody)
	fence, open, opened, number := "", false, 0, 0
	for scanner.Scan() {
		number++
		line := strings.TrimSpace(scanner.Text())
		if tag, isFence := strings.CutPrefix(line, "```"); isFence {
			if open = !open; open {
				fence, opened = strings.TrimPrefix(strings.TrimSpace(tag), standing+" "), number
			}
			continue
		}
		if !open {
			continue
		}
		if fence != "divergences" && fence != "sometimes" && fence != "waiting" || line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		err := lists.add(fence, line, number)
		if before := seen[fence+line]; before != 0 {
			err = fmt.Errorf("the same as line %d", before)
		}
		if err != nil {
			return nil, fmt.Errorf("%d: %w", number, err)
		}
		seen[fence+line] = number
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("%d: %w", number, err)
	}
	if open {
		return nil, fmt.Errorf("%d: this block is not closed", opened)
	}
	return lists, nil
}

const separator = " | "

func (l *Lists) add(fence, line string, number int) error {
	text, rest, _ := strings.Cut(line, separator)
	p := place{text: strings.TrimSpace(text)}
	var both bool
	if p.scenario, p.step, both = strings.Cut(p.text, "/"); !both || p.scenario == "" || p.step == "" || strings.ContainsAny(p.text, " \t|") {
		return fmt.Errorf("%q is not scenario/step", p.text)
	}
	rest = strings.TrimSpace(rest)
	if fence == "waiting" {
		if rest == "" || strings.Contains(rest, separator) {
			return fmt.Errorf("expected scenario/step%sreason", separator)
		}
		l.waiting = append(l.waiting, &waiting{number, p, rest})
		return nil
	}
	path, rest, found := strings.Cut(rest, separator)
	if path = strings.TrimSpace(path); !found || !listedPath.MatchString(path) {
		return fmt.Errorf("expected scenario/step%[1]spath%[1]sexact value%[1]sreason; %[2]q is no path", separator, path)
	}
	value, reason, err := exactValue(path, strings.TrimSpace(rest))
	if err != nil {
		return err
	}
	l.divergences = append(l.divergences, &divergence{number, p, path, value, reason, fence == "sometimes"})
	return nil
}

var (
	listedPath = regexp.MustCompile(`^(?:\$.*|status|content-type|raw|error|skipped|kind|(?:header|saved):\S+)$`)
	bodyWord   = regexp.MustCompile(`^(?:text|json|binary) `)
	relation   = regexp.MustCompile(`^(?: !?= \S+ \S+)+`) // what is wrong with an identity
)

// exactValue cuts a value and a reason apart, and spells the value as Difference.Ours does. JSON may hold the
// separator itself.
func exactValue(path, text string) (value, reason string, err error) {
	isBody := strings.HasPrefix(path, "$") || path == "raw"
	if value, reason, _ = strings.Cut(text, separator); isBody && value != absent && value != "empty" {
		kind := bodyWord.FindString(text)
		d := json.NewDecoder(strings.NewReader(text[len(kind):]))
		var node json.RawMessage
		if err := d.Decode(&node); err != nil {
			return "", "", fmt.Errorf("the value is neither JSON nor absent, empty, text JSON or json JSON: %w", err)
		}
		decoded, err := decode(node)
		if err != nil {
			return "", "", err
		}
		rest := text[len(kind)+int(d.InputOffset()):]
		wrong := relation.FindString(rest)
		value = kind + canonical(decoded) + wrong
		if reason, isBody = strings.CutPrefix(rest[len(wrong):], separator); !isBody {
			return "", "", fmt.Errorf("expected%sreason after the value, got %q", separator, rest[len(wrong):])
		}
	}
	value, reason = strings.TrimSpace(value), strings.TrimSpace(reason)
	if reason == "" || value == "" {
		return "", "", fmt.Errorf("a value or a reason is missing")
	}
	if _, err := strconv.Atoi(value); path == "status" && err != nil {
		return "", "", fmt.Errorf("%q is no status", value)
	}
	return value, reason, nil
}
