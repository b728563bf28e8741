package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/sqlite"
)

// house is the store and the rules on it, open in this process, which nobody else can open meanwhile.
type house struct {
	dir     path
	store   *sqlite.Store
	service *finlatch.Service
}

// openHouse opens the store in a data directory and makes the Service that prepare describes once the store is ours.
func openHouse(ctx context.Context, dir path, prepare func(finlatch.Store) (finlatch.Options, error)) (*house, error) {
	store, err := sqlite.Open(ctx, filepath.Join(string(dir), databaseName), sqlite.Options{})
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
	return &house{dir, store, service}, nil
}

// visit opens the house for one command while no server runs. Only commands that create something may make a new one.
func visit(ctx context.Context, dir path, create bool) (*house, error) {
	if create {
		if err := makeDataDir(dir); err != nil {
			return nil, err
		}
	}
	database := filepath.Join(string(dir), databaseName)
	info, err := os.Stat(database)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !create:
		return nil, failed("finlatch serve or finlatch user add makes one; --data DIR says where it is", "there is no finlatch database in %s", dir)
	case err == nil:
		// SQLite would leave files behind that the owner's server cannot open.
		if uid, known := owner(info); known && uid != os.Geteuid() {
			return nil, failed("run the command as that user", "%s belongs to another user", database)
		}
	}
	return openHouse(ctx, dir, func(store finlatch.Store) (options finlatch.Options, err error) {
		options.Store = store
		options.SealKey, err = sealKey(dir)
		return options, err
	})
}
