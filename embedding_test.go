package finlatch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
	client "github.com/finlatch/finlatch/jellyfin"
	"github.com/finlatch/finlatch/server"
	"github.com/finlatch/finlatch/sqlite"
)

// people are the program's own users, by name.
type people map[string]struct {
	id       finlatch.ID
	password string
}

func (p people) Authenticate(_ context.Context, name, password string) (finlatch.User, error) {
	who, found := p[name]
	if !found || who.password != password {
		return finlatch.User{}, finlatch.ErrUnauthenticated
	}
	return finlatch.User{ID: who.id, Name: name}, nil
}

func (p people) User(ctx context.Context, id finlatch.ID) (finlatch.User, error) {
	all, _ := p.Users(ctx)
	for _, user := range all {
		if user.ID == id {
			return user, nil
		}
	}
	return finlatch.User{}, finlatch.ErrNotFound
}

func (p people) Users(context.Context) (all []finlatch.User, err error) {
	for name, who := range p {
		all = append(all, finlatch.User{ID: who.id, Name: name})
	}
	return all, nil
}

// mount puts the sign-in API under /jellyfin/ until ctx ends.
func mount(ctx context.Context, mux *http.ServeMux, store finlatch.Store, users finlatch.AuthProvider) error {
	service, err := finlatch.New(ctx, finlatch.Options{Store: store, Upstream: finlatch.OwnUsers(users)})
	if err != nil {
		return err
	}
	api := server.New(service, server.Options{BaseURL: "/jellyfin"})
	go service.Run(ctx)
	go api.Run(ctx)
	mux.Handle("/jellyfin/", api)
	return nil
}

// Example_embedding is the program of docs/embedding.md, and apps that sign in to it.
func Example_embedding() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	dir, _ := os.MkdirTemp("", "example-")
	defer os.RemoveAll(dir)
	store, err := sqlite.Open(ctx, filepath.Join(dir, "devices.db"), sqlite.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	mux := http.NewServeMux()
	users := people{"ann": {id: finlatch.ID{1}, password: "secret"}, "ben": {id: finlatch.ID{2}, password: "other"}}
	if err := mount(ctx, mux, store, users); err != nil {
		fmt.Println(err)
		return
	}
	web := httptest.NewServer(mux)
	defer web.Close()

	phone, _ := client.New(web.URL+"/jellyfin", client.App{Client: "Phone", Version: "1.0.0"}, client.Options{})
	if _, err := phone.SignIn(ctx, "ann", "wrong"); errors.Is(err, client.ErrUnauthorized) {
		fmt.Println("wrong")
	}
	if in, err := phone.SignIn(ctx, "ann", "secret"); err == nil {
		fmt.Println(in.User.Name)
	}
	television, _ := client.New(web.URL+"/jellyfin", client.App{Client: "TV", Version: "1.0.0"}, client.Options{})
	in, err := television.QuickConnect(ctx, func(c client.QuickConnectCode) {
		if err := phone.ApproveQuickConnect(ctx, c.Code); err != nil {
			fmt.Println(err)
		}
	}, client.QuickConnectOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	me, err := television.Me(ctx)
	fmt.Println(in.User.Name, me.Name, err)
	// Output:
	// wrong
	// ann
	// ann ann <nil>
}

// Who reads docs/embedding.md reads a program that works.
func TestEmbeddingIsAsInTheManual(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("docs/embedding.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("embedding_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(manual), "```go\n")
	block, _, ended := strings.Cut(rest, "```")
	if !found || !ended || strings.Count(block, "\n") > 48 || !strings.Contains(string(program), block) {
		t.Error("the first program in docs/embedding.md is not that of embedding_test.go, or has too many lines")
	}
}

// What the program changes of its users holds for the devices.
func TestOwnUsers(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "devices.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	users := people{"ann": {id: finlatch.ID{1}, password: "secret"}}
	service, err := finlatch.New(t.Context(), finlatch.Options{Store: store, Upstream: finlatch.OwnUsers(users)})
	if err != nil {
		t.Fatal(err)
	}
	c := finlatch.Caller{ClientInfo: finlatch.NewClientInfo("App", "1.0", "Telly", "tv"), Address: finlatch.Operator().Address}
	in, err := service.SignIn(t.Context(), c, "ann", "secret")
	if err != nil || in.User.ID != (finlatch.ID{1}) || in.Device.AppName != "App" || !in.User.Policy.EnableAllDevices {
		t.Fatalf("SignIn: %+v, %v", in, err)
	}
	if again, err := service.SignIn(t.Context(), c, "ann", "secret"); err != nil || again.Token == in.Token {
		t.Errorf("the second sign-in: %v; the same token: %v", err, again.Token == in.Token)
	} else {
		in = again
	}
	known, err := service.Authenticate(t.Context(), c, in.Token)
	if err != nil || known.User.Name != "ann" {
		t.Errorf("Authenticate: %+v, %v", known, err)
	}
	if err := service.SetPassword(t.Context(), finlatch.Operator(), finlatch.ID{1}, "new"); !errors.Is(err, finlatch.ErrForbidden) {
		t.Errorf("SetPassword of a user that the program has: %v", err)
	}
	if _, err := service.Authenticate(t.Context(), c, finlatch.TokenFrom("0123456789abcdef0123456789abcdef")); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("a token of nobody's: %v", err)
	}
	if err := service.RecheckUser(t.Context(), finlatch.ID{1}); err != nil {
		t.Fatal(err)
	}
	if _, err := service.Authenticate(t.Context(), c, in.Token); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("a token from before the user was to be looked at anew: %v", err)
	}
	if in, err = service.SignIn(t.Context(), c, "ann", "secret"); err != nil {
		t.Fatal(err)
	}
	delete(users, "ann")
	if err := service.RecheckUser(t.Context(), finlatch.ID{1}); err != nil {
		t.Fatal(err)
	}
	if _, err := service.Authenticate(t.Context(), c, in.Token); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("the token of a user who is gone: %v", err)
	}
}
