package postgres

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
)

// zeroID is the zero id in a statement.
const zeroID = `'\x00000000000000000000000000000000'::bytea`

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
	case time.Time:
		*c = timeColumn(value.UTC())
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

// The times that a column holds.
var (
	firstTime = time.Date(-4000, time.January, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(290_000, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// timestamp is how a column holds a time. Times outside of what it can hold become the nearest one inside.
func timestamp(t time.Time) any {
	switch {
	case t.IsZero():
		return nil
	case t.Before(firstTime):
		return firstTime
	case t.After(lastTime):
		return lastTime
	}
	return t
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

// add adds a condition with one parameter, which stands in it as a question mark.
func (c *conditions) add(part string, arg any) {
	c.parts = append(c.parts, strings.Replace(part, "?", c.parameter(arg), 1))
}

// parameter adds an argument and says how a statement names it.
func (c *conditions) parameter(arg any) string {
	c.args = append(c.args, arg)
	return "$" + strconv.Itoa(len(c.args))
}

func (c *conditions) String() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// limitOrAll is LIMIT's argument for a limit that may be 0, which means none.
func limitOrAll(limit int) any {
	if limit <= 0 {
		return nil
	}
	return limit
}
