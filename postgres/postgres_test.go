package postgres_test

import (
	"os"
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/pgtest"
	"github.com/finlatch/finlatch/internal/storetest"
	"github.com/finlatch/finlatch/postgres"
)

var server *pgtest.Server

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m, &server)) }

func TestStore(t *testing.T) {
	t.Parallel()
	empty := template(t)
	storetest.Run(t, func(t *testing.T) finlatch.Store { return open(t, server.Database(t, empty)) })
}

func TestNodes(t *testing.T) {
	t.Parallel()
	storetest.Nodes(t, func(t *testing.T) (a, b finlatch.Store) {
		url := server.Database(t, "")
		return open(t, url), open(t, url)
	})
}

// template is the name of an empty database with the schema, of which copies are made faster.
func template(t *testing.T) string {
	t.Helper()
	at := server.Database(t, "")
	store, err := postgres.Open(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return at[strings.LastIndex(at, "/finlatch_test_")+1 : strings.Index(at, "?")]
}

// open opens a store until the end of the test.
func open(t testing.TB, url string) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), url)
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
