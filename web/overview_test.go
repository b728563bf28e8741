package web_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/server"
	"github.com/finlatch/finlatch/sqlite"
	"github.com/finlatch/finlatch/web"
)

// section is the part of a page below a heading.
func (p *page) section(heading string) *node {
	p.Helper()
	found := p.document.first(func(n *node) bool {
		return n.name == "section" && len(n.all("h2")) == 1 && n.all("h2")[0].text() == heading
	})
	if found == nil {
		p.Fatalf("%s has nothing under %q", p.at, heading)
	}
	return found
}

// table is what the rows of a table say, without its head.
func (n *node) table() (rows [][]string) {
	for _, row := range n.all("tbody")[0].all("tr") {
		var cells []string
		for _, cell := range row.children {
			cells = append(cells, cell.text())
		}
		rows = append(rows, cells)
	}
	return rows
}

// number is an attribute.
func (n *node) number(attribute string) float64 {
	x, _ := strconv.ParseFloat(n.attrs[attribute], 64)
	return x
}

// pagesAlone is a world whose pages have a host of their own, so that nobody is asked for passwords twice.
func pagesAlone(t *testing.T) (*world, *browser) {
	t.Helper()
	w := newWorld(t, func(o *options) { o.web.URL = "http://pages.example" })
	b := w.browser()
	b.site = "http://pages.example"
	b.signIn("admin")
	return w, b
}

func TestOverview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("carl", "carl-pw", func(p *finlatch.Policy) { p.IsDisabled = true })
	for range 2 {
		if _, _, err := w.CreateAPIKey(w.ctx, finlatch.Operator(), "app"); err != nil {
			t.Fatal(err)
		}
	}
	w.appSignIn("ann", "ann-pw", "telly")
	w.asks(app("one"))
	p := w.signedIn("admin").open("admin")
	if p.h1() != "Overview" || !strings.Contains(p.text(), "The server is well: its database answers. This is finlatch 1.0.") {
		t.Errorf("%d %q %q", p.status, p.h1(), p.text())
	}
	var got []string
	for _, div := range p.document.first(func(n *node) bool { return n.name == "dl" }).children {
		got = append(got, div.text())
	}
	want := []string{"Users 4", "Administrators 1", "Disabled users 1", "Devices 2", "API keys 2", "Devices waiting 1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPictureOfSignIns(t *testing.T) {
	t.Parallel()
	w, b := pagesAlone(t)
	start := w.clock.Now()
	happened := func(kind string, count int, ago time.Duration) {
		w.happens(finlatch.Activity{Type: kind, Name: kind, Count: count, Severity: finlatch.SeverityInformation, At: start.Add(30*time.Hour + 20*time.Minute - ago)})
	}
	w.clock.Move(30*time.Hour + 20*time.Minute)

	const heading = "Sign-ins and refusals"
	empty := b.open("admin").section(heading)
	if len(empty.all("svg")) != 0 || len(empty.all("table")) != 0 || !strings.Contains(empty.text(), "Nobody has signed in or been refused in the last 24 hours.") {
		t.Errorf("nothing: %q", empty.text())
	}

	want := map[int][2]int{23: {2, 0}, 22: {4, 1}, 3: {0, 12}, 0: {1, 0}} // of the hours from 24 ago on
	happened(finlatch.ActivityAuthenticationSucceeded, 2, 0)
	happened(finlatch.ActivityAuthenticationSucceeded, 3, 21*time.Minute)
	happened(finlatch.ActivityAuthenticationSucceeded, 1, 80*time.Minute)
	happened(finlatch.ActivityAuthenticationFailed, 1, 80*time.Minute)
	happened(finlatch.ActivityAuthenticationFailed, 12, 20*time.Hour)
	happened(finlatch.ActivityAuthenticationSucceeded, 1, 23*time.Hour)
	happened(finlatch.ActivityAuthenticationSucceeded, 50, 24*time.Hour)
	happened(finlatch.ActivityDeviceRevoked, 50, 0)
	p := b.open("admin")
	s := p.section(heading)

	rows := s.table()
	if len(rows) != 24 {
		t.Fatalf("%d rows", len(rows))
	}
	now := w.clock.Now()
	for i, row := range rows {
		from := now.Truncate(time.Hour).Add(time.Duration(i-23) * time.Hour).Local().Format("Mon 15:04")
		if cells := []string{from, strconv.Itoa(want[i][0]), strconv.Itoa(want[i][1])}; !slices.Equal(row, cells) {
			t.Errorf("row %d: %q, want %q", i, row, cells)
		}
	}
	picture := s.all("svg")[0]
	title := picture.children[0]
	if picture.attrs["role"] != "img" || title.name != "title" || picture.attrs["aria-labelledby"] != title.attrs["id"] ||
		title.text() != "Sign-ins and refusals in each of the last 24 hours: Sign-ins 7, Refusals 13 in all" {
		t.Errorf("the picture is called %q", title.text())
	}
	if text := s.text(); !strings.Contains(text, "Sign-ins: 7") || !strings.Contains(text, "Refusals: 13") {
		t.Errorf("%q", text)
	}
	heights := map[string]float64{}
	for _, bar := range picture.all("rect") {
		heights[bar.text()] = bar.number("height")
		if bar.number("x") < 34 || bar.number("x")+bar.number("width") > 336 || bar.number("y") < 10 || bar.number("height") < 2 {
			t.Errorf("a bar is out of the picture: %v", bar.attrs)
		}
		if class, refusal := bar.attrs["class"], strings.Contains(bar.text(), "Refusals"); (class == "bad") != refusal || class != "bad" && class != "good" {
			t.Errorf("%q is %q", bar.text(), class)
		}
	}
	at := func(i int) string { return rows[i][0] }
	four, two := heights[at(22)+": Sign-ins 4"], heights[at(23)+": Sign-ins 2"]
	if len(heights) != 5 || four == 0 || four < 1.9*two || four > 2.1*two || heights[at(3)+": Refusals 12"] < 2.9*four {
		t.Errorf("heights %v", heights)
	}
	if len(p.body) > 50<<10 {
		t.Errorf("the page has %d bytes", len(p.body))
	}
}

func TestPictureOfPending(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	const heading = "Waiting for approval"
	empty := b.open("admin").section(heading)
	if len(empty.all("svg")) != 0 || !strings.Contains(empty.text(), "No device waits for approval.") {
		t.Errorf("nothing: %q", empty.text())
	}
	for i, n := range []int{1, 0, 3} {
		for j := range n {
			w.asks(app(fmt.Sprint(i, j)))
		}
		w.clock.Move(time.Minute)
	}
	code, _ := w.asks(app("approved"))
	if err := w.Approve(w.ctx, finlatch.Operator(), code, w.id("ann")); err != nil {
		t.Fatal(err)
	}
	s := b.open("admin").section(heading)
	var got []string
	for _, row := range s.table() {
		got = append(got, row[1])
	}
	if want := []string{"0", "0", "0", "0", "0", "0", "1", "0", "3", "0"}; !slices.Equal(got, want) || len(s.all("rect")) != 2 {
		t.Errorf("%q, %d bars", got, len(s.all("rect")))
	}
}

// However many there are, the picture has room, and its lines have round numbers.
func TestScale(t *testing.T) {
	t.Parallel()
	w, b := pagesAlone(t)
	w.clock.Move(30 * time.Hour)
	total := 0
	for _, c := range []struct {
		most  int
		lines string
	}{
		{1, "0 1 2"}, {2, "0 1 2"}, {3, "0 2 4"}, {5, "0 5 10"}, {11, "0 10 20"}, {60, "0 50 100"}, {1000, "0 500 1k"}, {1001, "0 1k 2k"},
		{3_000_000, "0 2M 4M"}, {1 << 40, "0 1000000M 2000000M"},
	} {
		w.happens(finlatch.Activity{Type: finlatch.ActivityAuthenticationFailed, Count: c.most - total, Severity: finlatch.SeverityError, At: w.clock.Now()})
		total = c.most
		picture := b.open("admin").section("Sign-ins and refusals").all("svg")[0]
		var lines []string
		for _, text := range picture.all("text")[:3] {
			lines = append(lines, text.text())
		}
		if got := strings.Join(lines, " "); got != c.lines {
			t.Errorf("%d: %q, want %q", c.most, got, c.lines)
		}
		if bar := picture.all("rect")[0]; bar.number("y") < 10 || bar.number("height") < 50 {
			t.Errorf("%d: %v", c.most, bar.attrs)
		}
	}
}

// frail is a store that can be made to answer nothing.
type frail struct {
	finlatch.Store
	down atomic.Bool
}

func (f *frail) View(ctx context.Context, do func(finlatch.Tx) error) error {
	if f.down.Load() {
		return finlatch.ErrUnavailable
	}
	return f.Store.View(ctx, do)
}

func TestOverviewOfAServerThatIsIll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.Close()
	ctx, stop := context.WithCancel(w.ctx)
	below, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "finlatch.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := &frail{Store: below}
	w.store = store
	if w.Service, err = finlatch.New(ctx, finlatch.Options{Store: store, Clock: w.clock.Now, Hasher: plainHasher{}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CreateUser(ctx, finlatch.Operator(), "admin", "admin-pw", true); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Run(ctx) // remembers who is signed in
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		below.Close()
	})
	pages, err := web.New(w.Service, web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(server.New(w.Service, server.Options{Around: pages.Around}))
	t.Cleanup(listener.Close)
	w.peer, w.site = listener.Listener.Addr().String(), listener.URL

	b := w.browser()
	b.header.Del("X-Forwarded-For")
	b.signIn("admin")
	for b.open("admin").h1() != "Overview" || w.CacheHits() == 0 {
		time.Sleep(time.Millisecond) // until Run remembers
	}
	store.down.Store(true)
	w.clock.Move(2 * time.Second) // past what Health remembers
	p := b.open("admin")
	if p.status != 503 || p.h1() != "Overview" || p.alert() != "The database does not answer. The server's log says why." || strings.Contains(p.text(), "Users 1") {
		t.Errorf("down: %d %q %q", p.status, p.h1(), p.alert())
	}
	store.down.Store(false)
	w.clock.Move(2 * time.Second)
	if p := b.open("admin"); p.status != 200 || p.alert() != "" || !strings.Contains(p.text(), "The server is well") {
		t.Errorf("up: %d %q", p.status, p.alert())
	}
}
