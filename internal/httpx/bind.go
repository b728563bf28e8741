package httpx

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
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

func (b *binder) stringValue(v reflect.Value) error {
	switch b.tok {
	case nullToken:
		v.SetString("")
	case stringToken:
		text, ok := b.plain()
		if !ok {
			return b.unfit(b.typeName(v.Type()))
		}
		v.SetString(text)
	case startObject, startArray:
		return b.fail("The converter 'Jellyfin.Extensions.Json.Converters.JsonStringConverter' read too much or not enough.")
	default:
		v.SetString(string(b.text))
	}
	return nil
}

func (b *binder) numberValue(v reflect.Value) error {
	text := string(b.text)
	if b.tok == stringToken {
		text, _ = b.plain()
	} else if b.tok != numberToken {
		return b.unfit(b.typeName(v.Type()))
	}
	bits := v.Type().Bits()
	if k := v.Kind(); k == reflect.Int || k == reflect.Uint {
		bits = 32
	}
	var err error
	switch {
	case v.CanInt():
		var n int64
		n, err = strconv.ParseInt(text, 10, bits)
		v.SetInt(n)
	case v.CanUint():
		var n uint64
		n, err = strconv.ParseUint(text, 10, bits)
		v.SetUint(n)
	case strings.Trim(text, "0123456789+-.eE") != "": // what ParseFloat takes and .NET does not: NaN, 0x1p3, 1_000
		err = strconv.ErrSyntax
	default:
		var n float64
		n, err = strconv.ParseFloat(text, bits)
		v.SetFloat(n)
	}
	if err != nil {
		return b.unfit(b.typeName(v.Type()))
	}
	return nil
}

func (b *binder) enum(v reflect.Value, values []string) error {
	at := -1
	switch b.tok {
	case stringToken:
		text, _ := b.plain()
		text = lowerASCII(strings.TrimSpace(text))
		at = slices.IndexFunc(values, func(name string) bool { return lowerASCII(name) == text })
	case numberToken:
		if n, err := strconv.Atoi(string(b.text)); err == nil && n < len(values) {
			at = n
		}
	}
	if at < 0 {
		return b.unfit(b.typeName(v.Type()))
	}
	v.SetString(values[at])
	return nil
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

func (b *binder) slice(v reflect.Value) error {
	if b.tok == nullToken {
		v.SetZero()
		return nil
	}
	if b.tok != startArray {
		return b.unfit(b.typeName(v.Type()))
	}
	all := reflect.MakeSlice(v.Type(), 0, 0)
	b.path = append(b.path, step{})
	for at := len(b.path) - 1; ; b.path[at].index++ {
		if err := b.read(); err != nil {
			return err
		}
		if b.tok == endArray {
			b.path = b.path[:at]
			v.Set(all)
			return nil
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if err := b.bind(element); err != nil {
			return err
		}
		all = reflect.Append(all, element)
	}
}

// object reads the members of an object; each has to read its value.
func (b *binder) object(member func(name string) error) error {
	for {
		if err := b.read(); err != nil {
			return err
		}
		if b.tok == endObject {
			return nil
		}
		name, ok := b.plain()
		if !ok {
			name = strings.ToValidUTF8(string(b.text), "\uFFFD")
		}
		b.path = append(b.path, step{name: name})
		if err := b.read(); err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
		b.path = b.path[:len(b.path)-1]
	}
}

func (b *binder) mapValue(v reflect.Value) error {
	t := v.Type()
	if b.tok == nullToken {
		v.SetZero()
		return nil
	}
	if b.tok != startObject {
		return b.unfit(b.typeName(t))
	}
	all := reflect.MakeMap(t)
	err := b.object(func(name string) error {
		element := reflect.New(t.Elem()).Elem()
		if err := b.bind(element); err != nil {
			return err
		}
		all.SetMapIndex(reflect.ValueOf(name).Convert(t.Key()), element)
		return nil
	})
	if err != nil {
		return err
	}
	v.Set(all)
	return nil
}

func (b *binder) structValue(v reflect.Value) error {
	t := v.Type()
	if b.tok == nullToken {
		v.SetZero()
		return nil
	}
	if b.tok != startObject {
		return b.unfit(b.typeName(t))
	}
	plan := b.plans[t]
	if plan == nil {
		if b.plans == nil {
			b.plans = make(map[reflect.Type]map[string][]int, 1)
		}
		plan = members(t)
		b.plans[t] = plan
	}
	if d, ok := v.Addr().Interface().(interface{ SetDefaults() }); ok {
		d.SetDefaults()
	}
	outermost := b.depth == 1
	return b.object(func(name string) error {
		name = lowerASCII(name)
		index := plan[name]
		if index == nil {
			return b.skip()
		}
		if outermost {
			b.seen = append(b.seen, name)
		}
		return b.bind(v.FieldByIndex(index))
	})
}
