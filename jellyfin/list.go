package jellyfin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// List is a list in a Jellyfin body: nil is written as [] and not as null.
type List[T any] []T

// MarshalJSON leaves the escaping of <, > and & to the encoder around it.
func (l List[T]) MarshalJSON() ([]byte, error) {
	if len(l) == 0 {
		return []byte("[]"), nil
	}
	return marshalUnescaped([]T(l))
}

func marshalUnescaped(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// DelimitedList is a List of enum names that clients may also send as one string with commas, as the lists of
// ClientCapabilitiesDto (Jellyfin 12 JsonDelimitedCollectionConverter).
type DelimitedList[T Enum] []T

// MarshalJSON writes the list as a List.
func (l DelimitedList[T]) MarshalJSON() ([]byte, error) { return List[T](l).MarshalJSON() }

// UnmarshalJSON reads an array, in which an unknown name is an error, or a string, from which ParseDelimited
// drops unknown names. Null is the empty list.
func (l *DelimitedList[T]) UnmarshalJSON(data []byte) error {
	*l = nil
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '"' {
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*l = ParseDelimited[T](s)
		return nil
	}
	var items []json.RawMessage
	if err := json.Unmarshal(data, &items); err != nil {
		return err
	}
	for i, item := range items {
		name := string(item) // a number keeps its digits
		if len(item) > 0 && item[0] == '"' {
			if err := json.Unmarshal(item, &name); err != nil {
				return err
			}
		}
		v, ok := ParseEnum[T](name)
		if !ok {
			return fmt.Errorf("jellyfin: element %d is not one of %s", i, strings.Join(v.Values(), ", "))
		}
		*l = append(*l, v)
	}
	return nil
}

// ParseDelimited reads names with commas between them, as in a query parameter, and drops those that T does not have.
func ParseDelimited[T Enum](s string) DelimitedList[T] {
	var l DelimitedList[T]
	for name := range strings.SplitSeq(s, ",") {
		if v, ok := ParseEnum[T](strings.TrimSpace(name)); ok {
			l = append(l, v)
		}
	}
	return l
}
