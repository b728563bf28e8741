package httpx

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

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
