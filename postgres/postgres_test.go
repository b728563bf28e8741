package postgres_test

import (
	"os"
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
	free := make(chan *empty, 1000)
	storetest.Run(t, func(test *testing.T) finlatch.Store {
		var database *empty
		select {
		case database = <-free:
		default:
			database = newEmpty(t)
		}
		test.Cleanup(func() {
			if err := database.owner.Clear(t.Context()); err != nil {
				test.Error(err)
				return
			}
			free <- database
		})
		return open(test, database.url)
	})
}

// empty is a database that is used by one test after the other: to make one takes longer than a test does.
type empty struct {
	url   string
	owner *postgres.Store // empties it
}

func newEmpty(t *testing.T) *empty {
	t.Helper()
	url := server.Database(t)
	return &empty{url, open(t, url)}
}

func TestNodes(t *testing.T) {
	t.Parallel()
	storetest.Nodes(t, func(t *testing.T) (a, b finlatch.Store) {
		url := server.Database(t)
		return open(t, url), open(t, url)
	})
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
