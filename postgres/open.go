// Package postgres keeps a finlatch.Store in a PostgreSQL database, which any number of processes may share. Each knows at
// once what the others change.
package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/finlatch/finlatch"
)

// Why Open and CheckSealKey refuse a database, which stays as it was. The errors that wrap these fit on one line.
var (
	ErrNotOurs = errors.New("not a finlatch database")
	ErrNewer   = errors.New("from a newer finlatch")
	ErrSealKey = errors.New("the seal key is another than that of the nodes before")
)

// Store is a finlatch.Store in a PostgreSQL database.
type Store struct {
	node     string // tells what this process notifies from what others do
	pool     *pgxpool.Pool
	listen   *pgx.ConnConfig
	watchers watchers
	unsure   atomic.Bool   // whether an answer to a commit was ever lost
	turn     chan struct{} // holds an element while an Update runs again, so that those of one process do not collide again

	closing chan struct{} // closed when Close is called
	closed  chan struct{} // closed when no transaction runs any more
	close   sync.Once
}

var _ finlatch.Store = (*Store)(nil)

// Open opens the database that url names (postgres://user@host/database?…, or the words of a connection string) and brings
// its schema up to date; of those that open it at the same time one does. What url does not say the variables PGHOST,
// PGPASSFILE and so on do, as with other programs; pool_max_conns in it is how many connections there are at most, 4 or as
// many as there are processors, and one more tells of changes. Errors do not hold the password. ErrNotOurs and ErrNewer
// are refusals.
func Open(ctx context.Context, url string) (*Store, error) {
	config, err := configure(url)
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, config.ConnConfig); err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", place(config.ConnConfig), err)
	}
	return &Store{node: rand.Text(), pool: pool, listen: config.ConnConfig.Copy(), turn: make(chan struct{}, 1),
		closing: make(chan struct{}), closed: make(chan struct{})}, nil
}

// Close waits for running transactions and lets go of the database. A second Close does nothing.
func (s *Store) Close() error {
	s.close.Do(func() {
		close(s.closing)
		s.pool.Close()
		close(s.closed)
	})
	return nil
}

const (
	insertSealKey = "INSERT INTO seal_key (id, digest) VALUES (0, $1) ON CONFLICT (id) DO NOTHING"
	selectSealKey = "SELECT digest FROM seal_key WHERE id = 0"
)

// CheckSealKey compares a digest of the key that seals what the database holds with that of the first process that came;
// ErrSealKey where it is another. Two nodes with different keys could not read what the other has sealed.
func (s *Store) CheckSealKey(ctx context.Context, digest finlatch.Hash) error {
	return s.Update(ctx, func(outer finlatch.Tx) error {
		t := outer.(*tx)
		if _, err := t.change(ctx, "put seal key", insertSealKey, digest[:]); err != nil {
			return err
		}
		known, err := one(ctx, t, "get seal key", scanHash, selectSealKey)
		if err == nil && known != digest {
			err = ErrSealKey
		}
		return err
	})
}
