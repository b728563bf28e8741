package replay

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Secrets collects what a run must keep to itself: access tokens, API keys, Quick Connect secrets and codes that the
// server issued, passwords that were sent and PINs that were written for somebody. Watch is for [Options]; it may be called from several runs at a time.
type Secrets struct {
	mutex     sync.Mutex
	tokens    map[string]string // tokens, keys and secrets → where they came from
	codes     map[string]string
	passwords map[string]string
	users     map[string]bool
	refusals  []Exchange
}

// Leak is a secret that stands where it must not.
type Leak struct {
	Where string // the line or the answer
	What  string // the kind of secret and where it came from
}

// Watch takes the secrets of one exchange, and keeps its answer if that is an error.
func (s *Secrets) Watch(e Exchange) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.tokens == nil {
		s.tokens, s.codes, s.passwords, s.users = map[string]string{}, map[string]string{}, map[string]string{}, map[string]bool{}
	}
	origin := e.Scenario + "/" + e.Step
	if sent, err := decode(e.Body); err == nil {
		s.take("", sent, origin, s.request)
	}
	_, query, _ := strings.Cut(e.Path, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); strings.EqualFold(name, "pw") || strings.EqualFold(name, "password") {
			if decoded, err := url.QueryUnescape(value); err == nil {
				s.request(name, decoded, origin)
			}
		}
	}
	if answered, err := decode(e.Answer); err == nil {
		s.take("", answered, origin, s.answer)
	}
	if e.Status >= 400 && len(e.Answer) > 0 {
		s.refusals = append(s.refusals, e)
	}
}

func (s *Secrets) take(key string, value any, origin string, note func(key, text, origin string)) {
	switch value := value.(type) {
	case *object:
		for key, item := range value.all() {
			s.take(key, item, origin, note)
		}
	case []any:
		for _, item := range value {
			s.take(key, item, origin, note)
		}
	case string:
		note(strings.ToLower(key), value, origin)
	}
}

// shortestToken is the length from which something is a token: an id has twice that.
const shortestToken = 16

// shortestPassword is the length from which a password is looked for: shorter ones stand anywhere.
const shortestPassword = 4

var pinForm = regexp.MustCompile(`^[0-9A-F]{2}(?:-?[0-9A-F]{2}){3,}$`)

var ordinaryWord = regexp.MustCompile(`^[a-z]{1,8}$`)

func (s *Secrets) request(key, text, origin string) {
	switch key = strings.ToLower(key); {
	case slices.Contains(userMembers, key):
		s.users[strings.ToLower(text)] = true
	case slices.Contains(passwordMembers, key) && len(strings.TrimSpace(text)) >= shortestPassword && !ordinaryWord.MatchString(text):
		s.passwords[strings.TrimSpace(text)] = origin
	}
}

func (s *Secrets) answer(key, text, origin string) {
	switch {
	case key == "pin" && pinForm.MatchString(text):
		s.passwords[text] = origin
	case (key == "accesstoken" || key == "secret") && len(text) >= shortestToken:
		s.tokens[strings.ToLower(text)] = origin
	case key == "code" && sixDigits.MatchString(text):
		s.codes[text] = origin
	}
}

// Issued counts what was collected.
func (s *Secrets) Issued() (tokens, codes, passwords int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return len(s.tokens), len(s.codes), len(s.passwords)
}

// InRefusals finds secrets in the answers of status 400 and above.
func (s *Secrets) InRefusals() []Leak {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var leaks []Leak
	for _, e := range s.refusals {
		where := fmt.Sprintf("%s/%s answered %d: %s", e.Scenario, e.Step, e.Status, brief(string(e.Answer)))
		leaks = append(leaks, s.in(string(e.Answer), where)...)
	}
	return leaks
}

// InLog finds secrets in the lines of a log.
func (s *Secrets) InLog(log string) []Leak {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var leaks []Leak
	for line := range strings.Lines(log) {
		leaks = append(leaks, s.in(line, strings.TrimSpace(line))...)
	}
	return leaks
}

// hexWord is a stretch of a text that could be a token or a secret; dashes may be inside.
var hexWord = regexp.MustCompile(`[0-9A-Fa-f][0-9A-Fa-f-]{30,}[0-9A-Fa-f]`)

// codeInLog is a code as an attribute or as a text of its own. Six digits alone are the middle of any number.
var codeInLog = regexp.MustCompile(`(?i)\bcode\\?"?[=:]\s*\\?"?(\d{6})\b|\\?"(\d{6})\\?"`)

func (s *Secrets) in(text, where string) []Leak {
	var leaks []Leak
	found := func(kind, origin string) { leaks = append(leaks, Leak{where, kind + " of " + origin}) }
	for _, stretch := range hexWord.FindAllString(text, -1) {
		word := plain(stretch)
		for token, origin := range s.tokens {
			if strings.Contains(word, token) {
				found("token or secret", origin)
			}
		}
	}
	for _, match := range codeInLog.FindAllStringSubmatch(text, -1) {
		if origin, issued := s.codes[match[1]+match[2]]; issued {
			found("code", origin)
		}
	}
	for _, password := range slices.Sorted(maps.Keys(s.passwords)) {
		if s.users[strings.ToLower(password)] {
			continue // an ordinary name as well
		}
		for _, form := range writtenForms(password) {
			if strings.Contains(text, form) {
				found("password", s.passwords[password])
				break
			}
		}
	}
	return leaks
}

// longestSearched is as much of a long password as is looked for: a log may cut it.
const longestSearched = 64

// writtenForms are the ways in which a log or an answer may spell a password.
func writtenForms(password string) []string {
	if len(password) > longestSearched {
		password = strings.ToValidUTF8(password[:longestSearched], "")
	}
	quoted, _ := json.Marshal(password)
	inJSON := strings.Trim(string(quoted), `"`)
	forms := []string{password, inJSON, asciiOnly(inJSON), url.QueryEscape(password), url.PathEscape(password)}
	slices.Sort(forms)
	return slices.Compact(forms)
}
