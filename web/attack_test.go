package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/web"
)

// Every form does what it says when it is pressed: so that the tests that it does nothing mean something.
func TestForms(t *testing.T) {
	t.Parallel()
	forEachForm(t, func(t *testing.T, route web.Route, r ready) {
		before := r.dump()
		p := r.press()
		if p = p.follow(); p.status != http.StatusOK || p.alert() != "" {
			t.Errorf("%d %q %q at %s", p.status, p.h1(), p.alert(), p.at)
		}
		if changed := r.dump() != before; changed == harmless[route.Path] {
			t.Errorf("changed: %v", changed)
		}
	})
}

// A form that another site makes a browser send does nothing, and neither does anything but the form itself.
func TestCrossSite(t *testing.T) {
	t.Parallel()
	forEachForm(t, func(t *testing.T, route web.Route, r ready) {
		own := strings.TrimSuffix(r.site, "/")
		before := r.dump()
		for _, header := range [][]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "cross-site", "Origin", own}, {"Sec-Fetch-Site", "nonsense"},
			{"Origin", "http://evil.example"}, {"Origin", "null"}, {"Origin", "https://" + r.peer + ".evil.example"}, {"Origin", "http://127.0.0.1:1"},
			{"Origin", "http://localhost"}, {"Origin", "file://"},
			{"Origin", "http://evil.example", "X-HTTP-Method-Override", "GET"},
		} {
			p := r.with(header...)
			if p.status != http.StatusForbidden || p.alert() == "" || len(p.answer.Values("Set-Cookie")) > 0 {
				t.Errorf("%v: %d %q", header, p.status, p.alert())
			}
			p.wantHardened(t, strings.Join(header, " "))
		}
		query := "?" + r.fields.Encode()
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, "PROPFIND"} {
			for _, site := range []string{"", "cross-site", "same-origin"} {
				body, contentType := r.encode()
				q := r.browser.request(method, r.action+query, body)
				q.Header = q.Header.Clone()
				q.Header.Set("Content-Type", contentType)
				q.Header.Set("X-HTTP-Method-Override", "POST")
				if site != "" {
					q.Header.Set("Sec-Fetch-Site", site)
				}
				if p := r.send(q); p.status >= 500 || p.answer.Get("Access-Control-Allow-Origin") != "" || p.answer.Get("Access-Control-Allow-Methods") != "" {
					t.Errorf("%s: %d %v", method, p.status, p.answer)
				}
			}
		}
		r.wantUnchanged(t, before, r.dump())
	})
}

// wantHardened checks what every answer says to browsers.
func (p *page) wantHardened(t *testing.T, what string) {
	t.Helper()
	policy := p.answer.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "script-src 'self'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("%s: no %s in the policy %q", what, part, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("%s: the policy is %q", what, policy)
	}
	for name, want := range map[string]string{"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": ""} {
		if got := p.answer.Get(name); got != want {
			t.Errorf("%s: %s is %q, want %q", what, name, got, want)
		}
	}
	if cache := p.answer.Get("Cache-Control"); cache != "no-store" && !strings.HasPrefix(p.at.Path, "/finlatch/script.js") {
		t.Errorf("%s: Cache-Control is %q", what, cache)
	}
}
