package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/postgres"
	"github.com/finlatch/finlatch/sqlite"
)

const (
	copyBatch    = 500 // rows in one transaction
	copyProgress = 2 * time.Second
)

// copyCommand copies an installation.
type copyCommand struct {
	From storeName `required:"" placeholder:"STORE" help:"What is copied: sqlite:FILE or postgres://…. No server may use it meanwhile."`
	To   storeName `required:"" placeholder:"STORE" help:"Where to: a file that is not there yet, or an empty PostgreSQL database."`
}

// Help is the manual's page.
func (*copyCommand) Help() string { return copyHelp }

// storeName is sqlite:FILE or a PostgreSQL URL.
type storeName string

// UnmarshalText says nothing of what it does not know, because there may be a password in it.
func (s *storeName) UnmarshalText(text []byte) error {
	name := string(text)
	if file, is := strings.CutPrefix(name, "sqlite:"); !is || file == "" {
		var url databaseURL
		if err := url.UnmarshalText(text); err != nil || url == "" {
			return errors.New("it is neither sqlite:FILE nor postgres://user@host:5432/database")
		}
	}
	*s = storeName(name)
	return nil
}

// movable is a store whose rows can be copied.
type movable interface {
	finlatch.Store
	Rows(ctx context.Context, f func(row any) error) error
	Clear(ctx context.Context) error
}

var _, _ movable = (*sqlite.Store)(nil), (*postgres.Store)(nil)

// open opens a store; one that is to be read has to be there.
func (s storeName) open(ctx context.Context, read bool) (movable, error) {
	file, is := strings.CutPrefix(string(s), "sqlite:")
	if !is {
		return postgres.Open(ctx, string(s))
	}
	if _, err := os.Stat(file); read && err != nil {
		return nil, err
	}
	return sqlite.Open(ctx, file, sqlite.Options{})
}

// Run copies everything but the settings, compares, and puts the settings last: without them a store is no installation, so
// what broke in the middle can be begun again.
func (c *copyCommand) Run(ctx context.Context, p *Program) (err error) {
	from, err := c.From.open(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = firstOf(err, from.Close()) }()
	to, err := c.To.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = firstOf(err, to.Close()) }()
	switch _, err := settingsOf(ctx, to); {
	case err == nil:
		return failed("choose an empty one: a copy overwrites nothing", "where --to leads there is an installation already")
	case !errors.Is(err, finlatch.ErrNotFound):
		return err
	}
	if err := to.Clear(ctx); err != nil {
		return err
	}
	read, settings, err := c.write(ctx, p.Stderr, from, to)
	if err != nil {
		return err
	}
	if settings == nil {
		return failed("", "where --from leads there is no installation")
	}
	if err := verify(ctx, to, read); err != nil {
		return err
	}
	if err := c.bringSealKey(ctx, p.Stderr, to); err != nil {
		return err
	}
	if err := put(ctx, to, []any{*settings}); err != nil {
		return err
	}
	return read.print(p.Stdout, *settings)
}

// write copies rows in batches, and gives what it read, and the settings.
func (c *copyCommand) write(ctx context.Context, progress io.Writer, from, to movable) (read *tally, settings *finlatch.Settings, err error) {
	read = newTally()
	var batch []any
	flush := func() error {
		err := put(ctx, to, batch)
		batch = batch[:0]
		return err
	}
	told := time.Now()
	err = from.Rows(ctx, func(row any) error {
		if s, is := row.(finlatch.Settings); is {
			settings = &s
			return nil
		}
		read.add(row)
		if batch = append(batch, row); len(batch) < copyBatch {
			return nil
		}
		if time.Since(told) >= copyProgress {
			told = time.Now()
			fmt.Fprintf(progress, "%d rows …\n", read.total)
		}
		return flush()
	})
	return read, settings, firstOf(err, flush())
}

func settingsOf(ctx context.Context, store finlatch.Store) (settings finlatch.Settings, err error) {
	err = store.View(ctx, func(tx finlatch.Tx) error {
		settings, err = tx.Settings(ctx)
		return err
	})
	return settings, err
}

// put writes rows in one transaction.
func put(ctx context.Context, to finlatch.Store, rows []any) error {
	return to.Update(ctx, func(tx finlatch.Tx) error {
		for _, row := range rows {
			if err := putRow(ctx, tx, row); err != nil {
				return fmt.Errorf("copy a %T: %w", row, err)
			}
		}
		return nil
	})
}

func putRow(ctx context.Context, tx finlatch.Tx, row any) error {
	switch row := row.(type) {
	case finlatch.User:
		return tx.CreateUser(ctx, row)
	case finlatch.Device:
		return tx.CreateDevice(ctx, row)
	case finlatch.DeviceOptions:
		return tx.PutDeviceOptions(ctx, row)
	case finlatch.EndedToken:
		return tx.AddEndedToken(ctx, row)
	case finlatch.APIKey:
		return tx.CreateAPIKey(ctx, row)
	case finlatch.QuickConnect:
		return tx.CreateQuickConnect(ctx, row)
	case finlatch.Activity:
		return tx.AddActivity(ctx, row)
	case finlatch.DisplayPreferences:
		return tx.PutDisplayPreferences(ctx, row)
	case finlatch.Picture:
		return tx.PutPicture(ctx, row)
	case finlatch.PasswordReset:
		return tx.PutPasswordReset(ctx, row)
	case finlatch.Failures:
		return tx.PutFailures(ctx, []finlatch.Failures{row})
	case finlatch.Settings:
		return tx.PutSettings(ctx, row)
	}
	return errors.New("there is no place for it")
}

// verify reads a copy and compares it with what was to be copied.
func verify(ctx context.Context, to movable, want *tally) error {
	got := newTally()
	if err := to.Rows(ctx, func(row any) error { got.add(row); return nil }); err != nil {
		return err
	}
	for _, kind := range want.kinds {
		if got.counts[kind] != want.counts[kind] {
			return failed("run the copy again", "the copy has %d rows of kind %s, not %d", got.counts[kind], kind, want.counts[kind])
		}
	}
	if got.total != want.total || got.digest() != want.digest() {
		return failed("run the copy again", "the copy is not what was copied: its digest is %s, not %s", got.digest(), want.digest())
	}
	return nil
}

// tally counts rows by kind, and has a digest of them all. Ids that a store gives to entries of the log are not in it.
type tally struct {
	kinds  []string
	counts map[string]int
	total  int
	sum    hash.Hash
}

func newTally() *tally { return &tally{counts: map[string]int{}, sum: sha256.New()} }

func (t *tally) add(row any) {
	kind := strings.TrimPrefix(fmt.Sprintf("%T", row), "finlatch.")
	if t.counts[kind] == 0 {
		t.kinds = append(t.kinds, kind)
	}
	t.counts[kind]++
	t.total++
	switch known := row.(type) {
	case finlatch.Activity:
		known.ID, row = 0, known
	case finlatch.EndedToken:
		known.ID, row = 0, known
	}
	if json.NewEncoder(t.sum).Encode(map[string]any{kind: coarse(row)}) != nil { // a row is made of what JSON can hold
		panic("cli: a row that is no JSON")
	}
}

// coarse is a row with times as fine as every store keeps them.
func coarse(row any) any {
	copied := reflect.New(reflect.TypeOf(row)).Elem()
	copied.Set(reflect.ValueOf(row))
	for i := range copied.NumField() {
		if at, is := copied.Field(i).Interface().(time.Time); is {
			copied.Field(i).Set(reflect.ValueOf(at.UTC().Truncate(time.Microsecond)))
		}
	}
	return copied.Interface()
}

func (t *tally) digest() string { return hex.EncodeToString(t.sum.Sum(nil)) }

// print writes what was copied, as a table.
func (t *tally) print(w io.Writer, settings finlatch.Settings) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, kind := range t.kinds {
		fmt.Fprintf(table, "%s\t%d\n", kind, t.counts[kind])
	}
	fmt.Fprintf(table, "server id\t%s\nSHA-256\t%s\n", settings.ServerID, t.digest())
	return table.Flush()
}

// bringSealKey keeps a server with another seal key from a PostgreSQL that is copied to, and says where the right one is.
func (c *copyCommand) bringSealKey(ctx context.Context, w io.Writer, to movable) error {
	shared, is := to.(*postgres.Store)
	file, was := strings.CutPrefix(string(c.From), "sqlite:")
	if !is || !was {
		fmt.Fprintln(w, "The copy needs the seal key that the original had: the file seal.key, or what --seal-key-file names.")
		return nil
	}
	name := filepath.Join(filepath.Dir(file), sealKeyName)
	key, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Every server on the copy needs this seal key: %s\n", name)
	return shared.CheckSealKey(ctx, sealKeyDigest(key))
}
