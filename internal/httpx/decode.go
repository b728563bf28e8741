package httpx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf16"
)

// Param says what a body is to Jellyfin, since its errors name C# things.
type Param struct {
	Name string // of the parameter: "request"
	Type string // of the body, with its namespace: "Jellyfin.Api.Models.UserDtos.AuthenticateUserByName"

	// Must has the members that C# marks "required": the body has to have them, even if null.
	Must []string
	// Required has the members that may not be null, empty or blank, in the order of the answer; a dot leads to a
	// member of a member, which is not asked for where the outer one is nil: "Policy.AuthenticationProviderId".
	Required []string
	// Types has the C# names of enums and other types within the body, by the names of the Go types.
	Types map[string]string
}

// DecodeJSON reads the body of a request into what into points to, the way System.Text.Json and ASP.NET's MVC do in
// Jellyfin. What it refuses is a *ValidationError with their sentences; or ErrUnsupportedMediaType, ErrTooLarge,
// ErrUnreadBody. After an error into may be half filled.
//
// Names match in any case, unknown ones are ignored, the last of several wins. What stands in into stays where the body
// says nothing; structs within it that have a method SetDefaults() get it called before their members are read. Go types
// are read like this:
//
//   - string: also numbers, true and false, as they stand; null is ""
//   - bool: true and false only
//   - int (32 bit, as in C#), other integers and floats: also as strings
//   - a string type with Values() []string: an enum, by name in any case or by number
//   - pointers: null is nil; so is "" for those to numbers, bools, enums and times
//   - json.Unmarshaler and encoding.TextUnmarshaler: get the value; a type that is an array counts as a GUID in errors,
//     any other as a DateTime
//   - slices: null is nil; a slice type that is an Unmarshaler itself gets strings (a list with commas), while arrays
//     are read as for other slices
//   - maps from strings, null is nil; structs, null is the zero struct
func DecodeJSON(r *http.Request, into any, as Param) error {
	charset, ok := jsonCharset(r.Header.Get("Content-Type"))
	if !ok {
		return ErrUnsupportedMediaType
	}
	data, err := readBody(r)
	if err != nil {
		return err
	}
	if charset == "utf-16" {
		data = fromUTF16(data)
	}
	if len(data) == 0 {
		return as.noBody()
	}
	return as.decode(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")), reflect.ValueOf(into).Elem())
}

func (p Param) decode(data []byte, into reflect.Value) error {
	b := &binder{scanner: scanner{data: data}, param: p}
	err := b.root(into)
	var e *jsonError
	switch {
	case err == nil:
		return p.validate(into)
	case errors.Is(err, errNullBody):
		return p.noBody()
	case errors.Is(err, errFormat):
		return p.refuse("", "The supplied value is invalid.")
	case errors.Is(err, errMissing):
		return p.refuse("$", err.Error())
	case errors.As(err, &e):
		path := b.where()
		return p.refuse(path, fmt.Sprintf("%s Path: %s | LineNumber: %d | BytePositionInLine: %d.", e.sentence, path, e.line, e.column))
	}
	return err
}

// noBody is the error for a body that is empty or null.
func (p Param) noBody() error { return p.refuse("", "A non-empty request body is required.") }

// refuse adds what MVC adds when no body came out: the parameter is missing, too.
func (p Param) refuse(key, sentence string) error {
	e := new(ValidationError)
	e.add(key, sentence)
	if p.Name != "" {
		e.add(p.Name, requiredSentence(p.Name))
	}
	return e
}

func (p Param) validate(into reflect.Value) error {
	e := new(ValidationError)
	for _, name := range p.Required {
		if blank(into, name) {
			e.add(name, requiredSentence(name))
		}
	}
	if len(e.Errors) > 0 {
		return e
	}
	return nil
}

func blank(v reflect.Value, path string) bool {
	for part := range strings.SplitSeq(path, ".") {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return false
			}
			v = v.Elem()
		}
		index := members(v.Type())[lowerASCII(part)]
		if index == nil {
			panic("httpx: Param.Required: no member " + path)
		}
		v = v.FieldByIndex(index)
	}
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() == reflect.String {
		return strings.TrimSpace(v.String()) == ""
	}
	return (v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.IsNil()
}

// jsonCharset tells whether a Content-Type is JSON in a charset that can be read, and in which.
func jsonCharset(contentType string) (string, bool) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return "", false
	}
	isJSON := media == "application/json" || media == "text/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")
	switch charset := strings.ToLower(params["charset"]); charset {
	case "", "utf-8", "utf8":
		return "utf-8", isJSON
	case "utf-16":
		return charset, isJSON
	}
	return "", false
}

// fromUTF16 decodes little-endian text, as .NET understands the name, unless its byte order mark says otherwise.
func fromUTF16(data []byte) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(data, []byte{0xFE, 0xFF}) {
		order = binary.BigEndian
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// readBody reads as much as LimitBody allows, or MaxBody without it.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body := io.Reader(r.Body)
	if _, limited := r.Body.(*limitedBody); !limited {
		body = &limitedBody{ReadCloser: r.Body, left: MaxBody, refused: r.ContentLength > MaxBody}
	}
	var buf bytes.Buffer
	buf.Grow(int(min(max(r.ContentLength, 0), 64<<10)) + bytes.MinRead)
	_, err := buf.ReadFrom(body)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return buf.Bytes(), nil
	case errors.Is(err, ErrTooLarge), errors.As(err, &tooLarge):
		return nil, ErrTooLarge
	}
	return nil, fmt.Errorf("%w: %w", ErrUnreadBody, err)
}
