package jellyfin

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Time is a date in a Jellyfin body. It is written in UTC with exactly seven fraction digits (100 ns, cut off
// and not rounded) and Z; the zero Time, 0001-01-01T00:00:00.0000000Z, is Jellyfin's "never". The option omitzero leaves a
// Time out where Jellyfin's date is null.
type Time struct{ time.Time }

const timeLayout = "2006-01-02T15:04:05.0000000Z"

var errTime = errors.New("jellyfin: not a date")

// TimeOf is t as a date of a body.
func TimeOf(t time.Time) Time { return Time{Time: t} }

// String returns the text that MarshalJSON writes, without the quotes.
func (t Time) String() string { return t.UTC().Format(timeLayout) }

// MarshalJSON refuses years that do not have four digits.
func (t Time) MarshalJSON() ([]byte, error) {
	u := t.UTC()
	if y := u.Year(); y < 1 || y > 9999 {
		return nil, errors.New("jellyfin: year outside of 0001 to 9999")
	}
	b := append(make([]byte, 0, len(timeLayout)+2), '"')
	return append(u.AppendFormat(b, timeLayout), '"'), nil
}

// MarshalText is MarshalJSON without the quotes.
func (t Time) MarshalText() ([]byte, error) {
	b, err := t.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return b[1 : len(b)-1], nil
}

// UnmarshalText reads ISO 8601 in the extended form: a date, or a date and a time with any number of fraction digits (those
// beyond the ninth are cut off), with Z, an offset, or neither, which is taken for UTC.
func (t *Time) UnmarshalText(text []byte) error {
	s := string(text)
	if strings.ContainsRune(s, ',') {
		return errTime // a decimal comma is ISO 8601 and time.Parse takes it, .NET does not
	}
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if u, err := time.Parse(layout, s); err == nil {
			t.Time = u.UTC()
			return nil
		}
	}
	return errTime
}

// UnmarshalJSON reads a string as UnmarshalText does, and null as the zero Time.
func (t *Time) UnmarshalJSON(data []byte) error {
	var s *string
	if err := json.Unmarshal(data, &s); err != nil {
		return errTime
	}
	if s == nil {
		*t = Time{}
		return nil
	}
	return t.UnmarshalText([]byte(*s))
}
