package jellyfin_test

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/finlatch/finlatch/finlatchtest"
	"github.com/finlatch/finlatch/jellyfin"
)

var testApp = jellyfin.App{Client: "Test app", Version: "1.2.3", Device: `The "box", 2nd`, DeviceID: "installation"}

// place is a server to try the client on.
type place struct {
	address        string
	options        jellyfin.Options
	user, password string
	ours           bool // it is finlatch
}

// The same conversation with finlatch, with the answers of a real Jellyfin, and where JELLYFIN_URL names one, with that, where
// JELLYFIN_USER may sign in with JELLYFIN_PASSWORD.
func TestRunningServers(t *testing.T) {
	t.Parallel()
	server := finlatchtest.NewServer(t)
	ann := server.NewUser("ann", "ann's password")
	places := map[string]place{"finlatch": {address: server.URL, user: ann.Name, password: ann.Password, ours: true}}
	if address := os.Getenv("JELLYFIN_URL"); address != "" {
		places["JELLYFIN_URL"] = place{address: address, user: os.Getenv("JELLYFIN_USER"), password: os.Getenv("JELLYFIN_PASSWORD")}
	}
	for name, place := range places {
		t.Run(name, func(t *testing.T) { converse(t, place) })
	}
}

func TestRecordedJellyfin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		converse(t, place{address: "jellyfin.example", user: "w-bob", password: "b0b-pass",
			options: jellyfin.Options{HTTP: &http.Client{Transport: inProcess{newStandin(t)}}}})
	})
}

func converse(t *testing.T, p place) {
	ctx := t.Context()
	client, err := jellyfin.Dial(ctx, p.address, testApp, p.options)
	if err != nil {
		t.Fatalf("Dial: %v", err)
	}
	if _, err := client.Me(ctx); !errors.Is(err, jellyfin.ErrNotSignedIn) || errors.Is(err, jellyfin.ErrUnreachable) {
		t.Errorf("Me of nobody: %v", err)
	}
	if info, err := client.PublicInfo(ctx); err != nil || info.ProductName != jellyfin.ProductName || info.ID == "" {
		t.Errorf("PublicInfo: %+v, %v", info, err)
	}
	if _, err := client.PublicUsers(ctx); err != nil {
		t.Errorf("PublicUsers: %v", err)
	}
	if _, err := client.Branding(ctx); err != nil {
		t.Errorf("Branding: %v", err)
	}
	_, err = client.SignIn(ctx, p.user, p.password+"x")
	var failed *jellyfin.Error
	if !errors.Is(err, jellyfin.ErrUnauthorized) || !errors.As(err, &failed) || failed.Op != "POST /Users/AuthenticateByName" || failed.Status != 401 || failed.Text != "Error processing request." {
		t.Errorf("a wrong password: %#v", err)
	}
	in, err := client.SignIn(ctx, p.user, p.password)
	if err != nil {
		t.Fatalf("SignIn: %v", err)
	}
	if in.User.Name != p.user || in.Server.ID == "" || in.Server.ID != in.User.ServerID || client.Token() == "" {
		t.Errorf("SignIn: %+v", in)
	}
	if me, err := client.Me(ctx); err != nil || me.ID != in.User.ID {
		t.Errorf("Me: %+v, %v", me, err)
	}
	if sessions, err := client.Sessions(ctx); err != nil || len(sessions) == 0 {
		t.Errorf("Sessions: %d, %v", len(sessions), err)
	}
	connect(t, p, client)

	credential, ok := client.Credential()
	if !ok || credential.UserID != in.User.ID || credential.ServerID != in.Server.ID || credential.Server != client.Address() {
		t.Errorf("Credential: %+v, %v", credential, ok)
	}
	resumed, err := jellyfin.Resume(credential, testApp, p.options)
	if err != nil {
		t.Fatalf("Resume: %v", err)
	}
	if _, err := resumed.Me(ctx); err != nil {
		t.Errorf("Me, resumed: %v", err)
	}
	for range 2 {
		if err := client.SignOut(ctx); err != nil || client.Token() != "" {
			t.Errorf("SignOut: %v; token %v", err, client.Token())
		}
	}
	if _, err := resumed.Me(ctx); !errors.Is(err, jellyfin.ErrUnauthorized) {
		t.Errorf("Me with a token that has ended: %v", err)
	}
	if err := resumed.SignOut(ctx); err != nil || resumed.Token() != "" {
		t.Errorf("SignOut with a token that has ended: %v", err)
	}
}

// connect signs a second device in by Quick Connect, approved by the first.
func connect(t *testing.T, p place, approver *jellyfin.Client) {
	t.Helper()
	ctx := t.Context()
	device, err := jellyfin.New(approver.Address(), jellyfin.App{Client: "Telly", Version: "3.0.0", Device: "TV", DeviceID: "tv"}, p.options)
	if err != nil {
		t.Fatal(err)
	}
	if on, err := device.QuickConnectEnabled(ctx); err != nil || !on {
		t.Fatalf("QuickConnectEnabled: %v, %v", on, err)
	}
	if err := approver.ApproveQuickConnect(ctx, "000"); !errors.Is(err, jellyfin.ErrNotFound) {
		t.Errorf("an unknown code: %v", err)
	}
	done := make(chan error, 1)
	var steps []jellyfin.QuickConnectStep
	var code jellyfin.QuickConnectCode
	in, err := device.QuickConnect(ctx, func(c jellyfin.QuickConnectCode) {
		code = c
		go func() {
			time.Sleep(100 * time.Millisecond)
			done <- approve(t, p, approver, c.Code)
		}()
	}, jellyfin.QuickConnectOptions{Interval: time.Second, Progress: func(p jellyfin.QuickConnectProgress) { steps = append(steps, p.State) }})
	if err := <-done; err != nil {
		t.Errorf("approve: %v", err)
	}
	if err != nil {
		t.Fatalf("QuickConnect: %v", err)
	}
	want := []jellyfin.QuickConnectStep{jellyfin.StepWaiting, jellyfin.StepApproved}
	if p.ours {
		want = want[1:] // the first question was answered when somebody had approved
	}
	if !slices.Equal(steps, want) {
		t.Errorf("the steps were %q, want %q", steps, want)
	}
	if want := approver.Address() + "/web/#/quickconnect?code=" + code.Code; code.Link != want { // there are no pages here
		t.Errorf("the link is %s, want %s", code.Link, want)
	}
	if me, err := device.Me(ctx); err != nil || me.ID != in.User.ID {
		t.Errorf("Me: %+v, %v", me, err)
	}
	if err := device.SignOut(ctx); err != nil {
		t.Errorf("SignOut: %v", err)
	}
}

// approve looks at who asks, where the server tells, and approves.
func approve(t *testing.T, p place, approver *jellyfin.Client, code string) error {
	asked, err := approver.AskedQuickConnect(t.Context(), code)
	if !p.ours {
		if !errors.Is(err, jellyfin.ErrUnsupported) {
			t.Errorf("AskedQuickConnect: %v", err)
		}
		return approver.ApproveQuickConnect(t.Context(), code)
	}
	if err != nil {
		return err
	}
	if asked.DeviceName != "TV" || asked.AppName != "Telly" || asked.AppVersion != "3.0.0" || asked.Address != "127.0.0.1" || !asked.InNetwork || asked.Approved || asked.Age() != 0 {
		t.Errorf("AskedQuickConnect: %+v", asked)
	}
	return approver.ApproveAsked(t.Context(), asked)
}
