package sqlite

import (
	"encoding/json"
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
)

// row is a row of a result.
type row interface{ Scan(dest ...any) error }

// The types below read a column into what they point at.
type (
	idColumn      finlatch.ID
	hashColumn    finlatch.Hash
	timeColumn    time.Time
	addressColumn netip.Addr
	networkColumn netip.Prefix
)

func (c *idColumn) Scan(value any) error   { return scanBytes(c[:], value) }
func (c *hashColumn) Scan(value any) error { return scanBytes(c[:], value) }

func scanBytes(dest []byte, value any) error {
	source, _ := value.([]byte)
	if value == nil {
		clear(dest)
		return nil
	}
	if len(source) != len(dest) {
		return errRow
	}
	copy(dest, source)
	return nil
}

func (c *timeColumn) Scan(value any) error {
	switch value := value.(type) {
	case nil:
		*c = timeColumn{}
	case int64:
		*c = timeColumn(time.Unix(0, value).UTC())
	default:
		return errRow
	}
	return nil
}

func (c *addressColumn) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return errRow
	}
	return (*netip.Addr)(c).UnmarshalText([]byte(text))
}

func (c *networkColumn) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return errRow
	}
	return (*netip.Prefix)(c).UnmarshalText([]byte(text))
}

// jsonColumn reads a JSON document into what it points at. Members that it lacks keep their values.
type jsonColumn struct{ dest any }

func (c jsonColumn) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return errRow
	}
	return json.Unmarshal([]byte(text), c.dest)
}

// nanoseconds is how a column holds a time. Times outside of 1678 to 2262 become the nearest one inside.
func nanoseconds(t time.Time) any {
	switch {
	case t.IsZero():
		return nil
	case t.Before(time.Unix(0, math.MinInt64)):
		return int64(math.MinInt64)
	case t.After(time.Unix(0, math.MaxInt64)):
		return int64(math.MaxInt64)
	}
	return t.UnixNano()
}

// optionalID is how a column holds an id that may be zero.
func optionalID(id finlatch.ID) any {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

// optionalBytes is how a column holds bytes; none are NULL.
func optionalBytes(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

func addressText(address netip.Addr) string {
	if !address.IsValid() {
		return ""
	}
	return address.String()
}

func networkText(network netip.Prefix) string {
	if !network.IsValid() {
		return ""
	}
	return network.String()
}

// conditions is a WHERE clause made of constant parts, so that the number of different statements stays small.
type conditions struct {
	parts []string
	args  []any
}

// add adds a condition with one parameter.
func (c *conditions) add(part string, arg any) {
	c.parts = append(c.parts, part)
	c.args = append(c.args, arg)
}

func (c *conditions) String() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// limitOrAll is LIMIT's argument for a limit that may be 0, which means none.
func limitOrAll(limit int) int {
	if limit <= 0 {
		return -1
	}
	return limit
}
