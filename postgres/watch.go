package postgres

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/finlatch/finlatch"
)

const (
	channel = "finlatch"

	// A connection is asked every beat whether it is still there: a dead one is silent. Beat and answer are less than a second
	// together, after which no process may believe what it remembers.
	beat   = 250 * time.Millisecond
	answer = 600 * time.Millisecond

	// A notification has less than 8000 bytes. Beyond maxTold changes in one transaction anything may have changed.
	changesInOne = 100
	maxTold      = 2000
)

// watchers are the functions that Watch was called with and that hear of other processes' changes now.
type watchers struct {
	mu    sync.RWMutex
	funcs map[*func(finlatch.Change)]struct{}
}

// Watch implements finlatch.Store. Beside ctx's error it returns finlatch.ErrUnavailable when the connection that tells of
// other processes' changes breaks or falls silent, which shows within a second, and when the store is closed.
func (s *Store) Watch(ctx context.Context, f func(finlatch.Change)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case <-s.closed:
			stop(errClosed)
		case <-ctx.Done():
		}
	}()
	conn, err := pgx.ConnectConfig(ctx, s.listen.Copy())
	if err != nil {
		return ended(ctx, "connect to watch", err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		conn.Close(ctx)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return ended(ctx, "listen", err)
	}
	s.watchers.add(&f)
	defer s.watchers.remove(&f)
	for asked := (time.Time{}); ; {
		if time.Since(asked) >= beat {
			asked = time.Now()
			if err := alive(ctx, conn); err != nil {
				return ended(ctx, "watch", err)
			}
			s.tellHeard(ctx, conn, f)
			f(finlatch.Change{Kind: finlatch.ChangeNone})
		}
		payload, err := next(ctx, conn)
		if err != nil {
			return ended(ctx, "watch", err)
		}
		s.tellOthers(payload, f)
	}
}

// tellHeard tells of what the connection has heard already, with the answer that it is alive.
func (s *Store) tellHeard(ctx context.Context, conn *pgx.Conn, f func(finlatch.Change)) {
	ctx, cancel := context.WithCancel(ctx)
	cancel() // nothing is waited for
	for {
		notification, err := conn.WaitForNotification(ctx)
		if err != nil {
			return
		}
		s.tellOthers(notification.Payload, f)
	}
}

// tellOthers tells of other processes' changes, and of this one's while it does not know when the database has made them.
func (s *Store) tellOthers(payload string, f func(finlatch.Change)) {
	from, text, _ := strings.Cut(payload, " ")
	if payload == "" || from == s.node && !s.unsure.Load() {
		return
	}
	for _, change := range decode(text) {
		f(change)
	}
}

// alive asks the database for an answer. One that took too long is none: the process stood still, and what was told meanwhile
// comes only now.
func alive(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	asked := time.Now()
	err := conn.Ping(ctx)
	if err == nil && time.Since(asked) > answer {
		err = errSlow
	}
	return err
}

// next is the next notification, or empty after a beat without one.
func next(ctx context.Context, conn *pgx.Conn) (payload string, err error) {
	wait, cancel := context.WithTimeout(ctx, beat)
	defer cancel()
	notification, err := conn.WaitForNotification(wait)
	if err == nil {
		return notification.Payload, nil
	}
	if wait.Err() == nil || !pgconn.Timeout(err) || conn.IsClosed() {
		return "", err
	}
	return "", nil
}

// ended is why a Watch ends.
func ended(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return translate(ctx, doing, err, true)
}

// add makes sure that ChangeMissed comes before anything else.
func (w *watchers) add(f *func(finlatch.Change)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	(*f)(finlatch.Change{Kind: finlatch.ChangeMissed})
	if w.funcs == nil {
		w.funcs = make(map[*func(finlatch.Change)]struct{})
	}
	w.funcs[f] = struct{}{}
}

func (w *watchers) remove(f *func(finlatch.Change)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.funcs, f)
}

func (w *watchers) tell(changes []finlatch.Change) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for f := range w.funcs {
		for _, change := range changes {
			(*f)(change)
		}
	}
}

// notify has the database tell the other processes of the changes when they are committed.
func (t *tx) notify(ctx context.Context, node string) error {
	changes := t.changes
	if len(changes) > maxTold {
		changes = []finlatch.Change{{Kind: finlatch.ChangeMissed}}
	}
	var rows [][]any
	for chunk := range slices.Chunk(changes, changesInOne) {
		rows = append(rows, []any{channel, node + " " + encode(chunk)})
	}
	if len(rows) == 0 {
		return nil
	}
	return t.changeMany(ctx, "notify", "SELECT pg_notify($1, $2)", rows)
}

const changeSize = 1 + len(finlatch.ID{}) + len(finlatch.Hash{})

func encode(changes []finlatch.Change) string {
	var text []byte
	for _, change := range changes {
		text = append(text, byte(change.Kind))
		text = append(text, change.UserID[:]...)
		text = append(text, change.Hash[:]...)
	}
	return base64.StdEncoding.EncodeToString(text)
}

// decode reads what encode wrote. What another version writes may have changed anything.
func decode(text string) []finlatch.Change {
	read, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(read) == 0 || len(read)%changeSize != 0 {
		return []finlatch.Change{{Kind: finlatch.ChangeMissed}}
	}
	var changes []finlatch.Change
	for record := range slices.Chunk(read, changeSize) {
		change := finlatch.Change{Kind: finlatch.ChangeKind(record[0])}
		copy(change.UserID[:], record[1:])
		copy(change.Hash[:], record[1+len(change.UserID):])
		if change.Kind > finlatch.ChangeSettings {
			change = finlatch.Change{Kind: finlatch.ChangeMissed}
		}
		changes = append(changes, change)
	}
	return changes
}
