package cli_test

import (
	"strings"
	"syscall"
	"testing"
)

// Whoever starts the server, or adds its first administrator, is told where a browser finds the pages.
func TestWhereThePagesAre(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args      []string
		base      string
		pages     string // empty: the address that it is ready at
		announced bool   // on a line of its own
	}{
		{},
		{args: []string{"--base-url", "/tv"}, base: "/tv"},
		{args: []string{"--published-url", "https://tv.example.org"}, pages: "https://tv.example.org/finlatch/"},
		{args: []string{"--pages-url", "https://door.example.org", "--base-url", "/tv"}, base: "/tv", pages: "https://door.example.org/tv/finlatch/", announced: true},
		{args: []string{"--pages-url", "https://door.example.org", "--published-url", "https://tv.example.org"}, pages: "https://door.example.org/finlatch/", announced: true},
	} {
		data := t.TempDir()
		s := serve(t, data, test.args...)
		pages := test.pages
		if pages == "" {
			pages = s.url + "/finlatch/"
		}
		_, _, added := run(t, "pw", "user", "add", "anna", "--admin", "--data", data)
		s.signals <- syscall.SIGTERM
		<-s.exit
		if told := s.logged(); !strings.HasSuffix(s.url, test.base) || !strings.Contains(told, "or by opening "+pages+" in a browser, or ") {
			t.Errorf("%q: %s", test.args, told)
		}
		if line := "Its pages are at " + pages + " and nowhere else.\n"; strings.Contains(s.logged(), line) != test.announced {
			t.Errorf("%q: %s", test.args, s.logged())
		}
		if !strings.Contains(added, "/finlatch/ in a browser, and sign in as anna.") {
			t.Errorf("%q: adding a user says %s", test.args, added)
		}
	}
	if _, _, added := run(t, "pw", "user", "add", "anna", "--admin", "--data", t.TempDir()); !strings.Contains(added, "or at /finlatch/ in a browser") {
		t.Errorf("without a server, adding a user says %s", added)
	}
}
