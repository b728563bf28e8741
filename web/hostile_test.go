package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch"
)

// hostile are texts that strangers would like to be more than texts.
var hostile = map[string]string{
	"script":           `<script>alert(1)</script>`,
	"an attribute":     `"><img src=x onerror=alert(1)><a href="`,
	"a single quote":   `' autofocus onfocus='alert(1)' x='`,
	"a back quote":     "` onload=alert(1) x=`",
	"no quote":         `x onmouseover=alert(1)//`,
	"ends of elements": `</title></style></textarea></select></option></bdi></button></h1></table><svg onload=alert(1)>`,
	"a comment":        `<!-- --!><!--> -->]]><![CDATA[<b>`,
	"entities":         `&lt;script&gt;&#60;b&#62;&quot;&#x27;&amp;`,
	"a template":       `{{.User.Name}}{{template "content"}}{{define "x"}}{{end}}${7*7}<%= 1 %>`,
	"an address":       `javascript:alert(1)//http://evil.example/?a=b&c=d#e`,
	"another way":      "\u202ecod.exe\u2066\u200f\u061c\u2069",
	"control":          "a\x00b\x01\x07\x1b[31mc\r\nSet-Cookie: a=b\r\n\r\n<b>\t\x7f\u0085\u2028\u2029",
	"not UTF-8":        "\xff\xfe<b>\xc0\xbc\xed\xa0\x80",
	"10 kB":            strings.Repeat(`<b title="x">W&`, 700),
	"marks":            "Z" + strings.Repeat("\u0300\u0316", 1000),
}

// shows puts a text everywhere where pages show texts, by the ways that strangers and others have, or, raw, past the rules.
func (w *world) shows(text string, raw bool) {
	w.Helper()
	c := finlatch.Caller{ClientInfo: finlatch.NewClientInfo("x"+text, "x"+text, "x"+text, "id"+text), Address: netip.MustParseAddr(home)}
	in, err := w.SignIn(w.ctx, c, "ann", "ann-pw")
	if err != nil {
		w.Fatal(err)
	}
	ann, err := w.Authenticate(w.ctx, c, in.Token)
	if err != nil {
		w.Fatal(err)
	}
	if err := w.NameDevice(w.ctx, ann, in.Device.DeviceID, ann.UserID(), "y"+text); err != nil {
		w.Fatal(err)
	}
	w.clock.Move(time.Second) // lists go by it
	if _, err := w.SignIn(w.ctx, c, "admin", "admin-pw"); err != nil {
		w.Fatal(err)
	}
	w.clock.Move(time.Second)
	if _, _, err := w.CreateAPIKey(w.ctx, finlatch.Operator(), "z"+short(text)); err != nil {
		w.Fatal(err)
	}
	w.policy("ann", func(p *finlatch.Policy) {
		p.EnabledDevices, p.IsHidden = []string{"gone" + strings.ToValidUTF8(text, "?")}, false
	})
	w.policy("admin", func(p *finlatch.Policy) { p.IsHidden = false })
	w.set(func(s *finlatch.Settings) {
		s.ServerName = "s" + text
		s.Branding = finlatch.Branding{LoginDisclaimer: "d" + short(text), CustomCSS: "c" + text}
	})
	if !raw {
		return
	}
	err = w.store.Update(w.ctx, func(tx finlatch.Tx) error {
		for _, name := range []string{"ann", "admin"} {
			user, err := tx.User(w.ctx, w.id(name))
			if err != nil {
				return err
			}
			user.Name = name + text
			if err := tx.PutUser(w.ctx, user); err != nil {
				return err
			}
			device := finlatch.Device{ClientInfo: finlatch.ClientInfo{AppName: text, AppVersion: text, DeviceName: text, DeviceID: text}, UserID: user.ID,
				TokenHash: finlatch.TokenFrom(name).Hash(), CreatedAt: w.clock.Now(), LastActivityAt: w.clock.Now()}
			if err := tx.CreateDevice(w.ctx, device); err != nil {
				return err
			}
			w.clock.Move(time.Second)
		}
		settings, err := tx.Settings(w.ctx)
		if err != nil {
			return err
		}
		settings.ServerName = "raw " + text
		if err := tx.PutSettings(w.ctx, settings); err != nil {
			return err
		}
		return tx.AddActivity(w.ctx, finlatch.Activity{Type: "Odd" + text, Name: "n" + text, UserID: w.id("ann"), ByID: w.id("admin"), Severity: finlatch.SeverityError, Count: 2, At: w.clock.Now()})
	})
	if err != nil {
		w.Fatal(err)
	}
}

// asksWith is a request for Quick Connect of a device that says text of itself.
func (w *world) asksWith(text, id string) (code string, secret finlatch.Secret) {
	c := finlatch.Caller{ClientInfo: finlatch.NewClientInfo("x"+text, "x"+text, "x"+text, id), Address: netip.MustParseAddr(home)}
	code, secret = w.asks(c)
	w.clock.Move(time.Second)
	return code, secret
}

// seen are all pages on which strangers' texts stand, with what was typed among them.
func (w *world) seen(text string) map[string]*page {
	w.Helper()
	pages := map[string]*page{}
	b, ann, nobody := w.browserOf("admin"), w.browserOf("ann"), w.browser()
	for _, who := range []struct {
		name string
		b    *browser
	}{{"admin", b}, {"ann", ann}} {
		code, secret := w.asksWith(text, who.name)
		p := who.b.open("link?code=" + code)
		pages[who.name+": asked"] = p
		p = p.press("Approve")
		pages[who.name+": approved"] = p
		w.redeem(secret)
		p = who.b.open(p.at.String())
		pages[who.name+": redeemed"] = p
		pages[who.name+": undone"] = p.press("Undo")
		code, _ = w.asksWith(text, who.name)
		pages[who.name+": denied"] = who.b.open("link?code=" + code).press("Deny")
	}
	q := "?" + values([]string{"q", text, "name", text, "type", text, "user", text, "address", text, "code", text, "request", text, "username", text, "next", text, "done", text,
		"since", text, "before", text, "page", text, "device", text, "id", text}).Encode()
	for _, route := range pagesOf() {
		if route.Path == "link/done" {
			continue
		}
		path := strings.ReplaceAll(strings.TrimSuffix(route.Path, "{$}"), "{id}", w.id("ann").String())
		pages[route.Path] = b.open(path)
		pages[route.Path+"?"] = b.open(path + q)
		pages["ann: "+route.Path] = ann.open(path)
		pages["nobody: "+route.Path] = nobody.open(path + q)
	}
	pages["sign-in refused"] = nobody.post("sign-in", "username", text, "password", text, "next", text)
	pages["user refused"] = b.post("admin/users", "username", text, "password", text)
	pages["rename refused"] = b.post("admin/users/"+w.id("ann").String()+"/rename", "username", text)
	pages["key made"] = b.post("admin/keys", "name", "k"+short(text))
	pages["settings refused"] = b.post("admin/settings", "server", short(text), "notice", short(text), "css", short(text), "proxies", short(text), "local", short(text), "days", short(text), "version", short(text))
	pages["policy refused"] = b.post("admin/users/"+w.id("ann").String()+"/policy", "version", short(text), "day", short(text), "from", short(text), "to", short(text), "sessions", "1", "attempts", "1", "device", "1")
	pages["code refused"] = ann.post("approve", "code", text, "request", text, "user", text)
	pages["device refused"] = ann.post("devices/sign-out", "device", text, "since", text)
	for _, path := range []string{"link/undo", "link/deny"} {
		pages[path+" refused"] = ann.post(path, "code", text, "request", text)
	}
	return pages
}

// browserOf is one in which somebody is signed in, whatever they are called by now.
func (w *world) browserOf(name string) *browser {
	w.Helper()
	b := w.browser()
	b.header.Set("User-Agent", "<script>alert(1)</script>Firefox")
	c := finlatch.Caller{ClientInfo: finlatch.NewClientInfo("finlatch pages", "1", "Mine", "pages of "+name), Address: netip.MustParseAddr(home), Pages: true}
	in, err := w.SignInByID(context.Background(), c, w.id(name), name+"-pw")
	if err != nil {
		w.Fatal(err)
	}
	w.clock.Move(time.Second)
	b.jar.plant(b.address("sign-in"), "finlatch", in.Token.Reveal())
	return b
}

// Whatever a text is, the pages that show it have the elements and attributes that they have for a harmless one.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	look := func(t *testing.T, text string, raw bool) map[string]*page {
		w := newWorld(t)
		w.shows(text, raw)
		return w.seen(text)
	}
	plains := map[bool]map[string]*page{false: look(t, "plain, you see?", false), true: look(t, "plain, you see?", true)}
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := name != "control" && name != "another way" && name != "not UTF-8" // of which the rules let nothing through
			plain, got := plains[raw], look(t, text, raw)
			for where, p := range got {
				if p.status >= 500 || p.status != plain[where].status {
					t.Errorf("%s: %d, want %d", where, p.status, plain[where].status)
				}
				if want, got := plain[where].document.skeleton(), p.document.skeleton(); got != want {
					t.Errorf("%s has other elements than with a harmless text (-plain +hostile):\n%s", where, cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
				}
				p.wantHardened(t, where)
				for _, c := range []byte(p.body) {
					if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
						t.Errorf("%s has the control character %#x", where, c)
						break
					}
				}
				for _, n := range p.document.all("") {
					for attr, value := range n.attrs {
						if strings.HasPrefix(attr, "on") || attr == "style" || attr == "srcdoc" {
							t.Errorf("%s has <%s %s>", where, n.name, attr)
						}
						if to := strings.ToLower(strings.TrimSpace(value)); (attr == "href" || attr == "action" || attr == "src") && strings.HasPrefix(to, "javascript:") {
							t.Errorf("%s has <%s %s=%q>", where, n.name, attr, value)
						}
					}
				}
				if len(p.answer["Set-Cookie"]) > 2 || p.answer.Get("X-Evil") != "" {
					t.Errorf("%s: %v", where, p.answer)
				}
				for _, n := range p.document.all("") {
					// what a person has typed, or an administrator wrote as a notice, stands for itself
					for _, text := range n.texts {
						if n.name != "bdi" && n.name != "textarea" && n.attrs["class"] != "note" && strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Bidi_Control) }) {
							t.Errorf("%s has direction marks in <%s>: %q", where, n.name, text)
						}
					}
				}
			}
			for where, marker := range map[string]string{"admin: asked": "x", "ann: devices": "y", "admin/keys": "z"} {
				shown := strings.TrimSpace(strings.Join(strings.Fields(visible(text)), " "))
				if end := min(len(shown), 20); !strings.Contains(got[where].text(), marker+shown[:end]) && !strings.Contains(got[where].text(), shown[:end]) {
					t.Errorf("%s does not show %.40q: %.300s", where, shown, got[where].text())
				}
			}
		})
	}
}

// What strangers say of themselves stands in elements of its own, so that letters that are written from right to left turn
// nothing around them.
func TestStrangersTextsStandAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shows("plain", false)
	found := 0
	for where, p := range w.seen("plain") {
		for _, n := range p.document.all("") {
			for _, text := range n.texts {
				if !strings.Contains(text, "xplain") && !strings.Contains(text, "yplain") {
					continue
				}
				found++
				if n.name != "bdi" && n.name != "title" && n.name != "h1" { // it ends with them
					t.Errorf("%s has <%s>%s", where, n.name, text)
				}
			}
		}
	}
	if found < 50 {
		t.Errorf("%d texts were found", found)
	}
}

// short is as much of a text as forms take in each of their fields.
func short(text string) string { return text[:min(len(text), 1000)] }

// visible is what the rules leave of a text.
func visible(text string) string { return finlatch.NewClientInfo(text, "", "", "").AppName }

// A page is no larger than it may be, with more of everything than it shows.
func TestFullPages(t *testing.T) {
	t.Parallel()
	const most = 50 << 10
	w := newWorld(t)
	for i := range 120 {
		for _, name := range []string{"ann", "admin"} {
			c := finlatch.Caller{ClientInfo: finlatch.NewClientInfo("Jellyfin for Android TV", "0.19.3-beta.1", "Living room & kitchen telly", fmt.Sprint(strings.Repeat("TW96aWxsYS81", 22), i)),
				Address: netip.MustParseAddr("2001:db8:1234:5678:9abc:def0:1234:5678")}
			if _, err := w.SignIn(w.ctx, c, name, name+"-pw"); err != nil {
				t.Fatal(err)
			}
		}
		if i < 60 {
			w.user(fmt.Sprint("Maximiliane Mustermann ", i), "", func(p *finlatch.Policy) { p.IsHidden = false })
			w.key()
		}
	}
	w.set(func(s *finlatch.Settings) {
		s.ServerName = "The attic & the loft"
		s.Branding.LoginDisclaimer = strings.Repeat(`A "note" `, 450)
	})
	for _, name := range []string{"ann", "admin"} {
		b := w.signedIn(name)
		for _, route := range pagesOf() {
			p := b.open(w.path(route))
			if size := len(p.body); size > most {
				t.Errorf("%s opens %s: %d bytes, want %d at most", name, p.at.Path, size, most)
			}
		}
	}
	if p := w.browser().open("sign-in"); p.status != http.StatusOK || len(p.body) > most {
		t.Errorf("sign-in: %d, %d bytes", p.status, len(p.body))
	}
}
