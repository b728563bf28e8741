package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
)

// maxStatements bounds what a connection keeps. Lists that are filtered and sorted at will have many thousand texts; all
// other statements are a hundred.
const maxStatements = 400

// conn is a connection with the statements that it has prepared.
//
// Statements run without the caller's context: the driver would start a goroutine for each and interrupt the connection,
// while all that run here are short. Contexts are looked at between statements instead.
type conn struct {
	raw    *sql.Conn
	stmts  map[string]*sql.Stmt
	broken bool // not to be used again
}

func (c *conn) prepare(query string) (*sql.Stmt, error) {
	if stmt := c.stmts[query]; stmt != nil {
		return stmt, nil
	}
	if len(c.stmts) >= maxStatements {
		c.forget()
	}
	stmt, err := c.raw.PrepareContext(context.Background(), query)
	if err == nil {
		c.stmts[query] = stmt
	}
	return stmt, err
}

func (c *conn) exec(query string) error {
	stmt, err := c.prepare(query)
	if err == nil {
		_, err = stmt.ExecContext(context.Background())
	}
	return err
}

// forget closes the statements. None is running: each is read to its end before the next begins.
func (c *conn) forget() {
	for _, stmt := range c.stmts {
		stmt.Close()
	}
	clear(c.stmts)
}

// discard closes the connection. Were it only given back, database/sql would use it again.
func (c *conn) discard() {
	c.forget()
	c.raw.Raw(func(any) error { return driver.ErrBadConn })
}

// pool hands out connections: the one given back last first, so that only as many are opened as are needed at once.
type pool struct {
	db      *sql.DB
	taken   chan struct{} // holds an element for each connection that is out
	closing <-chan struct{}

	mu   sync.Mutex
	idle []*conn
}

func newPool(db *sql.DB, size int, closing <-chan struct{}) *pool {
	return &pool{db: db, taken: make(chan struct{}, size), closing: closing}
}

// with runs f on a connection of its own, as soon as one is free.
func (p *pool) with(ctx context.Context, f func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-p.closing:
		return errClosed
	default:
	}
	select {
	case p.taken <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.closing:
		return errClosed
	}
	defer func() { <-p.taken }()
	c, err := p.get()
	if err != nil {
		return translate(ctx, "connect", err)
	}
	defer p.put(c)
	return f(c)
}

func (p *pool) get() (*conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.idle) - 1; last >= 0 {
		c := p.idle[last]
		p.idle = p.idle[:last]
		return c, nil
	}
	raw, err := p.db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	return &conn{raw: raw, stmts: make(map[string]*sql.Stmt)}, nil
}

func (p *pool) put(c *conn) {
	if c.broken {
		c.discard()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

// drain waits until all connections are back, and keeps them.
func (p *pool) drain() {
	for range cap(p.taken) {
		p.taken <- struct{}{}
	}
}

// close closes all connections, after it has run a few last statements, which may fail, on one of them if there is one.
func (p *pool) close(last ...string) error {
	for _, c := range p.idle {
		for _, statement := range last {
			c.exec(statement)
		}
		c.discard()
	}
	return p.db.Close()
}
