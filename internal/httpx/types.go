package httpx

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
)

// members has the fields of a struct by their JSON names in lower case, those of embedded structs included.
func members(t reflect.Type) map[string][]int {
	all := make(map[string][]int, t.NumField())
	var add func(t reflect.Type, to []int)
	add = func(t reflect.Type, to []int) {
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			index := append(to[:len(to):len(to)], i)
			switch {
			case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
				add(f.Type, index)
				continue
			case !f.IsExported() || name == "-":
				continue
			case name == "":
				name = f.Name
			}
			if name = lowerASCII(name); len(all[name]) == 0 || len(all[name]) > len(index) {
				all[name] = index
			}
		}
	}
	add(t, nil)
	return all
}

// lowerASCII costs nothing for names that are in lower case already.
func lowerASCII(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return string(appendLower(make([]byte, 0, len(s)), s))
		}
	}
	return s
}

var (
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// isCustom tells whether a type reads itself.
func isCustom(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(jsonUnmarshaler) || p.Implements(textUnmarshaler)
}

// isList tells whether a type is a slice that reads itself; json.RawMessage is none.
func isList(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 && isCustom(t)
}

// isSimple tells whether a type stands for a C# value type other than Guid.
func isSimple(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		return isCustom(t)
	case reflect.String:
		_, enum := reflect.Zero(t).Interface().(interface{ Values() []string })
		return enum
	case reflect.Array, reflect.Slice, reflect.Map, reflect.Pointer:
		return false
	}
	return true
}

// typeName is the C# name of a Go type, as far as it can be told.
func (b *binder) typeName(t reflect.Type) string {
	if name := b.param.Types[t.Name()]; name != "" {
		return name
	}
	switch k := t.Kind(); k {
	case reflect.Pointer:
		return b.typeName(t.Elem())
	case reflect.Array:
		return "System.Guid"
	case reflect.Struct:
		if isCustom(t) {
			return "System.DateTime"
		}
	case reflect.Slice:
		return b.typeName(t.Elem()) + "[]"
	case reflect.Map:
		return "System.Collections.Generic.Dictionary`2[System.String," + b.typeName(t.Elem()) + "]"
	case reflect.Bool:
		return "System.Boolean"
	case reflect.Int:
		return "System.Int32"
	case reflect.Uint:
		return "System.UInt32"
	case reflect.Uint8:
		return "System.Byte"
	case reflect.Int8:
		return "System.SByte"
	case reflect.Float32:
		return "System.Single"
	case reflect.Float64:
		return "System.Double"
	case reflect.Int16, reflect.Int32, reflect.Int64:
		return "System.Int" + strings.TrimPrefix(k.String(), "int")
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "System.UInt" + strings.TrimPrefix(k.String(), "uint")
	case reflect.String:
		if !isSimple(t) {
			return "System.String"
		}
	}
	return t.Name()
}
