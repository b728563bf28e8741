package gateway_test

import (
	"context"
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
)

func TestAbandon(t *testing.T) {
	t.Parallel()
	u := newMediaServer(t)
	c := u.client()
	ask := func(device finlatch.ClientInfo) finlatch.Minting {
		t.Helper()
		m, err := c.Ask(t.Context(), from(atHome, finlatch.ClientInfo{}), device)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	other := phone
	other.DeviceID = "other"
	made, kept, begun := ask(phone), ask(other), ask(phone)
	for _, m := range []finlatch.Minting{made, kept} {
		if _, err := c.Mint(t.Context(), m, u.users["ann"]); err != nil {
			t.Fatal(err)
		}
	}
	if got := u.tokens("ann"); got != 2 {
		t.Fatalf("ann has %d tokens", got)
	}
	unknown := finlatch.Minting{Secret: finlatch.SecretFrom(strings.Repeat("0A", 32)), Code: "123456"}
	for name, m := range map[string]finlatch.Minting{"begun only": begun, "unknown": unknown, "empty": {}} {
		if err := c.Abandon(t.Context(), m); err != nil || u.tokens("ann") != 2 {
			t.Errorf("%s: %v, ann has %d tokens", name, err, u.tokens("ann"))
		}
	}
	for range 2 {
		if err := c.Abandon(t.Context(), made); err != nil || u.tokens("ann") != 1 {
			t.Errorf("%v, ann has %d tokens, want the other one", err, u.tokens("ann"))
		}
	}
}

func TestQuickConnectSwitch(t *testing.T) {
	t.Parallel()
	u := newMediaServer(t)
	for _, on := range []bool{true, false} {
		err := u.ChangeSettings(u.ctx, finlatch.Operator(), "", func(s *finlatch.Settings) error { s.QuickConnect = on; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if got, err := u.client().QuickConnect(t.Context()); err != nil || got != on {
			t.Errorf("got %v, %v, want %v", got, err, on)
		}
		// Without the key nothing is approved.
		if got, err := newClient(t, u.web.URL, finlatch.Token{}).QuickConnect(t.Context()); err != nil || got {
			t.Errorf("without a key: got %v, %v", got, err)
		}
	}
	m := finlatch.Minting{Secret: finlatch.SecretFrom(strings.Repeat("0A", 32)), Code: "123456"}
	if err := u.client().Abandon(t.Context(), m); finlatch.KindOf(err) != finlatch.Unavailable {
		t.Errorf("while it is off nobody knows whether there is a token: got %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := u.client().QuickConnect(gone); finlatch.KindOf(err) != finlatch.Unavailable {
		t.Errorf("got %v", err)
	}
}
