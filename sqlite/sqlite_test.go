package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/storetest"
	"github.com/finlatch/finlatch/sqlite"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) finlatch.Store { return openAt(t, filepath.Join(t.TempDir(), "finlatch.db")) })
}

func TestNodes(t *testing.T) {
	t.Parallel()
	storetest.Nodes(t, func(t *testing.T) (a, b finlatch.Store) {
		store := openAt(t, filepath.Join(t.TempDir(), "finlatch.db")) // a file is one process's
		return store, store
	})
}

// openAt opens a store until the end of the test.
func openAt(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return store
}
