package server_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
)

// kept are the names of the logs in a folder.
func kept(t *testing.T, folder string) (names []string) {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		names = append(names, file.Name())
	}
	return names
}

// An app that calls itself ../../evil has no say in where its log goes.
func TestClientLog(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "deep", "logs")
	w := newWorld(t, func(o *options) { o.server.ClientLogDir = folder })
	hostile := `MediaBrowser Client="../../evil", Device="d", DeviceId="../x", Version="..%2F..%2Fevil", Token="${ann.token}"`
	log := "line\n\x00\xff\x1b[31m <script>"
	answer, _ := w.json(scenario{do: "POST /ClientLog/Document", send: log,
		header: map[string]string{"Authorization": hostile, "Content-Type": "text/plain"}}).(map[string]any)
	name, _ := answer["FileName"].(string)
	if !regexp.MustCompile(`^upload_[0-9]{14}_[0-9a-f]{32}\.log$`).MatchString(name) {
		t.Errorf("FileName is %q", name)
	}
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil || string(data) != log {
		t.Errorf("the log is %q (%v)", data, err)
	}
	if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the log's file is %v (%v)", info, err)
	}
	w.perform(scenario{do: "POST /ClientLog/Document", send: strings.Repeat("x", 1_000_000), as: "ann", want: anything(200)})
	tooLarge := jsonOf(413, `"Payload must be less than 1,000,000 bytes"`)
	w.perform(scenario{do: "POST /ClientLog/Document", send: strings.Repeat("x", 1_000_001), as: "ann", want: tooLarge})
	w.perform(scenario{do: "POST /ClientLog/Document", send: strings.Repeat("x", 2<<20), as: "ann", want: tooLarge})
	if files := kept(t, folder); len(files) != 2 {
		t.Errorf("there are %q", files)
	}
}

func TestClientLogsAreBounded(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "logs [1]") // no pattern
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		name := filepath.Join(folder, fmt.Sprintf("upload_20200101%06d_1.log", i))
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other := filepath.Join(folder, "mine.txt")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(o *options) { o.server.ClientLogDir = folder })
	refused := 0
	for range 20 {
		response, err := w.client.Do(w.request(scenario{do: "POST /ClientLog/Document", send: "x", as: "ann"}))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		switch {
		case response.StatusCode == 429 && response.Header.Get("Retry-After") != "":
			refused++
		case response.StatusCode != 200:
			t.Errorf("got %d", response.StatusCode)
		}
	}
	w.perform(scenario{do: "POST /ClientLog/Document", send: "x", as: "ben", want: anything(200)}) // whom ann does not keep out
	if files := kept(t, folder); len(files) != 51 || refused < 5 {
		t.Errorf("%d files are there, and %d logs were refused", len(files), refused)
	}
	if _, err := os.Stat(filepath.Join(folder, "upload_20200101000000_1.log")); err == nil {
		t.Error("the oldest log is still there")
	}
	if _, err := os.Stat(other); err != nil {
		t.Error("a file that is no log is gone")
	}
}

func TestClientLogsSwitchedOff(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	w := newWorld(t, func(o *options) { o.server.ClientLogDir = folder })
	err := w.store.Update(w.ctx, func(tx finlatch.Tx) error {
		settings, err := tx.Settings(w.ctx)
		if err != nil {
			return err
		}
		settings.ClientLogs = false
		return tx.PutSettings(w.ctx, settings)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.perform(scenario{do: "POST /ClientLog/Document", send: "x", as: "ann", want: empty(403)})
	if files := kept(t, folder); len(files) != 0 {
		t.Errorf("there are %q", files)
	}
}
