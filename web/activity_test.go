package web_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// happens writes entries to the log.
func (w *world) happens(entries ...finlatch.Activity) {
	w.Helper()
	err := w.store.Update(w.ctx, func(tx finlatch.Tx) error { return tx.AddActivity(w.ctx, entries...) })
	if err != nil {
		w.Fatal(err)
	}
}

// entries are what a page of the log shows.
func (p *page) entries() (texts []string) {
	list := p.document.first(func(n *node) bool { return n.name == "ol" })
	if list == nil {
		return nil
	}
	for _, entry := range list.children {
		texts = append(texts, entry.text())
	}
	return texts
}

func TestActivityLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	gone := w.user("carl", "carl-pw")
	if err := w.DeleteUser(w.ctx, finlatch.Operator(), gone); err != nil {
		t.Fatal(err)
	}
	for i, entry := range []finlatch.Activity{
		{Name: "bare"},
		{Name: "of ann", UserID: w.id("ann"), Severity: finlatch.SeverityInformation, Count: 1, Type: finlatch.ActivityUserRenamed},
		{Name: "of ann by admin", UserID: w.id("ann"), ByID: w.id("admin"), Address: netip.MustParseAddr(away), Severity: finlatch.SeverityWarning, Count: 1},
		{Name: "of ann by ann", UserID: w.id("ann"), ByID: w.id("ann"), Address: netip.MustParseAddr("2001:db8::1"), Severity: finlatch.SeverityInformation, Count: 1},
		{Name: "refused ann", UserID: w.id("ann"), Address: netip.MustParseAddr(away), Severity: finlatch.SeverityError, Refusal: true, Count: 7, Type: finlatch.ActivityAuthenticationFailed},
		{Name: "of carl by carl's heir", UserID: gone, ByID: gone, Severity: finlatch.SeverityInformation, Count: 1},
		{Name: "of ben by carl", UserID: w.id("ben"), ByID: gone, Severity: finlatch.SeverityInformation, Count: 1},
	} {
		entry.At = w.clock.Now().Add(time.Duration(i+1) * time.Minute)
		w.happens(entry)
	}
	at := func(i int) string { // as people write it, in the server's zone
		return w.clock.Now().Add(time.Duration(i+1) * time.Minute).Local().Format("2 Jan, 15:04:05")
	}
	want := []string{
		"of ben by carl " + at(6) + " about ben by somebody deleted since",
		"of carl by carl's heir " + at(5) + " by somebody deleted since",
		"refused ann Error 7 times " + at(4) + " about ann from " + away,
		"of ann by ann " + at(3) + " by ann from 2001:db8::1",
		"of ann by admin Warning " + at(2) + " about ann by admin from " + away,
		"of ann " + at(1) + " about ann",
	}
	p := b.open("admin/activity")
	if got := p.entries(); p.h1() != "Activity log" || len(got) < 7 || !slices.Equal(got[:6], want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	for _, c := range []struct {
		filter []string
		want   []int
	}{
		{[]string{"name", "of ann"}, []int{3, 4, 5}},
		{[]string{"name", "OF ANN"}, nil},
		{[]string{"name", "%"}, nil},
		{[]string{"type", finlatch.ActivityAuthenticationFailed}, []int{2}},
		{[]string{"type", finlatch.ActivityAPIKeyDeleted}, nil},
		{[]string{"address", "203.0.113."}, []int{2, 4}},
		{[]string{"address", "2001:db8"}, []int{3}},
		{[]string{"name", "of ", "user", "an"}, []int{3, 4, 5}},
		{[]string{"user", "ben", "name", " of "}, []int{0}},
		{[]string{"address", away, "user", "ann", "name", "by admin"}, []int{4}},
	} {
		p := b.open("admin/activity").press("Filter", c.filter...)
		var texts []string
		for _, i := range c.want {
			texts = append(texts, want[i])
		}
		if got := p.entries(); !slices.Equal(got, texts) {
			t.Errorf("%q: %q, want %q", c.filter, got, texts)
		}
		if len(c.want) == 0 && !strings.Contains(p.text(), "Nothing like that is in the log.") {
			t.Errorf("%q: %q", c.filter, p.text())
		}
		kept := p.formOf("Filter").fields
		for i := 0; i < len(c.filter); i += 2 {
			if kept.Get(c.filter[i]) != strings.TrimSpace(c.filter[i+1]) {
				t.Errorf("%q: the form has %q", c.filter, kept)
			}
		}
	}
}

func TestPagesOfTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	for i := range 120 {
		w.happens(finlatch.Activity{Name: fmt.Sprintf("App & Co on Living room telly %d has been signed out", i), Type: finlatch.ActivityDeviceRevoked, UserID: w.id("ann"), ByID: w.id("admin"),
			Address: netip.MustParseAddr(away), Severity: finlatch.SeverityInformation, Count: 1, At: w.clock.Now().Add(time.Duration(i) * time.Second)})
	}
	first := func(p *page, want string) *page {
		t.Helper()
		if got := p.entries(); len(got) == 0 || !strings.Contains(got[0], want) {
			t.Errorf("%s: the first of %d is not %q", p.at, len(got), want)
		}
		return p
	}
	p := b.open("admin/activity").press("Filter", "name", "& Co", "user", "ann", "address", away, "type", finlatch.ActivityDeviceRevoked)
	if len(p.body) > 50<<10 || len(p.entries()) != 50 {
		t.Errorf("%d entries are %d bytes", len(p.entries()), len(p.body))
	}
	if !strings.Contains(p.text(), "1 to 50 of 120,") || strings.Contains(p.text(), "Newer") {
		t.Errorf("%q", p.text())
	}
	p = first(first(first(p, "telly 119 ").click("Older"), "telly 69 ").click("Older"), "telly 19 ")
	if len(p.entries()) != 20 || !strings.Contains(p.text(), "101 to 120 of 120,") || strings.Contains(p.text(), "Older") || p.formOf("Filter").fields.Get("name") != "& Co" {
		t.Errorf("the last page: %q", p.text())
	}
	first(first(p.click("Newer"), "telly 69 ").click("Newer"), "telly 119 ")

	for _, odd := range []string{"0", "-7", "x", "", "1e3", "99999999999999999999999"} {
		if p := b.open("admin/activity?name=telly&page=" + odd); p.status != 200 || p.alert() != "" {
			t.Errorf("page %q: %d %q", odd, p.status, p.alert())
		}
	}
	p = b.open("admin/activity?name=telly&page=77")
	if p.status != 200 || !strings.Contains(p.text(), "Nothing is as old as that.") {
		t.Errorf("page 77: %d %q", p.status, p.text())
	}
	first(p.click("Newer"), "telly 19 ")
	if p := b.open("admin/activity?name=nowhere&page=2").click("Newer"); p.entries() != nil || strings.Contains(p.text(), "Newer") {
		t.Errorf("an empty log has pages: %q", p.text())
	}
}

func TestHostileLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	w.clock.Move(time.Second)
	entry := finlatch.Activity{Name: "plain", Severity: finlatch.SeverityInformation, Count: 1, At: w.clock.Now()}
	w.happens(entry)
	want := b.open("admin/activity").document.skeleton()
	hostile := `</bdi></li></ol>"'><script>alert(1)</script>{{.Root}}<img src=x onerror=y>` + "\u202e"
	err := w.store.Update(w.ctx, func(tx finlatch.Tx) error {
		if _, err := tx.ExpireActivities(w.ctx, w.clock.Now().Add(time.Minute), 1000); err != nil {
			return err
		}
		for range strings.Count(want, "<time ") {
			entry.Name = hostile
			if err := tx.AddActivity(w.ctx, entry); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range b.open("admin/activity").entries() {
		if !strings.HasPrefix(text, strings.TrimSuffix(hostile, "\u202e")) {
			t.Errorf("shown as %q", text)
		}
	}
	empty := b.open("admin/activity?name=nothing&type=" + finlatch.ActivityUserCreated + "&user=x&address=y").document.skeleton()
	sought := url.QueryEscape(hostile + strings.Repeat("é", 10_000))
	p := b.open("admin/activity?name=" + sought + "&user=" + sought + "&address=" + sought + "&type=" + finlatch.ActivityUserCreated)
	if p.document.skeleton() != empty || len(p.body) > 20<<10 {
		t.Errorf("a filter makes elements, or %d bytes", len(p.body))
	}
}

// Whatever the log may hold can be sought.
func TestEveryKindCanBeChosen(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../activity.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	options := map[string]bool{}
	for _, option := range newWorld(t).signedIn("admin").open("admin/activity").document.all("option") {
		options[option.attrs["value"]] = option.text() != ""
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is || !strings.HasPrefix(spec.Names[0].Name, "Activity") || len(spec.Values) != 1 {
			return true
		}
		if literal, is := spec.Values[0].(*ast.BasicLit); is {
			found++
			if kind, _ := strconv.Unquote(literal.Value); !options[kind] {
				t.Errorf("%s cannot be chosen", kind)
			}
		}
		return true
	})
	if found < 20 || len(options) != found+1 {
		t.Errorf("%d kinds and %d options", found, len(options))
	}
}

// A sign-in writes two entries, which are shown as one, next to one another; others stay what they are.
func TestSignInsAreOneEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	at := w.clock.Now().Add(time.Hour)
	signIn := func(user string, kind string, after time.Duration) finlatch.Activity {
		return finlatch.Activity{Type: kind, Name: user + " " + kind, UserID: w.id(user), ByID: w.id(user), Severity: finlatch.SeverityInformation, Count: 1, At: at.Add(after)}
	}
	const in, online = finlatch.ActivityAuthenticationSucceeded, finlatch.ActivitySessionStarted
	w.happens(signIn("ann", online, 0), signIn("ann", in, time.Millisecond),
		signIn("ben", online, time.Minute), signIn("ann", in, time.Minute), // of two people
		signIn("ann", online, time.Hour), signIn("ann", in, time.Hour+time.Minute), // of two times
		signIn("ann", online, 2*time.Hour), signIn("ann", online, 2*time.Hour))
	var got []string
	for _, text := range b.open("admin/activity").entries()[:7] {
		name, _, _ := strings.Cut(text, " 24 Nov")
		got = append(got, name)
	}
	want := []string{"ann " + online, "ann " + online, "ann " + in, "ann " + online, "ann " + in, "ben " + online, "ann " + in + " ann " + online}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got := b.open("admin/activity?type=" + online).entries(); len(got) < 5 {
		t.Errorf("sought by kind: %q", got)
	}
}
