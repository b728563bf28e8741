package finlatch_test

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

func TestAPIKeyIsReadableForTenMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := finlatch.Operator()
	_, first, err := w.CreateAPIKey(w.ctx, op, "Seerr")
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Move(5 * time.Minute)
	_, second, err := w.CreateAPIKey(w.ctx, op, "Seerr")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := w.APIKeys(w.ctx, op)
	if err != nil || len(keys) != 2 || keys[0].Text != first || keys[1].Text != second {
		t.Fatalf("the list: %v, %v", keys, err)
	}
	w.clock.Move(5 * time.Minute)
	keys, err = w.APIKeys(w.ctx, op)
	if err != nil || keys[0].Text == first || keys[1].Text != second {
		t.Errorf("after ten minutes: %v", err)
	}
	handle := keys[0].Text
	if _, err := w.Authenticate(w.ctx, finlatch.Caller{}, handle); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("the handle signs in: %v", err)
	}
	if c := w.caller(first, away); !c.Administrator() || c.AppName != "Seerr" {
		t.Errorf("the key makes %+v", c)
	}
	if err := w.DeleteAPIKey(w.ctx, op, handle.Reveal()); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteAPIKey(w.ctx, op, second.Reveal()); err != nil {
		t.Fatal(err)
	}
	for _, key := range []finlatch.Token{first, second} {
		if _, err := w.Authenticate(w.ctx, finlatch.Caller{}, key); !errors.Is(err, finlatch.ErrUnauthenticated) {
			t.Errorf("a deleted key: %v, want unauthenticated", err)
		}
	}
	if err := w.DeleteAPIKey(w.ctx, op, "no such key"); err != nil {
		t.Errorf("an unknown key: %v", err)
	}
}

func TestAPIKeyEndsByItsID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := finlatch.Operator()
	_, stays, err := w.CreateAPIKey(w.ctx, op, "stays")
	if err != nil {
		t.Fatal(err)
	}
	key, text, err := w.CreateAPIKey(w.ctx, op, "goes")
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Move(11 * time.Minute) // it is no longer readable
	w.user("ann", "ann-pw")
	user := w.as("ann", "ann-pw")
	if err := w.DeleteAPIKeyByID(w.ctx, user, key.ID); !errors.Is(err, finlatch.ErrForbidden) {
		t.Errorf("a user: %v, want forbidden", err)
	}
	w.caller(text, away)
	for what, id := range map[string]finlatch.ID{"the key": key.ID, "an unknown one": {1}} {
		if err := w.DeleteAPIKeyByID(w.ctx, op, id); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := w.Authenticate(w.ctx, finlatch.Caller{}, text); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("a deleted key: %v, want unauthenticated", err)
	}
	w.caller(stays, away)
	if entries := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityAPIKeyDeleted}); len(entries) != 1 || entries[0].Name != "API key goes has been deleted" {
		t.Errorf("the log says %v", entries)
	}
}

func TestAKeyThatCannotBeUnsealedShowsItsHandle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, key, err := w.CreateAPIKey(w.ctx, finlatch.Operator(), "app")
	if err != nil {
		t.Fatal(err)
	}
	w.store.Close()
	w.open(func(o *finlatch.Options) { o.SealKey = bytes.Repeat([]byte{7}, 32) })
	keys, err := w.APIKeys(w.ctx, finlatch.Operator())
	if err != nil || len(keys) != 1 || keys[0].Text == key {
		t.Errorf("with another key for sealing: %v, %v", keys, err)
	}
	w.caller(key, away)
}

// At rest there are only hashes: neither a token nor a key nor a secret nor a password is anywhere in the files.
func TestNoSecretIsInTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, key, err := w.CreateAPIKey(w.ctx, finlatch.Operator(), "app")
	if err != nil {
		t.Fatal(err)
	}
	in := w.signIn("admin", "admin-pw", device("tv", home))
	request, secret := w.initiate(device("tv2", home))
	if err := w.Approve(w.ctx, w.caller(in.Token, home), request.Code, finlatch.ID{}); err != nil {
		t.Fatal(err)
	}
	connected, err := w.Redeem(w.ctx, device("tv2", home), secret)
	if err != nil {
		t.Fatal(err)
	}
	w.SignIn(w.ctx, device("tv", home), "s3cret typed as a name", "x")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(w.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"key": key.Reveal(), "token": in.Token.Reveal(), "derived token": connected.Token.Reveal(),
			"secret": secret.Reveal(), "name": "s3cret typed"} {
			if bytes.Contains(bytes.ToLower(data), bytes.ToLower([]byte(text))) {
				t.Errorf("the %s is in the file%s", name, suffix)
			}
		}
	}
}
