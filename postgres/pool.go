package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// How long the database may take. A transaction here is short; one that is not is stuck.
const (
	connectTimeout     = 4 * time.Second // and for a transaction to begin
	transactionTimeout = 30 * time.Second
	commitTimeout      = 10 * time.Second
	rollbackTimeout    = 2 * time.Second
)

// parameters of every session, where the URL does not set them. The database itself ends what a node began that was cut
// off, so that its locks go. Where a table is small, reading all of it would make every change of it a collision.
var parameters = map[string]string{
	"application_name":                    "finlatch",
	"enable_seqscan":                      "off",
	"idle_in_transaction_session_timeout": "10s",
	"statement_timeout":                   "30s",
	"tcp_keepalives_count":                "3",
	"tcp_keepalives_idle":                 "15",
	"tcp_keepalives_interval":             "5",
}

// configure reads a URL. The error tells nothing of it, because that may be a password.
func configure(url string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the database is not understood: it is named as in postgres://user@host:5432/database?sslmode=verify-full")
	}
	for name, value := range parameters {
		if _, set := config.ConnConfig.RuntimeParams[name]; !set {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	if limit := config.ConnConfig.ConnectTimeout; limit == 0 || limit > connectTimeout {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	// A server that follows another may not know yet of a token that was given, or has ended.
	if config.ConnConfig.ValidateConnect == nil {
		config.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	}
	// A connection that broke while it lay idle shows when a transaction begins, without being asked before each.
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	return config, nil
}

// place is what a person calls the database: no password, and no more of the URL than is needed.
func place(config *pgx.ConnConfig) string {
	host := config.Host
	if !strings.HasPrefix(host, "/") {
		host = net.JoinHostPort(host, fmt.Sprint(config.Port))
	}
	return fmt.Sprintf("database %s at %s", config.Database, host)
}

// begin starts a transaction on a connection of its own, which is to be released. A connection that is found broken costs
// another try, since nothing has happened yet.
func (s *Store) begin(ctx context.Context, options pgx.TxOptions) (*pgxpool.Conn, pgx.Tx, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, connectTimeout, errSlow)
	defer cancel()
	for {
		conn, err := s.pool.Acquire(ctx)
		if err != nil {
			select {
			case <-s.closing:
				return nil, nil, errClosed
			default:
				return nil, nil, translate(ctx, "connect", err, true)
			}
		}
		begun, err := conn.BeginTx(ctx, options)
		if err == nil {
			return conn, begun, nil
		}
		lost := conn.Conn().IsClosed()
		conn.Release()
		if !lost || ctx.Err() != nil {
			return nil, nil, translate(ctx, "begin", err, lost)
		}
	}
}
