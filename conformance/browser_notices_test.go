package conformance_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// soundPage has nothing wrong; faultyPages have one thing each, in the place of a part of it.
const soundPage = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A page</title>
<link rel="icon" href="data:,">
</head>
<body>
<main>
<h1>A page</h1>
<form method="post"><p><label>Name <input name="name"></label> <button>Send</button></p></form>
<p><a href="elsewhere">Elsewhere</a></p>
</main>
</body>
</html>
`

var faultyPages = []struct {
	name      string
	old, with string
	notice    func(b *tab, t *testing.T) []string
}{
	{"no label", "<label>Name <input name=\"name\"></label>", "<input name=\"name\">", (*tab).barred},
	{"no contrast", "<h1>", `<h1 style="color: #bbb">`, (*tab).barred},
	{"no contrast in the dark", "</head>", "<style>@media (prefers-color-scheme: dark) { body { background: #111; } }</style></head>", (*tab).barred},
	{"small targets", `<p><a href="elsewhere">Elsewhere</a></p>`, `<div><button style="all: unset; display: block; width: 9px; height: 9px; overflow: hidden">A</button><button style="all: unset; display: block; width: 9px; height: 9px; overflow: hidden">B</button></div>`, (*tab).barred},
	{"a rank of headings left out", "<p><a", "<h3>Deep</h3><p><a", (*tab).barred},
	{"no outline", "</head>", "<style>:focus { outline: none; }</style></head>", (*tab).unreached},
	{"an outline that nobody sees", "</head>", "<style>:focus { outline: 2px solid transparent; }</style></head>", (*tab).unreached},
	{"not reached", "<a href", `<a tabindex="-1" href`, (*tab).unreached},
	{"covered", "</main>", `</main><div style="position: fixed; inset: 0; background: white"></div>`, (*tab).unreached},
	{"too wide", "<h1>", `<h1 style="width: 120vw">`, (*tab).overflowing},
	{"too long", "</main>", "<p>" + strings.Repeat("a lot of text ", 4000) + "</p></main>", func(b *tab, _ *testing.T) []string { return b.heavy() }},
	{"too many requests", "</main>", `<img src="1" alt="one"><img src="2" alt="two"></main>`, func(b *tab, _ *testing.T) []string { return b.heavy() }},
	{"invalid", "</form>", "", func(b *tab, t *testing.T) []string {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "page.html"), b.served(t), 0o600); err != nil {
			t.Fatal(err)
		}
		return invalid(t, folder)
	}},
}

// TestBrowserNotices shows that the checks of the pages notice what they are for, and nothing where there is nothing.
func TestBrowserNotices(t *testing.T) {
	t.Parallel()
	chromium := newBrowser(t)
	install(t, browserFolder)
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := soundPage
		for _, f := range faultyPages {
			if f.name == r.URL.Query().Get("fault") {
				page = strings.Replace(page, f.old, f.with, 1)
			}
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'")
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(pages.Close)
	b := chromium.open(t, pages.URL, phone)
	for _, f := range faultyPages {
		t.Run(f.name, func(t *testing.T) {
			for _, scheme := range []string{"light", "dark"} {
				b.paint(t, scheme)
				b.open(t, "/")
				if faults := f.notice(b, t); len(faults) != 0 {
					t.Errorf("found where nothing is: %s", strings.Join(faults, "\n"))
				}
			}
			b.open(t, "/?fault="+strings.ReplaceAll(f.name, " ", "+"))
			faults := f.notice(b, t)
			if len(faults) == 0 {
				t.Error("not noticed")
			}
			t.Log(strings.Join(faults, "\n"))
		})
	}
}
