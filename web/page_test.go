package web_test

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
)

// page is an answer, as a browser reads it.
type page struct {
	*browser
	status   int
	answer   http.Header
	at       *url.URL
	body     string
	document *node // the empty one where the answer is no HTML
}

func newPage(b *browser, at *url.URL, response *http.Response, body string) *page {
	b.Helper()
	p := &page{browser: b, status: response.StatusCode, answer: response.Header, at: at, body: body, document: new(node)}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
		document, err := parse(body)
		if err != nil {
			b.Errorf("%s is no HTML: %v", at, err)
		}
		p.document = document
	}
	return p
}

// node is an element. What a document writes outside elements is in an element without a name.
type node struct {
	name     string
	attrs    map[string]string
	children []*node
	texts    []string // one before each child, and one after the last
}

// parse reads HTML that closes all elements but the void ones, as ours does.
func parse(text string) (*node, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	root := &node{texts: []string{""}}
	open := []*node{root}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			if len(open) > 1 {
				err = errors.New("<" + open[len(open)-1].name + "> is not closed")
				return root, err
			}
			return root, nil
		}
		if err != nil {
			return root, err
		}
		top := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			n := &node{name: token.Name.Local, attrs: map[string]string{}, texts: []string{""}}
			for _, a := range token.Attr {
				name := a.Name.Local
				if a.Name.Space != "" {
					name = a.Name.Space + ":" + name
				}
				if _, twice := n.attrs[name]; twice {
					return root, errors.New("<" + n.name + "> has " + name + " twice")
				}
				n.attrs[name] = a.Value
			}
			top.children, top.texts = append(top.children, n), append(top.texts, "")
			if !slices.Contains(xml.HTMLAutoClose, n.name) {
				open = append(open, n)
			}
		case xml.EndElement:
			if slices.Contains(xml.HTMLAutoClose, token.Name.Local) { // what RawToken makes of <a/>
				continue
			}
			if top.name != token.Name.Local {
				return root, errors.New("</" + token.Name.Local + "> ends <" + top.name + ">")
			}
			open = open[:len(open)-1]
		case xml.CharData:
			top.texts[len(top.texts)-1] += string(token)
		case xml.Comment:
			return root, errors.New("there is a comment")
		}
	}
}

// all are the elements of a name below a node; of every name for "".
func (n *node) all(name string) (found []*node) {
	for _, child := range n.children {
		if name == "" || child.name == name {
			found = append(found, child)
		}
		found = append(found, child.all(name)...)
	}
	return found
}

func (n *node) first(pick func(*node) bool) *node {
	for _, found := range n.all("") {
		if pick(found) {
			return found
		}
	}
	return nil
}

// text is all text of a node but style's, with single blanks.
func (n *node) text() string { return strings.Join(strings.Fields(n.raw()), " ") }

func (n *node) raw() string {
	if n == nil || n.name == "style" {
		return ""
	}
	var all strings.Builder
	for i, text := range n.texts {
		all.WriteString(text)
		if i < len(n.children) {
			all.WriteString(" " + n.children[i].raw() + " ")
		}
	}
	return all.String()
}

// skeleton is a document without its texts and its attributes' values.
func (n *node) skeleton() string {
	names := make([]string, 0, len(n.attrs))
	for name := range n.attrs {
		names = append(names, name)
	}
	slices.Sort(names)
	all := "<" + n.name + " " + strings.Join(names, " ") + ">\n"
	for _, child := range n.children {
		all += child.skeleton()
	}
	return all + "</" + n.name + ">\n"
}

func (p *page) h1() string {
	all := p.document.all("h1")
	if len(all) != 1 {
		return ""
	}
	return all[0].text()
}

func (p *page) alert() string  { return p.role("alert") }
func (p *page) notice() string { return p.role("status") }
func (p *page) text() string   { return p.document.text() }

func (p *page) role(role string) string {
	return p.document.first(func(n *node) bool { return n.attrs["role"] == role }).text()
}

func (p *page) location() string { return p.answer.Get("Location") }

// follow goes where redirects lead.
func (p *page) follow() *page {
	p.Helper()
	for range 10 {
		if p.location() == "" {
			return p
		}
		to, err := p.at.Parse(p.location())
		if err != nil {
			p.Fatalf("%s leads to %q: %v", p.at, p.location(), err)
		}
		p = p.browser.get(to.String())
	}
	p.Fatalf("%s leads round and round", p.at)
	return nil
}

// click follows the link with a text.
func (p *page) click(text string) *page {
	p.Helper()
	link := p.document.first(func(n *node) bool { return n.name == "a" && n.text() == text })
	if link == nil {
		p.Fatalf("%s has no link %q", p.at, text)
	}
	to, err := p.at.Parse(link.attrs["href"])
	if err != nil {
		p.Fatal(err)
	}
	return p.browser.open(to.String())
}

// has tells whether a page has a button.
func (p *page) has(button string) bool { return p.button(button) != nil }

// button is one by its text, or, where several are alike, by its label.
func (p *page) button(name string) *node {
	return p.document.first(func(n *node) bool {
		return n.name == "button" && (n.attrs["aria-label"] == name || n.text() == name)
	})
}

// form is what a button sends: where to, and what stands in the fields now.
type form struct {
	method, action string
	multipart      bool
	fields         url.Values
}

// formOf is the form of a button.
func (p *page) formOf(button string) form {
	p.Helper()
	pressed := p.button(button)
	if pressed == nil {
		p.Fatalf("%s (%d, %q, %q) has no button %q", p.at, p.status, p.h1(), p.alert(), button)
	}
	owner := p.document.first(func(n *node) bool {
		return n.name == "form" && (n.attrs["id"] != "" && n.attrs["id"] == pressed.attrs["form"] || pressed.attrs["form"] == "" && slices.Contains(n.all("button"), pressed))
	})
	if owner == nil {
		p.Fatalf("%s: the button %q has no form", p.at, button)
	}
	action, err := p.at.Parse(cmp.Or(owner.attrs["action"], p.at.String()))
	if err != nil {
		p.Fatal(err)
	}
	f := form{method: strings.ToUpper(cmp.Or(owner.attrs["method"], "get")), action: action.String(),
		multipart: owner.attrs["enctype"] == "multipart/form-data", fields: url.Values{}}
	for _, n := range owner.all("") {
		if n.name != "button" { // only the one that is pressed is sent
			f.take(n)
		}
	}
	f.take(pressed)
	return f
}

// take takes what a control adds to a form.
func (f form) take(n *node) {
	_, checked := n.attrs["checked"]
	value := n.attrs["value"]
	switch n.name {
	default:
		return
	case "input":
		switch n.attrs["type"] {
		case "submit", "button":
			return
		case "checkbox", "radio":
			if !checked {
				if _, known := f.fields[n.attrs["name"]]; !known {
					f.fields[n.attrs["name"]] = nil // may be filled in
				}
				return
			}
			value = cmp.Or(value, "on")
		}
	case "textarea":
		value = strings.ReplaceAll(strings.TrimPrefix(strings.Join(n.texts, ""), "\n"), "\n", "\r\n")
	case "button":
		if n.attrs["name"] == "" || n.attrs["type"] == "button" {
			return
		}
	case "select":
		for i, option := range n.all("option") {
			v, given := option.attrs["value"]
			if !given {
				v = option.text()
			}
			if _, selected := option.attrs["selected"]; selected || i == 0 {
				value = v
			}
		}
	}
	f.fields.Add(n.attrs["name"], value)
}

// press fills in a form, by the names of its fields, presses its button, and goes where that leads. The value "-" leaves a
// box unticked.
func (p *page) press(button string, fields ...string) *page {
	p.Helper()
	return p.submit(button, fields...).follow()
}

// submit is press without what follows.
func (p *page) submit(button string, fields ...string) *page {
	p.Helper()
	return p.browser.submit(p.fill(button, fields...))
}

// fill is the form of a button, filled in.
func (p *page) fill(button string, fields ...string) form {
	p.Helper()
	f := p.formOf(button)
	for name, value := range values(fields) {
		if _, known := f.fields[name]; !known {
			p.Fatalf("%s: the form of %q has no field %q", p.at, button, name)
		}
		f.fields[name] = value
		if slices.Equal(value, []string{"-"}) {
			delete(f.fields, name)
		}
	}
	return f
}

// submit sends a form as browsers do.
func (b *browser) submit(f form) *page {
	b.Helper()
	if f.method == http.MethodGet {
		to, _, _ := strings.Cut(f.action, "?")
		return b.get(to + "?" + f.fields.Encode())
	}
	body, contentType := f.encode()
	r := b.request(http.MethodPost, f.action, body)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.send(r)
}

// encode writes the fields. In a multipart form each that has the text of a picture is a file.
func (f form) encode() (body io.Reader, contentType string) {
	if !f.multipart {
		return strings.NewReader(f.fields.Encode()), "application/x-www-form-urlencoded"
	}
	var buf bytes.Buffer
	m := multipart.NewWriter(&buf)
	for name, all := range f.fields {
		for _, value := range all {
			if name == "picture" {
				part, _ := m.CreateFormFile(name, "picture.png")
				_, _ = part.Write([]byte(value))
			} else {
				_ = m.WriteField(name, value)
			}
		}
	}
	_ = m.Close()
	return &buf, m.FormDataContentType()
}

// values are pairs of a field's name and its value.
func values(pairs []string) url.Values {
	all := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		all.Add(pairs[i], pairs[i+1])
	}
	return all
}

// jar keeps cookies as browsers do, and shows them.
type jar struct{ *cookiejar.Jar }

func newJar() *jar {
	j, _ := cookiejar.New(nil)
	return &jar{j}
}

// value is that of a cookie that goes to an address, whichever prefix its name has.
func (j *jar) value(address, name string) string {
	to, err := url.Parse(address)
	if err != nil {
		return ""
	}
	for _, c := range j.Cookies(to) {
		if strings.TrimPrefix(c.Name, "__Host-") == name {
			return c.Value
		}
	}
	return ""
}

// expire takes a cookie away, as its age does.
func (j *jar) expire(address, name string) {
	if to, err := url.Parse(address); err == nil {
		j.SetCookies(to, []*http.Cookie{{Name: name, MaxAge: -1}})
	}
}

// plant puts a cookie there that no form of ours has made.
func (j *jar) plant(address, name, value string) {
	to, err := url.Parse(address)
	if err == nil {
		j.SetCookies(to, []*http.Cookie{{Name: name, Value: value}})
	}
}
