package takeover

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxName bounds names and other short texts, in bytes.
const maxName = 255

// row is a row by the names of its columns, which come in any order and number. The first value that is not of the kind that
// is asked for ends the reading.
type row struct {
	table   string
	columns map[string]int
	values  []any
	orphan  bool // it belongs to no user
	err     error
}

func (r *row) fail(column, what string) {
	if r.err == nil {
		r.err = fmt.Errorf("table %s: %s is %s", r.table, column, what)
	}
}

// value is a column's; nil for NULL.
func (r *row) value(column string) any {
	i, ok := r.columns[column]
	if !ok {
		r.fail(column, "not there")
		return nil
	}
	return r.values[i]
}

func (r *row) has(column string) bool {
	_, ok := r.columns[column]
	return ok
}

func (r *row) text(column string) string {
	if r.value(column) == nil {
		r.fail(column, "missing")
	}
	return r.optionalText(column)
}

// optionalText is empty for NULL.
func (r *row) optionalText(column string) string {
	value := r.value(column)
	text, ok := value.(string)
	if value != nil && (!ok || !utf8.ValidString(text)) {
		r.fail(column, "no text")
		return ""
	}
	return text
}

// short is a text that is shown, without what could harm.
func (r *row) short(column string) string { return plain(r.optionalText(column), maxName) }

func (r *row) integer(column string) int {
	n := r.optionalInteger(column)
	if n == nil {
		r.fail(column, "missing")
		return 0
	}
	return *n
}

// optionalInteger is nil for NULL.
func (r *row) optionalInteger(column string) *int {
	value := r.value(column)
	if value == nil {
		return nil
	}
	n, ok := value.(int64)
	if !ok || n < math.MinInt32 || n > math.MaxInt32 {
		r.fail(column, "no 32 bit integer")
	}
	return new(int(n))
}

func (r *row) flag(column string) bool { return r.integer(column) != 0 }

// hour is 0 to 24.
func (r *row) hour(column string) float64 {
	var hour float64
	switch value := r.value(column).(type) {
	case int64:
		hour = float64(value)
	case float64:
		hour = value
	default:
		hour = -1
	}
	if !(0 <= hour && hour <= 24) {
		r.fail(column, "no hour of a day")
	}
	return hour
}

// time is in UTC; zero for NULL, for .NET's first year, which means never, and for what is no time.
func (r *row) time(column string) time.Time {
	text := r.optionalText(column)
	for _, layout := range []string{time.DateTime, "2006-01-02T15:04:05", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 1970 && at.Year() < 2200 {
			return at.UTC()
		}
	}
	return time.Time{}
}

// named is the name that stands at a number's place.
func (r *row) named(column string, names []string) string {
	n := r.integer(column)
	if n < 0 || n >= len(names) {
		r.fail(column, "out of range")
		return ""
	}
	return names[n]
}

// plain drops control characters and cuts a text off at limit bytes.
func plain(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "")
	}
	return text
}
