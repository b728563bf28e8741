package httpx

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Errors of the binder that have no place in the text.
var (
	errNullBody = errors.New("the body is null")
	errFormat   = errors.New("a GUID is none")
	errMissing  = errors.New("required members are missing")
)

// missing is errMissing in .NET's words.
type missing string

func (m missing) Error() string { return string(m) }
func (missing) Unwrap() error   { return errMissing }

// binder reads JSON into Go values while it scans, so that the first error in the text is the one that counts, whether
// the text is broken there or means the wrong thing.
type binder struct {
	scanner
	param Param
	path  []step
	plans map[reflect.Type]map[string][]int
	seen  []string // members of the outermost object, in lower case
}

// step is a member, or an index where the name is empty.
type step struct {
	name  string
	index int
}

// where is the path as .NET writes it: $.Policy.AccessSchedules[0]
func (b *binder) where() string {
	var s strings.Builder
	s.WriteByte('$')
	for _, at := range b.path {
		switch {
		case at.name == "":
			fmt.Fprintf(&s, "[%d]", at.index)
		case strings.ContainsAny(at.name, ". '/\"[]()\t\n\r\f\b\\\u0085\u2028\u2029"):
			s.WriteString("['" + at.name + "']")
		default:
			s.WriteString("." + at.name)
		}
	}
	return s.String()
}

func (b *binder) root(into reflect.Value) error {
	if err := b.read(); err != nil {
		return err
	}
	if b.tok == nullToken {
		return errNullBody
	}
	if into.Kind() == reflect.Struct && !isCustom(into.Type()) && b.tok != startObject {
		return b.unfit(b.param.Type)
	}
	if err := b.bind(into); err != nil {
		return err
	}
	var names []string
	for _, name := range b.param.Must {
		if !slices.Contains(b.seen, lowerASCII(name)) {
			names = append(names, "'"+name+"'")
		}
	}
	if len(names) > 0 {
		return missing(fmt.Sprintf("JSON deserialization for type '%s' was missing required properties including: %s.", b.param.Type, strings.Join(names, ", ")))
	}
	return b.read() // anything but white space fails
}

// bind reads the value whose first token was read.
func (b *binder) bind(v reflect.Value) error {
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		return b.pointer(v)
	case isList(t):
		return b.list(v)
	case isCustom(t):
		return b.custom(v)
	}
	if values, ok := reflect.Zero(t).Interface().(interface{ Values() []string }); ok && t.Kind() == reflect.String {
		return b.enum(v, values.Values())
	}
	switch t.Kind() {
	case reflect.String:
		return b.stringValue(v)
	case reflect.Bool:
		if b.tok != trueToken && b.tok != falseToken {
			return b.unfit(b.typeName(t))
		}
		v.SetBool(b.tok == trueToken)
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return b.numberValue(v)
	case reflect.Slice:
		return b.slice(v)
	case reflect.Map:
		return b.mapValue(v)
	case reflect.Struct:
		return b.structValue(v)
	}
	return fmt.Errorf("httpx: cannot read JSON into %s", t)
}

// unfit is the error for a value of the wrong kind; the last token of it that was read is where it is reported.
func (b *binder) unfit(typeName string) error {
	return b.fail("The JSON value could not be converted to " + typeName + ".")
}

// pointer reads what C# writes with a question mark. Jellyfin reads nullable numbers, bools, enums and times in a
// nested run of its own, so that places in their errors count from the value.
func (b *binder) pointer(v reflect.Value) error {
	t := v.Type().Elem()
	simple := isSimple(t)
	if b.tok == nullToken || simple && b.tok == stringToken && len(b.text) == 0 {
		v.SetZero()
		return nil
	}
	to := reflect.New(t)
	if t.Kind() == reflect.Struct && !v.IsNil() {
		to.Elem().Set(v.Elem()) // the defaults that the caller has put there
	}
	if simple {
		if err := b.nested(func() error { return b.bind(to.Elem()) }); err != nil {
			return err
		}
	} else if err := b.bind(to.Elem()); err != nil {
		return err
	}
	v.Set(to)
	return nil
}

// nested reads a value as if it were the whole text.
func (b *binder) nested(read func() error) error {
	path, line, lineAt := b.path, b.line, b.lineAt
	b.path, b.line, b.lineAt = nil, 0, b.start
	if err := read(); err != nil {
		return err
	}
	if b.line == 0 {
		b.lineAt = lineAt
	}
	b.path, b.line = path, line+b.line
	return nil
}

// list reads a slice that may also be given as one string, which its own Unmarshaler takes apart.
func (b *binder) list(v reflect.Value) error {
	switch b.tok {
	case nullToken:
		v.SetZero()
		return nil
	case stringToken:
		return b.custom(v)
	}
	return b.nested(func() error { return b.slice(v) })
}

// custom lets the type read the value itself.
func (b *binder) custom(v reflect.Value) error {
	tok, from := b.tok, b.start
	line, column := b.line, b.pos-b.lineAt
	if err := b.skip(); err != nil {
		return err
	}
	err := errors.ErrUnsupported
	switch to := v.Addr().Interface().(type) {
	case json.Unmarshaler:
		err = to.UnmarshalJSON(b.data[from:b.pos])
	case encoding.TextUnmarshaler:
		if text, ok := b.plain(); ok && tok == stringToken {
			err = to.UnmarshalText([]byte(text))
		}
	}
	switch {
	case err == nil:
		return nil
	case tok == stringToken && v.Kind() == reflect.Array:
		return errFormat // Guid.Parse fails in a way of its own
	}
	e := b.unfit(b.typeName(v.Type())).(*jsonError)
	e.line, e.column = line, column
	return e
}
