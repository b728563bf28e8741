package conformance_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/finlatch/finlatch/conformance/openapi"
	"github.com/finlatch/finlatch/conformance/replay"
)

// relaxed are the violations of the document that a real Jellyfin's recorded answers have too.
var relaxed = map[openapi.Violation]string{
	{Operation: "GET /System/Configuration/{key}", Path: "$", Fault: "object instead of string"}: "the document says binary, whatever the key",
}

// document is what Jellyfin publishes of its API.
func document(t *testing.T) *openapi.Document {
	t.Helper()
	d, err := openapi.Load(filepath.Join("testdata", "jellyfin-openapi-12.0.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// promises collects what answers leave undone of the document. It may watch several servers at a time.
type promises struct {
	document *openapi.Document
	mutex    sync.Mutex
	checked  int
	broken   []string
}

// Watch checks one answer, if it is a successful one in JSON.
func (p *promises) Watch(e replay.Exchange) {
	if e.Status != 200 || !json.Valid(e.Answer) {
		return // what should have been JSON, the comparison with the recording sees
	}
	violations, known := p.document.Check(e.Method, e.Path, e.ContentType, e.Answer)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if known {
		p.checked++
	}
	for _, violation := range violations {
		if relaxed[violation] == "" {
			p.broken = append(p.broken, e.Scenario+"/"+e.Step+": "+violation.String())
		}
	}
}

// kept says which promises were broken, and wants that any were checked.
func (p *promises) kept(t *testing.T) {
	t.Helper()
	for _, text := range p.broken {
		t.Error(text)
	}
	if p.checked == 0 {
		t.Error("no answer was checked")
	}
	t.Logf("%d answers are as the document says", p.checked-len(p.broken))
}

// A rule that a real Jellyfin's answers keep is none to relax, and one that they break is none to ask for.
func TestRecordedAnswersAreAsTheDocumentSays(t *testing.T) {
	t.Parallel()
	d := document(t)
	files, err := filepath.Glob(filepath.Join("testdata", "jellyfin-12.0.0", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	needed := map[openapi.Violation]bool{}
	checked := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var recording struct {
			Steps []struct {
				Name     string
				Request  struct{ Method, Path string }
				Response struct {
					Status      int
					ContentType string `json:"content_type"`
					BodyKind    string `json:"body_kind"`
					Body        json.RawMessage
				}
			}
		}
		if err := json.Unmarshal(data, &recording); err != nil {
			t.Fatal(err)
		}
		for _, step := range recording.Steps {
			if step.Response.Status != 200 || step.Response.BodyKind != "json" {
				continue
			}
			violations, known := d.Check(step.Request.Method, step.Request.Path, step.Response.ContentType, bytes.TrimSpace(step.Response.Body))
			if known {
				checked++
			}
			for _, violation := range violations {
				if needed[violation] = true; relaxed[violation] == "" {
					t.Errorf("%s/%s: %s", filepath.Base(file), step.Name, violation)
				}
			}
		}
	}
	for violation := range relaxed {
		if !needed[violation] {
			t.Errorf("no recorded answer has %s", violation)
		}
	}
	if checked < 300 {
		t.Errorf("checked %d answers, want 300 or more", checked)
	}
}
