package keyring_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	system "github.com/zalando/go-keyring"

	"github.com/finlatch/finlatch/jellyfin"
	"github.com/finlatch/finlatch/jellyfin/keyring"
)

// One test after the other: the keyring's stand-in is the process's.
func TestStore(t *testing.T) {
	system.MockInit()
	dir, ctx := filepath.Join(t.TempDir(), "accounts"), t.Context()
	files := jellyfin.NewFileStore(dir)
	store := keyring.New("finlatch-test", files)
	if err := keyring.Available(ctx, "finlatch-test"); err != nil {
		t.Fatalf("Available: %v", err)
	}
	ann, ben := jellyfin.MD5GUID("ann"), jellyfin.MD5GUID("ben")
	if _, err := store.Credential(ctx, "s", ann); !errors.Is(err, jellyfin.ErrNoCredential) {
		t.Errorf("an empty store gives %v", err)
	}
	for user, token := range map[jellyfin.GUID]jellyfin.Secret{ann: "anns-token", ben: "bens-token"} {
		if err := store.Save(ctx, jellyfin.Credential{Server: "http://h", ServerID: "s", UserID: user, Token: token}); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Fatalf("the index has %d files (%v)", len(entries), err)
	}
	for _, entry := range entries {
		if data, err := os.ReadFile(filepath.Join(dir, entry.Name())); err != nil || strings.Contains(string(data), "s-token") {
			t.Errorf("the index holds a token: %s (%v)", data, err)
		}
	}
	if got, err := store.Credential(ctx, "s", ann); err != nil || got.Token != "anns-token" || got.Server != "http://h" {
		t.Errorf("got %+v with token %q, %v", got, string(got.Token), err)
	}
	if err := system.Delete("finlatch-test", ben.String()+"@s"); err != nil { // by hand
		t.Fatal(err)
	}
	if all, err := store.Credentials(ctx); err != nil || len(all) != 1 || all[0].Token != "anns-token" {
		t.Errorf("got %v, %v", all, err)
	}
	for range 2 {
		if err := store.Delete(ctx, "s", ann); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
	if _, err := store.Credential(ctx, "s", ann); !errors.Is(err, jellyfin.ErrNoCredential) {
		t.Errorf("after the deletion: %v", err)
	}
	// What was saved while there was no keyring.
	if err := files.Save(ctx, jellyfin.Credential{Server: "http://h", ServerID: "s", UserID: ann, Token: "in-a-file"}); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Credential(ctx, "s", ann); err != nil || got.Token != "in-a-file" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A token that no index knows of would stay in the keyring for good, and an older one that still counts must not be lost.
func TestSaveWithoutAnIndex(t *testing.T) {
	system.MockInit()
	dir, ctx := filepath.Join(t.TempDir(), "accounts"), t.Context()
	store := keyring.New("finlatch-test", jellyfin.NewFileStore(dir))
	save := func(token jellyfin.Secret) error {
		return store.Save(ctx, jellyfin.Credential{Server: "http://h", ServerID: "s", Token: token})
	}
	spoil := func() {
		t.Helper()
		if err := errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	item := jellyfin.GUID{}.String() + "@s"
	spoil()
	if err := save("first"); err == nil {
		t.Error("Save gives no error")
	}
	if got, err := system.Get("finlatch-test", item); !errors.Is(err, system.ErrNotFound) {
		t.Errorf("the keyring has %q (%v)", got, err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := save("first"); err != nil {
		t.Fatal(err)
	}
	spoil()
	if err := save("second"); err == nil {
		t.Error("Save gives no error")
	}
	if got, err := system.Get("finlatch-test", item); err != nil || got != "first" {
		t.Errorf("the keyring has %q (%v), want the token from before", got, err)
	}
}

func TestWithoutAKeyring(t *testing.T) {
	broken := errors.New("no keyring")
	system.MockInitWithError(broken)
	ctx, store := t.Context(), keyring.New("finlatch-test", jellyfin.NewFileStore(t.TempDir()))
	if err := keyring.Available(ctx, "finlatch-test"); !errors.Is(err, broken) {
		t.Errorf("Available gives %v", err)
	}
	if err := store.Save(ctx, jellyfin.Credential{Server: "http://h", ServerID: "s", Token: "very-secret"}); !errors.Is(err, broken) || strings.Contains(err.Error(), "very-secret") {
		t.Errorf("Save gives %v", err)
	}
	if all, err := store.Credentials(ctx); len(all) != 0 || err != nil {
		t.Errorf("a token that was not saved left %v, %v behind", all, err)
	}
	if err := store.Delete(ctx, "s", jellyfin.GUID{}); !errors.Is(err, broken) {
		t.Errorf("Delete gives %v", err)
	}
	ended, cancel := context.WithDeadline(ctx, time.Unix(0, 0))
	defer cancel()
	if err := keyring.Available(ended, "finlatch-test"); err == nil {
		t.Error("Available says yes after the end")
	}
}
