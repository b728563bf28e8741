package replay

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Disguise renames the people, passwords, devices and apps of recordings, so that a server cannot pass by knowing the
// recorded ones. It exchanges letter for letter and digit for digit and leaves all other characters: a password in the
// wrong case stays the wrong case of the right one, lengths (and with them the positions in error texts), spaces and
// characters beyond ASCII stay, and so does the order of user names. Requests are renamed before they are sent, and
// recorded answers before they are compared. The nil Disguise renames nothing.
type Disguise struct {
	there, back alphabet
	users       map[string]bool // fixed user names
	passwords   map[string]bool
	devices     map[string]bool // device ids, device names, names of apps; as sent and as decoded
	hidden      map[string]bool // users and devices, as they are called under the disguise
}

// NewDisguise renames what these recordings name, in a way that depends on the seed alone. Recordings that one server
// goes through want one disguise.
func NewDisguise(seed uint64, recordings ...*Recording) *Disguise {
	d := &Disguise{users: map[string]bool{administrator: true}, passwords: map[string]bool{administratorPassword: true},
		devices: map[string]bool{}, hidden: map[string]bool{}}
	for _, recording := range recordings {
		for _, step := range recording.Steps {
			d.collect(&step.Spec.Request)
		}
	}
	d.there, d.back = alphabets(rand.New(rand.NewPCG(seed, 0)), slices.Sorted(maps.Keys(d.users)))
	for word := range d.devices {
		if decoded := unescaped(word); d.there.apply(decoded) != unescaped(d.there.escaping(word)) {
			delete(d.devices, word) // an encoded letter, which would stay: the decoded form would be another
			delete(d.devices, decoded)
		}
	}
	for _, words := range []map[string]bool{d.users, d.devices} {
		for word := range words {
			d.hidden[d.there.apply(word)] = true
		}
	}
	return d
}

// Administrator is who administers a server that a recording has set up.
func (d *Disguise) Administrator() (name, password string) {
	return d.name(administrator), d.password(administratorPassword)
}

func unescaped(text string) string {
	decoded, err := url.PathUnescape(text)
	if err != nil {
		return text
	}
	return decoded
}

// --- what is renamed ---

// Members of request bodies, in lower case.
var (
	userMembers     = []string{"name", "username", "enteredusername"}
	passwordMembers = []string{"pw", "password", "currentpw", "newpw", "currentpassword", "newpassword"}
)

// Members of answers, in lower case, that may hold a user, a device or an app.
var namingMembers = []string{"name", "username", "lastusername", "devicename", "deviceid", "client", "appname", "id",
	"customname", "enableddevices"}

// namedInHeader finds what an Authorization header says of app and device. It leaves alone what is quoted in odd ways:
// there the meaning hangs on single characters.
var namedInHeader = regexp.MustCompile(`\b(?:Client|DeviceId|Device)=(?:"([^"=]*)"(?:\s*[,;]|$)|([^",;=\s][^",;=]*))`)

// spans gives the places of the values in a header.
func spans(header string) [][2]int {
	var found [][2]int
	for _, match := range namedInHeader.FindAllStringSubmatchIndex(header, -1) {
		for group := 2; group <= 4; group += 2 {
			if match[group] >= 0 && match[group] < match[group+1] {
				found = append(found, [2]int{match[group], match[group+1]})
			}
		}
	}
	return found
}

func carriesDevice(header string) bool {
	return strings.EqualFold(header, "Authorization") || strings.EqualFold(header, "X-Emby-Authorization")
}

// queryWords tells which words a query parameter carries.
func (d *Disguise) queryWords(parameter string) map[string]bool {
	switch strings.ToLower(parameter) {
	case "pw", "password":
		return d.passwords
	case "deviceid", "id", "app":
		return d.devices
	case "username", "name":
		return d.users
	}
	return nil
}

func fixed(word string) bool { return word != "" && !strings.Contains(word, "${") }

func (d *Disguise) collect(request *Request) {
	for _, header := range request.Headers {
		if header.Value == nil || !carriesDevice(header.Name) {
			continue
		}
		for _, span := range spans(*header.Value) {
			word := (*header.Value)[span[0]:span[1]]
			if !fixed(word) {
				continue
			}
			// Jellyfin decodes these values; whether + is a space is its business.
			for _, form := range []string{word, unescaped(word), unescaped(strings.ReplaceAll(word, "+", " "))} {
				d.devices[form] = true
			}
		}
	}
	_, query, _ := strings.Cut(request.Path, "?")
	for pair := range strings.SplitSeq(query, "&") {
		parameter, word, _ := strings.Cut(pair, "=")
		// A name that is searched for need not be somebody's: the people are those that bodies name.
		if words := d.queryWords(parameter); words != nil && fixed(word) && !slices.Contains(userMembers, strings.ToLower(parameter)) {
			words[word] = true
		}
	}
	body := []byte(request.JSON)
	if request.Text != nil {
		body = []byte(*request.Text)
	}
	if value, err := decode(body); err == nil {
		d.collectBody("", value)
	}
}

func (d *Disguise) collectBody(key string, value any) {
	switch value := value.(type) {
	case *object:
		for key, item := range value.all() {
			d.collectBody(key, item)
		}
	case []any:
		for _, item := range value {
			d.collectBody(key, item)
		}
	case string:
		if !fixed(value) {
			return
		}
		switch key = strings.ToLower(key); {
		case slices.Contains(userMembers, key):
			d.users[value] = true
		case slices.Contains(passwordMembers, key):
			d.passwords[value] = true
		}
	}
}

// --- requests ---

// name is what a user is called under the disguise, password what a password is.
func (d *Disguise) name(user string) string {
	if d == nil {
		return user
	}
	return d.there.apply(user)
}

func (d *Disguise) password(password string) string { return d.name(password) }

// spec is a step under the disguise.
func (d *Disguise) spec(spec Spec) (Spec, error) {
	if d == nil {
		return spec, nil
	}
	request := &spec.Request
	request.Path = d.path(request.Path)
	request.Headers = slices.Clone(request.Headers)
	for i, header := range request.Headers {
		if header.Value != nil && carriesDevice(header.Name) {
			value := d.header(*header.Value)
			request.Headers[i].Value = &value
		}
	}
	if request.JSON != nil {
		value, err := decode(request.JSON)
		if err != nil {
			return spec, fmt.Errorf("body of the step: %w", err)
		}
		request.JSON = json.RawMessage(encode(d.body("", value)))
	}
	if request.Text != nil {
		text := d.written(*request.Text)
		request.Text = &text
	}
	spec.Save = maps.Clone(spec.Save)
	for name, path := range spec.Save {
		spec.Save[name] = savedWord.ReplaceAllStringFunc(path, func(found string) string {
			part := savedWord.FindStringSubmatch(found)
			if !d.users[part[2]] && !d.devices[part[2]] {
				return found
			}
			return part[1] + d.there.apply(part[2]) + part[3]
		})
	}
	return spec, nil
}

// savedWord is the choice of a list's entry in a path: [?AppName=wire-qc].
var savedWord = regexp.MustCompile(`(\[\?\w+=)([^\]]*)(\])`)

func (d *Disguise) header(value string) string {
	var b strings.Builder
	last := 0
	for _, span := range spans(value) {
		b.WriteString(value[last:span[0]])
		word := value[span[0]:span[1]]
		if d.devices[word] {
			word = d.there.escaping(word)
		}
		b.WriteString(word)
		last = span[1]
	}
	return b.String() + value[last:]
}

func (d *Disguise) path(path string) string {
	path, query, hasQuery := strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if d.users[part] && len(part) >= shortestWord {
			parts[i] = d.there.escaping(part)
		}
	}
	path = strings.Join(parts, "/")
	if !hasQuery {
		return path
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		parameter, word, _ := strings.Cut(pair, "=")
		if d.queryWords(parameter)[word] {
			pairs[i] = parameter + "=" + d.there.escaping(word)
		}
	}
	return path + "?" + strings.Join(pairs, "&")
}

func (d *Disguise) body(key string, value any) any {
	switch value := value.(type) {
	case *object:
		out := &object{}
		for key, item := range value.all() {
			out.set(key, d.body(key, item))
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = d.body(key, item)
		}
		return out
	case string:
		if key = strings.ToLower(key); slices.Contains(userMembers, key) || slices.Contains(passwordMembers, key) ||
			key == "enableddevices" && d.devices[value] {
			return d.there.escaping(value)
		}
	}
	return value
}

// written renames a body that is no JSON value but a text, broken ones too.
func (d *Disguise) written(text string) string {
	words := maps.Clone(d.users)
	maps.Copy(words, d.passwords)
	return replaceWords(text, words, d.there.escaping)
}

// --- answers ---

// answer is a recorded answer under the disguise.
func (d *Disguise) answer(recorded *Answer) *Answer {
	if d == nil || recorded == nil {
		return recorded
	}
	out := *recorded
	out.Body = d.renamed("", recorded.Body, d.there, d.users, d.named())
	if recorded.BodyKind == "json" && recorded.Raw != "" {
		out.Raw = literal.ReplaceAllStringFunc(recorded.Raw, func(quoted string) string {
			var word string
			if json.Unmarshal([]byte(quoted), &word) != nil || !d.known(word) {
				return quoted
			}
			return d.there.escaping(quoted)
		})
	}
	return &out
}

func (d *Disguise) known(word string) bool { return d.users[word] || d.devices[word] }

// revealed is a value that came, in the names of the recording.
func (d *Disguise) revealed(key string, value any) any {
	if d == nil {
		return value
	}
	return d.renamed(key, value, d.back, d.hiddenUsers(), d.hidden)
}

// revealedText is a text that came, in the names of the recording.
func (d *Disguise) revealedText(text string) string {
	if d == nil {
		return text
	}
	return replaceWords(text, d.hiddenUsers(), d.back.apply)
}

func (d *Disguise) hiddenUsers() map[string]bool {
	names := map[string]bool{}
	for name := range d.users {
		names[d.there.apply(name)] = true
	}
	return names
}

// named are the users and devices.
func (d *Disguise) named() map[string]bool {
	words := maps.Clone(d.users)
	maps.Copy(words, d.devices)
	return words
}

// renamed exchanges what names somebody or a device: in the members that do so whole strings, and the words of sentences
// about a user; elsewhere the names of users.
func (d *Disguise) renamed(key string, value any, a alphabet, users, named map[string]bool) any {
	switch value := value.(type) {
	case *object:
		out := &object{}
		for key, item := range value.all() {
			out.set(key, d.renamed(key, item, a, users, named))
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = d.renamed(key, item, a, users, named)
		}
		return out
	case string:
		if slices.Contains(namingMembers, strings.ToLower(key)) {
			if named[value] {
				return a.apply(value)
			}
			if replaceWords(value, users, a.apply) == value {
				return value // about nobody: a device's name is a word like any other
			}
			return replaceWords(value, named, a.apply)
		}
		return replaceWords(value, users, a.apply)
	}
	return value
}
