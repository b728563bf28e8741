package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/postgres"
	"github.com/finlatch/finlatch/sqlite"
)

// home is where everything is kept.
type home struct {
	dir      path
	database databaseURL // empty: a file in dir
	keyFile  path        // of the seal key; empty: one in dir
}

func (c *commandLine) home() home { return home{c.Data, c.Database, c.SealKey} }

// openStore opens the database. Where that is a file, nobody else can open it meanwhile.
func (h home) openStore(ctx context.Context) (finlatch.Store, error) {
	if h.database != "" {
		return postgres.Open(ctx, string(h.database))
	}
	return sqlite.Open(ctx, filepath.Join(string(h.dir), databaseName), sqlite.Options{})
}

// sealKey is the seal key that goes with an open store. Several servers that share one have the same.
func (h home) sealKey(ctx context.Context, store finlatch.Store) ([]byte, error) {
	key, name, err := h.readSealKey()
	if err != nil {
		return nil, err
	}
	if shared, ok := store.(*postgres.Store); ok {
		err = shared.CheckSealKey(ctx, sealKeyDigest(key))
	}
	if errors.Is(err, postgres.ErrSealKey) {
		return nil, failed("copy it from a server that has the right one, or name it with --seal-key-file", "%s is not the seal key of the servers that have used this database", name)
	}
	return key, err
}

// house is the store and the rules on it, open in this process.
type house struct {
	home
	store   finlatch.Store
	service *finlatch.Service
}

// openHouse opens the store and makes the Service that prepare describes once the store is ours.
func openHouse(ctx context.Context, h home, prepare func(finlatch.Store) (finlatch.Options, error)) (*house, error) {
	store, err := h.openStore(ctx)
	if err != nil {
		return nil, err
	}
	options, err := prepare(store)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	service, err := finlatch.New(ctx, options)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &house{h, store, service}, nil
}

// visit opens the house for one command while no server runs. Only commands that create something may make a new one.
func visit(ctx context.Context, h home, create bool) (*house, error) {
	if create || h.database != "" {
		if err := makeDataDir(h.dir); err != nil {
			return nil, err
		}
	}
	database := filepath.Join(string(h.dir), databaseName)
	info, err := os.Stat(database)
	switch {
	case h.database != "":
	case errors.Is(err, fs.ErrNotExist) && !create:
		return nil, failed("finlatch serve or finlatch user add makes one; --data DIR says where it is", "there is no finlatch database in %s", h.dir)
	case err == nil:
		// SQLite would leave files behind that the owner's server cannot open.
		if uid, known := owner(info); known && uid != os.Geteuid() {
			return nil, failed("run the command as that user", "%s belongs to another user", database)
		}
	}
	return openHouse(ctx, h, func(store finlatch.Store) (options finlatch.Options, err error) {
		options.Store, options.Shared = store, h.database != ""
		options.SealKey, err = h.sealKey(ctx, store)
		return options, err
	})
}
