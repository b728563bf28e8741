package replay

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	largestBody = 32 << 20 // bytes that are read of one answer
	longestText = 64 << 10 // bytes; longer texts are compared by digest
)

// Answer is what a server answered.
type Answer struct {
	Status   int
	Error    string            // one short word where no usable answer came: refused, timeout, closed, reset, truncated, malformed
	Headers  map[string]string // names in lower case, repeated ones joined by commas
	BodyKind string            // empty, json, text or binary
	Body     any               // a JSON value, a text, or the length and SHA-256 of what is neither
	Raw      string            // a JSON body as it came, where the recording keeps that
}

// UnmarshalJSON reads an answer of a recording.
func (a *Answer) UnmarshalJSON(data []byte) error {
	var stored struct {
		Status   *int
		Error    string
		Headers  map[string]string
		BodyKind string `json:"body_kind"`
		Body     jsonValue
		Raw      string
	}
	if err := json.Unmarshal(data, &stored); err != nil {
		return err
	}
	*a = Answer{Error: stored.Error, Headers: stored.Headers, BodyKind: stored.BodyKind, Body: stored.Body.value, Raw: stored.Raw}
	if stored.Status != nil {
		a.Status = *stored.Status
	}
	return nil
}

// newAnswer sorts out what came over the wire.
func newAnswer(status int, headers map[string]string, data []byte) *Answer {
	a := &Answer{Status: status, Headers: headers}
	if headers["content-encoding"] == "gzip" {
		if unpacked, err := unzip(data); err == nil {
			data = unpacked
		}
	}
	a.BodyKind, a.Body = sortBody(data, headers["content-type"])
	if a.BodyKind == "json" {
		a.Raw = string(data)
	}
	return a
}

// sortBody tells what kind of body this is. A broken JSON body is the text that it is.
func sortBody(data []byte, contentType string) (kind string, body any) {
	if len(data) == 0 {
		return "empty", ""
	}
	if isJSON(contentType) {
		if value, err := decode(data); err == nil {
			return "json", value
		}
	}
	if !utf8.Valid(data) || len(data) > longestText {
		return "binary", digest(data)
	}
	return "text", string(data)
}

func isJSON(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	return media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")
}

func digest(data []byte) *object {
	return &object{members: []member{
		{"length", json.Number(fmt.Sprint(len(data)))},
		{"sha256", fmt.Sprintf("%x", sha256.Sum256(data))},
	}}
}

func unzip(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, largestBody))
}
