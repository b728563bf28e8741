package metrics_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/metrics"
	"github.com/finlatch/finlatch/server"
	"github.com/finlatch/finlatch/sqlite"
)

const client = `MediaBrowser Client="App", Device="Telly", DeviceId="tv", Version="1"`

// world is a server whose metrics are an administrator's.
type world struct {
	*testing.T
	url   string
	store *sqlite.Store
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "finlatch.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	m := metrics.New()
	service, err := finlatch.New(t.Context(), finlatch.Options{Store: m.Store(store), OnSignIn: m.SignIn})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.CreateUser(t.Context(), finlatch.Operator(), "anna", "right", true); err != nil {
		t.Fatal(err)
	}
	var api *server.Server
	api = server.New(service, server.Options{Observe: m.Request, Metrics: m.Handler(service, func() int { return api.Sockets() })})
	web := httptest.NewServer(api)
	t.Cleanup(web.Close)
	return &world{t, web.URL, store}
}

func (w *world) ask(method, path, authorization, body string) (int, string) {
	w.Helper()
	r, err := http.NewRequestWithContext(context.WithoutCancel(w.Context()), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func (w *world) signIn(password string) string {
	w.Helper()
	_, text := w.ask("POST", "/Users/AuthenticateByName", client, `{"Username":"anna","Pw":"`+password+`"}`)
	_, token, _ := strings.Cut(text, `"AccessToken":"`)
	token, _, _ = strings.Cut(token, `"`)
	return token
}

func TestSeries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn("wrong")
	token := w.signIn("right")
	w.ask("POST", "/QuickConnect/Initiate", client, "")
	w.ask("POST", "/Users/AuthenticateWithQuickConnect", client, `{"Secret":"nobody's"}`)
	w.ask("GET", "/Nowhere/anna/secret-7", client, "")
	for range 3 {
		w.ask("GET", "/Users/Me", `MediaBrowser Token="`+token+`"`, "")
	}
	status, text := w.ask("GET", "/metrics", `MediaBrowser Token="`+token+`"`, "")
	if status != http.StatusOK {
		t.Fatalf("got %d %s", status, text)
	}
	for _, want := range []string{
		`finlatch_sign_ins_total{method="password",outcome="success"} 1`,
		`finlatch_sign_ins_total{method="password",outcome="wrong"} 1`,
		`finlatch_sign_ins_total{method="quick_connect",outcome="wrong"} 1`,
		`finlatch_sign_ins_total{method="quick_connect",outcome="failed"} 0`,
		`finlatch_requests_total{route="POST /Users/AuthenticateByName",status="2xx"} 1`,
		`finlatch_requests_total{route="POST /Users/AuthenticateByName",status="4xx"} 1`,
		`finlatch_requests_total{route="GET /Users/Me",status="2xx"} 3`,
		`finlatch_requests_total{route="other",status="4xx"} 1`,
		`finlatch_request_seconds_count{route="GET /Users/Me"} 3`,
		`finlatch_store_seconds_count{kind="update",outcome="ok"}`,
		`finlatch_quick_connect_pending 1`,
		`finlatch_hashes{state="running"} 0`,
		`finlatch_hashes_refused_total 0`,
		`finlatch_sockets 0`,
		`go_goroutines `,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s", want)
		}
	}
	for _, secret := range []string{"anna", "secret-7", token, "127.0.0.1", "tv", "Telly"} {
		if strings.Contains(text, secret) {
			t.Errorf("the metrics tell %s", secret)
		}
	}
}

func TestMetricsAreAnAdministrators(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if status, _ := w.ask("GET", "/metrics", client, ""); status != http.StatusUnauthorized {
		t.Errorf("nobody got %d, want 401", status)
	}
}

// A scrape tells what it can while the store is away, and that the store is.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "finlatch.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := metrics.New()
	service, err := finlatch.New(t.Context(), finlatch.Options{Store: m.Store(store)})
	if err != nil {
		t.Fatal(err)
	}
	handler := m.Handler(service, func() int { return 7 })
	store.Close()
	for range 2 {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		text := recorder.Body.String()
		if recorder.Code != http.StatusOK || !strings.Contains(text, "finlatch_sockets 7") || strings.Contains(text, "finlatch_quick_connect_pending") {
			t.Errorf("got %d %s", recorder.Code, text)
		}
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if !strings.Contains(recorder.Body.String(), `finlatch_store_seconds_count{kind="view",outcome="error"} `) {
		t.Error("the store's failures are not counted")
	}
}
