package storetest

import (
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"github.com/finlatch/finlatch"
)

// filled is a row with a value of its own in every field, nested ones too, so that a column that is forgotten, swapped
// or cut short shows. Another seed gives other values, and an odd one the other bools.
func filled[T any](seed int) T {
	var value T
	fill(reflect.ValueOf(&value).Elem(), &seed)
	return value
}

func fill(v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(epoch.Add(time.Duration(*n) * (time.Hour + 7*time.Microsecond))))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{203, 0, 113, byte(*n)})))
		return
	case netip.Prefix:
		v.Set(reflect.ValueOf(netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, byte(*n), 0}), 24)))
		return
	case finlatch.QuickConnectState:
		v.Set(reflect.ValueOf(finlatch.QuickConnectApproved))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d: é ' \" \\ <&> 日本 🎬", *n))
	case reflect.Bool:
		v.SetBool(*n%2 == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.25)
	case reflect.Uint8:
		v.SetUint(uint64(*n % 256))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, n)
			fill(value, n)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic("storetest: fill does not know " + v.Type().String())
	}
}

// hostile are texts that strangers may send as names. A store keeps one exactly or refuses it with an error.
var hostile = []string{
	"", " ", "'; DROP TABLE users; --", `"quoted" \ back`, "%_*?", "null", "NULL", "🎬👩‍👩‍👧", "ﬁ İ ı ß ſ", "e\u0301 é",
	"\u202eright to left", "line\r\nbreak\t", "\x7f\x1b[31m", "nul\x00inside", "\x00", "not UTF-8 \xff\xfe", "\xed\xa0\x80",
}
