package gateway_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/gateway"
)

func TestMint(t *testing.T) {
	t.Parallel()
	u := newMediaServer(t)
	c := u.client()
	m, err := c.Ask(t.Context(), from(atHome, finlatch.ClientInfo{}), phone)
	if err != nil {
		t.Fatal(err)
	}
	if got := u.asked("/QuickConnect/Initiate")[0].Header.Get("X-Forwarded-For"); got != atHome {
		t.Errorf("asked for %q, want %q", got, atHome)
	}
	first, err := c.Mint(t.Context(), m, u.users["ann"])
	if err != nil {
		t.Fatal(err)
	}
	if first.User.Name != "ann" || first.User.ID != u.users["ann"] || !first.User.Policy.EnableRemoteAccess {
		t.Errorf("minted for %+v", first.User)
	}
	if diff := cmp.Diff(phone, first.Device); diff != "" {
		t.Error(diff)
	}
	if again, err := c.Mint(t.Context(), m, u.users["ann"]); err != nil || again.Token != first.Token {
		t.Errorf("the second time: %v, the same token %v", err, again.Token == first.Token)
	}
	if got := u.tokens("ann"); got != 1 {
		t.Errorf("ann has %d tokens", got)
	}
	if got, err := c.Mint(t.Context(), m, u.users["ben"]); !errors.Is(err, finlatch.ErrUnavailable) || !got.Token.IsZero() {
		t.Errorf("ann's token for ben: %v", err)
	}
	unknown := finlatch.Minting{Secret: finlatch.SecretFrom(strings.Repeat("0A", 32)), Code: "123456"}
	for name, m := range map[string]finlatch.Minting{"unknown": unknown, "empty": {}} {
		if _, err := c.Mint(t.Context(), m, u.users["ann"]); !errors.Is(err, finlatch.ErrNotFound) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestMintWhatJellyfinAnswers(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"12.0.0", "10.11.11"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			j := newJellyfin(t, version)
			c := j.client()
			ask := func() finlatch.Minting {
				t.Helper()
				m, err := c.Ask(t.Context(), from(atHome, finlatch.ClientInfo{}), phone)
				if err != nil {
					t.Fatal(err)
				}
				return m
			}
			mint := func(m finlatch.Minting, name string, want error) finlatch.Granted {
				t.Helper()
				got, err := c.Mint(t.Context(), m, j.id(name))
				if !errors.Is(err, want) || err == nil && (want != nil || got.User.Name != name) || err != nil && !got.Token.IsZero() {
					t.Fatalf("for %s: got %v, want %v", name, err, want)
				}
				return got
			}
			m := ask()
			first := mint(m, "ann", nil)
			if diff := cmp.Diff(phone, first.Device); diff != "" {
				t.Error(diff)
			}
			if mint(m, "ann", nil).Token != first.Token || j.tokens("ann") != 1 {
				t.Error("the second time is another token")
			}
			mint(m, "ben", finlatch.ErrUnavailable)

			// Where the answer to the approval is lost, the token is there.
			m = ask()
			j.set(func() { j.loseApproval = true })
			if got := mint(m, "ann", nil); got.Token.Reveal() != j.last() || j.tokens("ann") != 1 {
				t.Error("a token is lost")
			}

			// And where all is lost after it, it is there the next time.
			m = ask()
			j.set(func() { j.dieAfterApproval = true })
			mint(m, "ann", finlatch.ErrUnavailable)
			lost := j.last()
			j.set(func() { j.dieAfterApproval, j.dead = false, false })
			if got := mint(m, "ann", nil); got.Token.Reveal() != lost || j.tokens("ann") != 1 {
				t.Error("a token is lost")
			}

			// What the device has since been given instead: upstream gives the old token all the same.
			if _, err := c.SignIn(t.Context(), from(atHome, phone), "ann", "ann-pw"); err != nil {
				t.Fatal(err)
			}
			mint(m, "ann", finlatch.ErrNotFound)

			// Upstream knows of the approval longer than it gives the token away.
			m = ask()
			mint(m, "ann", nil)
			j.set(func() { clear(j.results) })
			mint(m, "ann", finlatch.ErrNotFound)

			// The one secret that is in a URL: what is said of a call that fails must not have it.
			m = ask()
			j.set(func() { j.hangsUp = "/QuickConnect/Connect" })
			_, err := c.Mint(t.Context(), m, j.id("ann"))
			if text := fmt.Sprint(err); !errors.Is(err, finlatch.ErrUnavailable) || strings.Contains(text, m.Secret.Reveal()) || strings.Contains(text, m.Code) {
				t.Errorf("while it hangs up: %v", err)
			}
			j.set(func() { j.hangsUp = "/QuickConnect/Authorize" })
			_, err = c.Mint(t.Context(), m, j.id("ann"))
			if text := fmt.Sprint(err); !errors.Is(err, finlatch.ErrUnavailable) || strings.Contains(text, m.Code) {
				t.Errorf("while it hangs up: %v", err)
			}
			j.set(func() { j.hangsUp = "" })

			// A restart forgets all, and then somebody else gets the code.
			m = ask()
			j.set(func() { j.forget(); j.nextCode = m.Code })
			mint(m, "ann", finlatch.ErrNotFound)
			other := ask()
			if other.Code != m.Code {
				t.Fatal("the code is not the same")
			}
			mint(m, "ann", finlatch.ErrNotFound)
			if j.approved(other) {
				t.Fatal("somebody else's request is approved for ann")
			}

			// The newer request takes the code from the older one.
			m = ask()
			j.set(func() { j.nextCode = m.Code })
			other = ask()
			mint(m, "ann", finlatch.ErrNotFound)
			if j.approved(other) {
				t.Fatal("somebody else's request is approved for ann")
			}

			mint(ask(), "off", finlatch.ErrForbidden)
			mint(ask(), "nobody", finlatch.ErrForbidden)
			j.set(func() { j.noMoreDevices = true })
			mint(ask(), "ann", finlatch.ErrForbidden)
			j.set(func() { j.noMoreDevices = false })

			m = ask()
			j.set(func() { j.quickConnectOff = true })
			mint(m, "ann", finlatch.ErrUnavailable)
			if _, err := c.Ask(t.Context(), from(atHome, phone), phone); !errors.Is(err, finlatch.ErrUnavailable) {
				t.Errorf("while it is off: %v", err)
			}
			j.set(func() { j.quickConnectOff = false })
			j.set(func() { j.key = "0badc0de0badc0de0badc0de0badc0de" })
			mint(m, "ann", finlatch.ErrUnavailable) // and not Unauthenticated: it is our key that is wrong
			if _, err := c.Ask(t.Context(), from(atHome, phone), finlatch.ClientInfo{AppName: "x"}); !errors.Is(err, finlatch.ErrInvalid) {
				t.Errorf("without a device: %v", err)
			}
		})
	}
}

// One node approves once, for Jellyfin may make two tokens of one request that is approved twice at the same time. Of two nodes the
// second one is told 500, and has the token all the same.
func TestMintAtTheSameTime(t *testing.T) {
	t.Parallel()
	j := newJellyfin(t, "12.0.0")
	c := j.client()
	m, err := c.Ask(t.Context(), from(atHome, phone), phone)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	got := make([]finlatch.Granted, 16)
	nodes := []*gateway.Client{c, j.client()}
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = nodes[i%2].Mint(t.Context(), m, j.id("ann")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, g := range got {
		if g.Token != got[0].Token {
			t.Error("another token")
		}
	}
	if j.approvals != 1 || j.asked > 2 {
		t.Errorf("approved %d times, asked %d times to", j.approvals, j.asked)
	}
}

func TestMintWithoutKey(t *testing.T) {
	t.Parallel()
	j := newJellyfin(t, "12.0.0")
	c := newClient(t, j.web.URL, finlatch.Token{})
	m, err := c.Ask(t.Context(), from(atHome, phone), phone)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Mint(t.Context(), m, j.id("ann")); !errors.Is(err, finlatch.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}
