package replay

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// alphabet is an exchange of characters.
type alphabet map[rune]rune

// alphabets draws an exchange of letters and digits and its inverse. Letters at which two of the names first differ
// keep their order among themselves, so that a list sorted by name stays sorted.
func alphabets(random *rand.Rand, names []string) (there, back alphabet) {
	there, back = alphabet{}, alphabet{}
	for _, class := range []string{"abcdefghijklmnopqrstuvwxyz", digits} {
		ordered := deciding(names, class)
		var others []rune
		for _, r := range class {
			if !slices.Contains(ordered, r) {
				others = append(others, r)
			}
		}
		targets := []rune(class)
		random.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
		slices.Sort(targets[:len(ordered)])
		for i, from := range slices.Concat(ordered, others) {
			there[from], back[targets[i]] = targets[i], from
		}
	}
	return there, back
}

// deciding are the characters of a class at which two of the names first differ, in order.
func deciding(names []string, class string) []rune {
	var found []rune
	for _, one := range names {
		for _, other := range names {
			x, y := []rune(strings.ToLower(one)), []rune(strings.ToLower(other))
			for i := 0; i < min(len(x), len(y)); i++ {
				if x[i] == y[i] {
					continue
				}
				if strings.ContainsRune(class, x[i]) && strings.ContainsRune(class, y[i]) {
					found = append(found, x[i], y[i])
				}
				break
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func (a alphabet) apply(text string) string {
	return strings.Map(func(r rune) rune {
		if to, ok := a[r]; ok {
			return to
		}
		if lower := r | 0x20; 'A' <= r && r <= 'Z' {
			return a[lower] &^ 0x20
		}
		return r
	}, text)
}

var opaque = regexp.MustCompile(`%[0-9A-Fa-f]{2}|\$\{[^}]*\}|\\u[0-9A-Fa-f]{4}|\\.`)

// escaping is apply for texts in which percent codes, templates and JSON escapes stay as they are.
func (a alphabet) escaping(text string) string {
	var b strings.Builder
	last := 0
	for _, span := range opaque.FindAllStringIndex(text, -1) {
		b.WriteString(a.apply(text[last:span[0]]) + text[span[0]:span[1]])
		last = span[1]
	}
	return b.String() + a.apply(text[last:])
}
