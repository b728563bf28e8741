package jellyfin_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/finlatch/finlatch/jellyfin"
)

func TestStores(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]jellyfin.CredentialStore{
		"memory": jellyfin.NewMemoryStore(),
		"files":  jellyfin.NewFileStore(filepath.Join(t.TempDir(), "not", "there", "yet")),
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			ann, ben := jellyfin.MD5GUID("ann"), jellyfin.MD5GUID("ben")
			credential := func(server string, user jellyfin.GUID, token string) jellyfin.Credential {
				return jellyfin.Credential{Server: "https://" + server, ServerID: server, ServerName: "Höme", UserID: user, UserName: "x", DeviceID: "d", Token: jellyfin.Secret(token)}
			}
			if all, err := store.Credentials(ctx); err != nil || len(all) != 0 {
				t.Errorf("a new store has %v, %v", all, err)
			}
			if err := store.Delete(ctx, "one", ann); err != nil {
				t.Errorf("Delete of nothing: %v", err)
			}
			for _, c := range []jellyfin.Credential{credential("one", ann, "1"), credential("one", ben, "2"), credential("../../two", ann, "3"), credential("one", ann, "4")} {
				if err := store.Save(ctx, c); err != nil {
					t.Fatal(err)
				}
			}
			got, err := store.Credential(ctx, "one", ann)
			if err != nil || got.Saved.IsZero() {
				t.Errorf("got %+v, %v", got, err)
			}
			if got.Saved = (jellyfin.Time{}); got != credential("one", ann, "4") {
				t.Errorf("got %+v with token %q", got, string(got.Token))
			}
			if _, err := store.Credential(ctx, "two", ann); !errors.Is(err, jellyfin.ErrNoCredential) {
				t.Errorf("one that is not there: %v", err)
			}
			all, err := store.Credentials(ctx)
			if err != nil || len(all) != 3 || all[0].Token != "4" || all[1].Token != "3" || all[2].Token != "2" {
				t.Errorf("the order is %+v, %v", all, err)
			}
			if err := store.Delete(ctx, "one", ann); err != nil {
				t.Errorf("Delete: %v", err)
			}
			if _, err := store.Credential(ctx, "one", ann); !errors.Is(err, jellyfin.ErrNoCredential) {
				t.Errorf("after Delete: %v", err)
			}
		})
	}
}

func TestFilesAreTheOwners(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "accounts")
	store := jellyfin.NewFileStore(dir)
	var wg sync.WaitGroup
	for _, user := range strings.Fields("ann ben cal dov eve fay gus hal") {
		wg.Go(func() {
			if err := store.Save(t.Context(), jellyfin.Credential{Server: "http://h", ServerID: "s", UserID: jellyfin.MD5GUID(user), Token: "t"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if all, err := store.Credentials(t.Context()); err != nil || len(all) != 8 {
		t.Errorf("of 8 there are %d, %v", len(all), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 8 {
		t.Errorf("the folder has %d files, %v", len(entries), err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", entry.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
	// One that is broken does not hide the others.
	if err := os.WriteFile(filepath.Join(dir, entries[0].Name()), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if all, err := store.Credentials(t.Context()); err == nil || len(all) != 7 {
		t.Errorf("with a broken one there are %d, %v", len(all), err)
	}
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	store := jellyfin.NewFileStore(file)
	if err := store.Save(t.Context(), jellyfin.Credential{Server: "http://h", Token: "very-secret"}); err == nil || strings.Contains(err.Error(), "very-secret") {
		t.Errorf("Save: %v", err)
	}
	if _, err := store.Credentials(t.Context()); err == nil {
		t.Error("Credentials of no folder")
	}
	if _, err := store.Credential(t.Context(), "s", jellyfin.GUID{}); err == nil || errors.Is(err, jellyfin.ErrNoCredential) {
		t.Errorf("Credential: %v", err)
	}
	if err := store.Delete(t.Context(), "s", jellyfin.GUID{}); err == nil {
		t.Error("Delete in no folder")
	}
	if _, err := jellyfin.InstallationID(filepath.Join(file, "id")); err == nil {
		t.Error("an installation id in no folder")
	}
}

func TestInstallationID(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "installation")
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			var err error
			if ids[i], err = jellyfin.InstallationID(file); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] || len(id) != 32 {
			t.Errorf("got %q", ids)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
	if other, err := jellyfin.InstallationID(file + "2"); err != nil || other == ids[0] {
		t.Errorf("another installation has %s, %v", other, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if err := os.WriteFile(file, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if id, err := jellyfin.InstallationID(file); err == nil {
		t.Errorf("a file of something else gives %s", id)
	}
}
