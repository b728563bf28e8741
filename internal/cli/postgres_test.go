package cli_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/pgtest"
	"github.com/finlatch/finlatch/postgres"
)

// answer is what a server says.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request; token may be empty.
func (s *served) ask(method, path, token, body string) (a answer, err error) {
	request, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return a, err
	}
	authorization := `MediaBrowser Client="c", Device="d", DeviceId="i", Version="1"`
	if token != "" {
		authorization += `, Token="` + token + `"`
	}
	request.Header.Set("Authorization", authorization)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(text)}, err
}

// wants asks for what has to be answered with a status.
func (s *served) wants(t *testing.T, status int, method, path, token, body string) answer {
	t.Helper()
	a, err := s.ask(method, path, token, body)
	if err != nil || a.status != status {
		t.Fatalf("%s %s: got %d %s (%v), want %d", method, path, a.status, a.body, err, status)
	}
	return a
}

// member is a member of an answer's JSON.
func (a answer) member(t *testing.T, name string) string {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(a.body), &members); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	return fmt.Sprint(members[name])
}

// signIn gives a token.
func (s *served) signIn(t *testing.T) string {
	t.Helper()
	return s.wants(t, 200, "POST", "/Users/AuthenticateByName", "", signIn).member(t, "AccessToken")
}

// end ends the server as a signal does.
func (s *served) end(t *testing.T) {
	t.Helper()
	s.signals <- syscall.SIGTERM
	if code := <-s.exit; code != 0 {
		t.Fatalf("exit code %d: %s", code, s.logged())
	}
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

func (s *served) healthy() bool {
	a, err := s.ask("GET", "/health", "", "")
	return err == nil && a.status == 200
}

// TestDatabaseAway stops PostgreSQL under a server and starts it again. What web and apps take for the end of a session, if it
// fails once, is asked all the while, and never fails.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	database, data := pgtest.New(t), t.TempDir()
	url := database.Database(t)
	done(t, "correct horse", "user", "add", "anna", "--admin", "--data", data, "--database", url)
	s := serve(t, data, "--database", url)
	token := s.signIn(t)
	known := s.wants(t, 200, "POST", "/QuickConnect/Initiate", "", "").member(t, "Secret")
	unknown := s.wants(t, 200, "POST", "/QuickConnect/Initiate", "", "").member(t, "Secret")
	asked := map[string]string{"/Users/Me": token, "/System/Info": token, "/QuickConnect/Connect?secret=" + known: ""}
	before := map[string]string{}
	for path, token := range asked {
		for range 3 { // so that memory has it
			before[path] = s.wants(t, 200, "GET", path, token, "").body
			time.Sleep(100 * time.Millisecond)
		}
	}

	stop := make(chan struct{})
	var asking sync.WaitGroup
	for path, token := range asked {
		asking.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
				if a, err := s.ask("GET", path, token, ""); err != nil || a.status != 200 || a.body != before[path] {
					t.Errorf("GET %s: got %d %s (%v), want what it was before", path, a.status, a.body, err)
					return
				}
			}
		})
	}
	if err := database.Stop(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "/health says nothing of it", func() bool { return !s.healthy() })
	time.Sleep(time.Second) // so that the connection that tells of changes is missed
	for _, refused := range []struct{ method, path, token, body string }{
		{"POST", "/Users/AuthenticateByName", "", signIn},
		{"GET", "/Users", token, ""},
		{"GET", "/Users/Me", strings.Repeat("0", 32), ""},
		{"POST", "/QuickConnect/Initiate", "", ""},
	} {
		if a := s.wants(t, 503, refused.method, refused.path, refused.token, refused.body); a.header.Get("Retry-After") == "" {
			t.Errorf("%s %s: no Retry-After", refused.method, refused.path)
		}
	}
	waiting := make(chan error, 1)
	go func() {
		a, err := s.ask("GET", "/QuickConnect/Connect?secret="+unknown, "", "")
		if err == nil && a.status != 200 {
			err = errors.New(a.body)
		}
		waiting <- err
	}()
	time.Sleep(300 * time.Millisecond)
	database.Start(t)
	if err := <-waiting; err != nil {
		t.Errorf("a request that memory does not know, asked for while the database is away: %v", err)
	}
	eventually(t, "it is not well again", s.healthy)
	close(stop)
	asking.Wait()
	again := s.signIn(t)
	s.wants(t, 204, "POST", "/Sessions/Logout", again, "")
	s.wants(t, 401, "GET", "/Users/Me", again, "")
	s.wants(t, 401, "GET", "/Users/Me", strings.Repeat("0", 32), "")
}

// TestServersShareADatabase copies an installation into PostgreSQL and has two servers on it.
func TestServersShareADatabase(t *testing.T) {
	t.Parallel()
	database, data := pgtest.Get(t), t.TempDir()
	url, file := database.Database(t), filepath.Join(data, "finlatch.db")
	done(t, "correct horse", "user", "add", "anna", "--admin", "--data", data)
	alone := serve(t, data)
	token := alone.signIn(t)
	id := alone.wants(t, 200, "GET", "/System/Info", token, "").member(t, "Id")
	alone.end(t)

	broken, err := postgres.Open(t.Context(), url) // what a copy that broke has left
	if err != nil {
		t.Fatal(err)
	}
	defer broken.Close()
	err = broken.Update(t.Context(), func(tx finlatch.Tx) error {
		return tx.CreateUser(t.Context(), finlatch.User{ID: finlatch.ID{1}, Name: "anna", NormalizedName: finlatch.NormalizeName("anna")})
	})
	if err != nil {
		t.Fatal(err)
	}
	first := done(t, "", "copy", "--from", "sqlite:"+file, "--to", url)
	if !strings.Contains(first, id) || !strings.Contains(first, "Device     1") {
		t.Errorf("the copy says %s, want server %s and its device", first, id)
	}
	if code, _, errs := run(t, "", "copy", "--from", "sqlite:"+file, "--to", url); code != 1 || !strings.Contains(errs, "already") {
		t.Errorf("a second copy: exit code %d: %s", code, errs)
	}
	back := filepath.Join(t.TempDir(), "finlatch.db")
	if second := done(t, "", "copy", "--from", url, "--to", "sqlite:"+back); second != first {
		t.Errorf("the way back says %s, want %s", second, first)
	}

	one := serve(t, data, "--database", url)
	if code, _, errs := run(t, "", "serve", "--data", data, "--database", url); code != 1 || !strings.Contains(errs, "--data DIR") {
		t.Errorf("a second server in one directory: exit code %d: %s", code, errs)
	}
	other := t.TempDir()
	if code, _, errs := run(t, "", "user", "list", "--data", other, "--database", url); code != 1 || !strings.Contains(errs, "--seal-key-file") {
		t.Errorf("another seal key: exit code %d: %s", code, errs)
	}
	two := serve(t, t.TempDir(), "--database", url, "--seal-key-file", filepath.Join(data, "seal.key"))
	for _, s := range []*served{one, two} {
		if got := s.wants(t, 200, "GET", "/System/Info", token, "").member(t, "Id"); got != id {
			t.Errorf("the server is %s, want %s", got, id)
		}
		s.wants(t, 200, "GET", "/Users/Me", token, "")
	}
	secret := one.wants(t, 200, "POST", "/QuickConnect/Initiate", "", "")
	two.wants(t, 200, "POST", "/QuickConnect/Authorize?code="+secret.member(t, "Code"), token, "")
	eventually(t, "the other server does not learn of the approval", func() bool {
		a, err := one.ask("GET", "/QuickConnect/Connect?secret="+secret.member(t, "Secret"), "", "")
		return err == nil && a.member(t, "Authenticated") == "true"
	})
	two.wants(t, 200, "GET", "/Sessions", token, "")
	conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(two.url, "http")+"/socket?api_key="+token, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	one.wants(t, 204, "POST", "/Sessions/Logout", token, "")
	for err == nil { // the other server closes the socket of the token that has ended
		_, _, err = conn.Read(t.Context())
	}
	token = two.signIn(t)
	done(t, "another password", "user", "passwd", "anna", "--data", other, "--database", url, "--seal-key-file", filepath.Join(data, "seal.key"))
	eventually(t, "the servers do not learn that anna has another password", func() bool {
		a, err := one.ask("GET", "/Users/Me", token, "")
		b, err2 := two.ask("GET", "/Users/Me", token, "")
		return err == nil && err2 == nil && a.status == 401 && b.status == 401
	})
}

// TestDatabaseURLIsSecret keeps a password out of everything that is printed.
func TestDatabaseURLIsSecret(t *testing.T) {
	t.Parallel()
	const url = "postgres://finlatch:hunter2@127.0.0.1:1/none?connect_timeout=1"
	for _, args := range [][]string{
		{"config", "--database", url},
		{"serve", "--database", url, "--data", t.TempDir()},
		{"serve", "--database", url + "&sslmode=hunter2", "--data", t.TempDir()},
		{"serve", "--database", "mysql" + url},
		{"copy", "--from", url, "--to", "mysql" + url},
	} {
		code, out, errs := run(t, "", args...)
		if strings.Contains(out+errs, "hunter2") || (code != 0) != (args[0] != "config") {
			t.Errorf("finlatch %s: exit code %d: %s%s", strings.Join(args, " "), code, out, errs)
		}
	}
	file := filepath.Join(t.TempDir(), "finlatch.conf")
	if err := os.WriteFile(file, []byte("database = "+url+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := done(t, "", "config", "--config", file); strings.Contains(out, "hunter2") {
		t.Errorf("finlatch config prints %s", out)
	}
}
