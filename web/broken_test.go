package web_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/web"
)

// Forms that are broken, or more than a form may be, get a page that says so and do nothing.
func TestBrokenForms(t *testing.T) {
	t.Parallel()
	const urlencoded, multi = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
	huge := strings.Repeat("x", 10<<20)
	part := "--b\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"x\"\r\n\r\n"
	var many strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&many, "f%d=v&", i)
	}
	var parts strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&parts, "--b\r\nContent-Disposition: form-data; name=\"f%d\"\r\n\r\nv\r\n", i)
	}
	bodies := map[string][2]string{ // content type and body
		"10 MiB":                      {urlencoded, "username=" + huge},
		"10 MiB of fields":            {urlencoded, strings.Repeat("a=b&", 10<<18)},
		"10 MiB in a part":            {multi, part + huge + "\r\n--b--\r\n"},
		"10 MiB before the parts":     {multi, huge},
		"10 MiB of a part's header":   {multi, "--b\r\nX: " + huge},
		"10,000 fields":               {urlencoded, many.String()},
		"2,000 parts":                 {multi, parts.String() + "--b--\r\n"},
		"no end":                      {multi, part + "x"},
		"no parts":                    {multi, ""},
		"no boundary":                 {"multipart/form-data", part},
		"another boundary":            {"multipart/form-data; boundary=c", part},
		"a boundary that is too long": {"multipart/form-data; boundary=" + strings.Repeat("b", 200), part},
		"mixed":                       {"multipart/mixed; boundary=b", part + "x\r\n--b--\r\n"},
		"bad escapes":                 {urlencoded, "username=%zz&password=%"},
		"semicolons":                  {urlencoded, "username=a;password=b"},
		"NUL":                         {urlencoded, "username=a%00b&password=%00&code=%00&name=%00&device=%00&key=%00&next=%00&request=%00&since=%00&user=%00&confirm=%00"},
		"not UTF-8":                   {urlencoded, "username=%ff%fe&password=%ff&code=%ff&name=%ff&device=%ff"},
		"JSON":                        {"application/json", `{"username":"ann","password":"ann-pw"}`},
		"text":                        {"text/plain", "username=ann"},
		"no type":                     {"", "username=ann"},
		"no type that there is":       {";;;", "username=ann"},
		"compressed":                  {urlencoded, "\x1f\x8b\x08\x00"},
		"nothing":                     {urlencoded, ""},
	}
	forEachForm(t, func(t *testing.T, route web.Route, r ready) {
		before := r.dump()
		emptyIsFine := map[string]bool{"sign-out": true, "devices/sign-out-others": true, "account/picture/remove": true, "link": true,
			"admin/users/{id}/disable": true, "admin/users/{id}/enable": true, "admin/users/{id}/unlock": true, "admin/users/{id}/password/remove": true, "admin/users/{id}/sign-out-everywhere": true}
		for name, b := range bodies {
			wellFormed := name == "NUL" || name == "not UTF-8" || name == "nothing" || name == "compressed" || b[0] == "application/json" || b[0] == "text/plain" || b[0] == "" || b[0] == "multipart/mixed; boundary=b"
			takesAnyText := route.Path == "admin/keys" || route.Path == "admin/users/{id}/password"
			if wellFormed && emptyIsFine[route.Path] || takesAnyText && (name == "NUL" || name == "not UTF-8") {
				continue // has all that the form needs
			}
			q := r.browser.request(http.MethodPost, r.action, strings.NewReader(b[1]))
			q.Header = q.Header.Clone()
			q.Header["Content-Type"] = []string{b[0]}
			if b[0] == "" {
				delete(q.Header, "Content-Type")
			}
			p, err := r.try(q)
			if err != nil && len(b[1]) > 1<<20 {
				continue // the server has hung up on what is too large
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if p.status < 400 || p.status >= 500 || p.alert() == "" || p.h1() == "" {
				t.Errorf("%s: %d %q %q", name, p.status, p.h1(), p.alert())
			}
			if len(p.body) > 50<<10 {
				t.Errorf("%s: a page of %d bytes", name, len(p.body))
			}
			p.wantHardened(t, name)
		}
		r.wantUnchanged(t, withoutLog(before), withoutLog(r.dump()))
	})
}

// withoutLog is a dump without the log, which tells of refusals.
func withoutLog(dump string) string {
	var kept []string
	for _, line := range strings.Split(dump, "\n") {
		if !strings.Contains(line, "AuthenticationFailed") && !strings.Contains(line, "QuickConnect") && !strings.Contains(line, "[activities ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// try is send of what the server may hang up on.
func (b *browser) try(r *http.Request) (*page, error) {
	b.Helper()
	response, err := b.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return newPage(b, r.URL, response, string(body)), nil
}

// A form may come slowly, and the session end meanwhile: then it does nothing.
func TestSessionEndsWhileTheFormComes(t *testing.T) {
	t.Parallel()
	forEachForm(t, func(t *testing.T, route web.Route, r ready) {
		if route.For == "anybody" || route.For == "setup" {
			return
		}
		who := "ann"
		if route.For == "administrators" || route.Path == "link" {
			who = "admin"
			r.user("second", "pw", func(p *finlatch.Policy) { p.IsAdministrator = true })
		}
		body, contentType := r.encode()
		whole, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		if len(whole) == 0 {
			whole = []byte("x=y")
		}
		out, in := io.Pipe()
		q := r.browser.request(http.MethodPost, r.action, out)
		q.Header = q.Header.Clone()
		q.Header.Set("Content-Type", contentType)
		q.ContentLength = int64(len(whole))
		answer := make(chan *page, 1)
		go func() {
			p, err := r.try(q)
			if err != nil {
				t.Error(err)
			}
			answer <- p
		}()
		if _, err := in.Write(whole[:1]); err != nil {
			t.Fatal(err)
		}
		// by now the head is sent; the server has it when it has looked at the session
		time.Sleep(100 * time.Millisecond)
		if err := r.SignOutOthers(r.ctx, finlatch.Operator(), r.id(who)); err != nil {
			t.Fatal(err)
		}
		before := r.dump()
		if _, err := in.Write(whole[1:]); err != nil {
			t.Fatal(err)
		}
		in.Close()
		p := <-answer
		if p == nil {
			return
		}
		if p.status != http.StatusSeeOther || p.follow().h1() != "Sign in" {
			t.Errorf("%d %q %q", p.status, p.h1(), p.alert())
		}
		r.wantUnchanged(t, before, r.dump())
	})
}

// What a form brings along is gone when it is answered. It is not run beside others: it looks at a folder of the process.
func TestUploadsLeaveNoFiles(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	w := newWorld(t)
	b := w.signedIn("ann")
	p := b.open("account").press("Use this picture", "picture", string(bytes.Repeat([]byte("x"), 3<<20)))
	if p.status != http.StatusBadRequest || p.alert() == "" {
		t.Errorf("no picture: %d %q", p.status, p.alert())
	}
	p = b.open("account").press("Use this picture", "picture", drawing(8)+strings.Repeat("x", 3<<20))
	if p.status != http.StatusOK || p.alert() != "" {
		t.Errorf("a picture with a tail: %d %q", p.status, p.alert())
	}
	var left []string
	for range 100 { // the server cleans up after it has answered
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		left = nil
		for _, entry := range entries {
			if strings.HasPrefix(entry.Name(), "multipart-") {
				left = append(left, entry.Name())
			}
		}
		if len(left) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%q are left", left)
}
