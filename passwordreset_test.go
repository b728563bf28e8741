package finlatch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

func withResetDir(t *testing.T) func(*finlatch.Options) {
	dir := t.TempDir()
	return func(o *finlatch.Options) { o.ResetDir = dir }
}

// pinFile is what a file with a PIN has.
type pinFile struct{ Pin, UserName, PinFile, ExpirationDate string }

func (w *world) ask(c finlatch.Caller, name string) finlatch.ForgottenPassword {
	w.Helper()
	told, err := w.ForgotPassword(w.ctx, c, name)
	if err != nil {
		w.Fatalf("ForgotPassword(%s): %v", name, err)
	}
	return told
}

func (w *world) readPIN(path string) (content pinFile) {
	w.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		w.Fatal(err)
	}
	if err := json.Unmarshal(data, &content); err != nil {
		w.Fatal(err)
	}
	return content
}

// askPIN asks from home for a PIN and reads it.
func (w *world) askPIN(name string) string {
	w.Helper()
	return w.readPIN(w.ask(device("browser", home), name).File).Pin
}

func (w *world) redeem(from netip.Addr, pin string) error {
	_, err := w.RedeemPIN(w.ctx, device("browser", from), pin)
	return err
}

func gone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, os.ErrNotExist)
}

func TestForgottenPasswords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withResetDir(t))
	w.user("W-Fern", "fern-pw")
	w.user("off", "off-pw", func(p *finlatch.Policy) { p.IsDisabled = true })
	forwarded := device("browser", home)
	forwarded.Forwarded = true
	for _, test := range []struct {
		name     string
		c        finlatch.Caller
		who      string
		path, is bool // a path is told; a file is there
	}{
		{"a user", device("browser", home), "w-fern", true, true},
		{"the administrator", device("browser", home), "admin", true, true},
		{"nobody", device("browser", home), "w-nobody", true, false},
		{"a disabled user", device("browser", home), "off", true, false},
		{"a path", device("browser", home), "../../etc/passwd", true, false},
		{"a user, from elsewhere", device("browser", away), "w-fern", false, false},
		{"nobody, from elsewhere", device("browser", away), "w-nobody", false, false},
		{"a user, forwarded by a stranger", forwarded, "w-fern", false, false},
	} {
		told := w.ask(test.c, test.who)
		name := filepath.Base(told.File)
		if !regexp.MustCompile(`^passwordreset[0-9a-f]{32}\.json$`).MatchString(name) || filepath.IsAbs(told.File) != test.path {
			t.Errorf("%s: told of %s", test.name, told.File)
		}
		if want := w.clock.Now().Add(30 * time.Minute); !told.ExpiresAt.Equal(want) {
			t.Errorf("%s: until %v, want %v", test.name, told.ExpiresAt, want)
		}
		if test.path && gone(told.File) == test.is {
			t.Errorf("%s: the file is there: %v, want %v", test.name, !gone(told.File), test.is)
		}
	}
	told := w.ask(device("browser", home), "W-FERN")
	if got, want := filepath.Base(told.File), "passwordresetc1d8e812acc700d4b89ddcecd55d6e22.json"; got != want {
		t.Errorf("w-fern's file is %s, want %s as in Jellyfin", got, want)
	}
	content := w.readPIN(told.File)
	if want := (pinFile{content.Pin, "W-Fern", told.File, "2026-11-24T12:30:00.0000000Z"}); content != want {
		t.Errorf("the file has %+v, want %+v", content, want)
	}
	if !regexp.MustCompile(`^[0-9A-F]{2}(-[0-9A-F]{2}){3}$`).MatchString(content.Pin) {
		t.Errorf("the PIN is %s", content.Pin)
	}
	if info, err := os.Stat(told.File); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v (%v)", info.Mode(), err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(told.File)); len(entries) != 2 {
		t.Errorf("there are %d files, want two PINs and nothing half done", len(entries))
	}
	stored, err := os.ReadFile(w.path + "-wal")
	if err != nil || bytes.Contains(stored, []byte(content.Pin)) || bytes.Contains(stored, []byte(strings.ReplaceAll(content.Pin, "-", ""))) {
		t.Errorf("the store has the PIN (%v)", err)
	}
}

func TestRedeemingPINs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withResetDir(t))
	ann := w.user("ann", "ann-pw", func(p *finlatch.Policy) { p.LoginAttemptsBeforeLockout = -1 })
	tv := w.signIn("ann", "ann-pw", device("tv", home))
	first := w.askPIN("ann")
	told := w.ask(device("browser", home), "ann")
	pin := w.readPIN(told.File).Pin
	for name, wrong := range map[string]string{"the one before": first, "a digit more": pin + "0", "nothing": "", "lower case": strings.ToLower("A" + pin), "a long one": strings.Repeat("A", 1<<20)} {
		if err := w.redeem(home, wrong); finlatch.KindOf(err) != finlatch.NotFound {
			t.Errorf("%s: got %v, want NotFound", name, err)
		}
	}
	w.signIn("ann", "ann-pw", device("pad", home)) // the old one is good until then
	typed := strings.ReplaceAll(pin, "-", "")
	user, err := w.RedeemPIN(w.ctx, device("browser", away), typed)
	if err != nil || user.ID != ann.ID || user.PasswordVersion != ann.PasswordVersion+1 {
		t.Fatalf("got %v with the password's version %d (%v)", user.ID, user.PasswordVersion, err)
	}
	if !gone(told.File) {
		t.Error("the file is still there")
	}
	_, err = w.Authenticate(w.ctx, finlatch.Caller{Address: home}, tv.Token)
	w.wantKind(err, finlatch.Unauthenticated)
	_, err = w.SignIn(w.ctx, device("tv", home), "ann", "ann-pw")
	w.wantKind(err, finlatch.Unauthenticated)
	_, err = w.SignIn(w.ctx, device("tv", home), "ann", pin) // it was typed without dashes
	w.wantKind(err, finlatch.Unauthenticated)
	w.signIn("ann", typed, device("tv", home))
	w.wantKind(w.redeem(home, pin), finlatch.NotFound)

	if err := w.redeem(home, w.askPIN("admin")); err != nil {
		t.Errorf("the administrator's PIN: %v", err)
	}
}

func TestPINsThatDoNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withResetDir(t))
	ann, ben := w.user("ann", "ann-pw"), w.user("ben", "ben-pw")
	pin := w.askPIN("ann")
	if err := w.SetDisabled(w.ctx, finlatch.Operator(), ann.ID, true); err != nil {
		t.Fatal(err)
	}
	w.wantKind(w.redeem(home, pin), finlatch.NotFound)
	if after, _ := w.UserByID(w.ctx, finlatch.Operator(), ann.ID); !after.Policy.IsDisabled || after.PasswordVersion != ann.PasswordVersion {
		t.Error("a disabled user's PIN has changed something")
	}
	pin = w.askPIN("ben")
	w.clock.Move(30*time.Minute - time.Microsecond)
	if err := w.redeem(home, pin); err != nil {
		t.Errorf("just before the end: %v", err)
	}
	pin = w.askPIN("ben")
	w.clock.Move(30 * time.Minute)
	w.wantKind(w.redeem(home, pin), finlatch.NotFound)
	pin = w.askPIN("ben")
	if err := w.DeleteUser(w.ctx, finlatch.Operator(), ben.ID); err != nil {
		t.Fatal(err)
	}
	w.wantKind(w.redeem(home, pin), finlatch.NotFound)
}

func TestGuessingPINs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withResetDir(t))
	w.user("ann", "ann-pw")
	told := w.ask(device("browser", home), "ann")
	pin := w.readPIN(told.File).Pin
	guess := func(from netip.Addr) error { return w.redeem(from, "00-00-00-00") }
	for range 10 {
		w.wantKind(guess(away), finlatch.NotFound)
	}
	err := w.redeem(away, pin)
	w.wantKind(err, finlatch.RateLimited)
	var limited *finlatch.Error
	if !errors.As(err, &limited) || limited.RetryAfter <= 0 || limited.RetryAfter > 30*time.Minute {
		t.Errorf("got %+v, want when to come back", limited)
	}
	inNetwork := netip.MustParseAddr("2001:db8:1::1")
	for i := range 10 {
		w.wantKind(guess(inNetwork), finlatch.NotFound)
		inNetwork = netip.MustParseAddr("2001:db8:1:" + string(rune('a'+i%6)) + "::2") // the same /48
	}
	w.wantKind(guess(inNetwork), finlatch.RateLimited)
	if err := w.redeem(home, pin); err != nil {
		t.Fatalf("from elsewhere: %v", err)
	}
	told = w.ask(device("browser", home), "ann")
	pin = w.readPIN(told.File).Pin
	address := netip.MustParseAddr("198.51.100.1")
	for i := range 80 {
		if i%10 == 0 {
			address = address.Next()
		}
		if gone(told.File) {
			t.Fatalf("the PIN is gone after %d guesses", 20+i)
		}
		w.wantKind(guess(address), finlatch.NotFound)
	}
	if !gone(told.File) {
		t.Error("after a hundred guesses the PIN is still there")
	}
	w.wantKind(w.redeem(home, pin), finlatch.RateLimited)
	w.clock.Move(31 * time.Minute)
	w.wantKind(guess(away), finlatch.NotFound)
	if err := w.redeem(home, w.askPIN("ann")); err != nil {
		t.Errorf("half an hour later: %v", err)
	}
}

func TestAskingForPINsIsLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withResetDir(t))
	for range 30 {
		w.ask(device("browser", home), "nobody")
	}
	_, err := w.ForgotPassword(w.ctx, device("browser", home), "admin")
	w.wantKind(err, finlatch.RateLimited)
	w.ask(device("browser", netip.MustParseAddr("192.168.1.21")), "admin")
}

func TestPINsOutliveAProcessAndNothingElseDoes(t *testing.T) {
	t.Parallel()
	change := withResetDir(t)
	w := newWorld(t, change)
	w.user("ann", "ann-pw")
	told := w.ask(device("browser", home), "ann")
	dir := filepath.Dir(told.File)
	for name, text := range map[string]string{
		"passwordreset00000000000000000000000000000000.json": `{"Pin":"00-00-00-00","ExpirationDate":"2099-01-01T00:00:00.0000000Z"}`,
		"passwordreset11111111111111111111111111111111.json": "half",
		"passwordreset-1234.tmp":                             "half",
		"passwordresets.json":                                "somebody else's",
		"notes.txt":                                          "somebody else's",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.store.Close()
	w.open(change)
	w.run()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("there are %d files, want the PIN and two of others", len(entries))
		}
	}
	if err := w.redeem(home, w.readPIN(told.File).Pin); err != nil {
		t.Error(err)
	}
}

func TestExpiredPINFilesAreRemoved(t *testing.T) {
	t.Parallel()
	change := withResetDir(t)
	w := newWorld(t, change)
	told := w.ask(device("browser", home), "admin")
	w.clock.Move(31 * time.Minute)
	w.run()
	for deadline := time.Now().Add(10 * time.Second); !gone(told.File); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the file is still there")
		}
	}
}

func TestPINsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *finlatch.Options) { o.ResetDir = filepath.Join(t.TempDir(), "missing") })
	for _, name := range []string{"admin", "nobody"} {
		_, err := w.ForgotPassword(w.ctx, device("browser", home), name)
		w.wantKind(err, finlatch.Unavailable)
	}
	none := newWorld(t)
	if told := none.ask(device("browser", home), "admin"); filepath.Dir(told.File) != "." {
		t.Errorf("without a folder: told of %s", told.File)
	}
}

func TestPINsBeforeTheSetUp(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t, withResetDir(t))
	_, err := w.ForgotPassword(context.Background(), device("browser", away), "admin")
	w.wantKind(err, finlatch.Forbidden)
	w.wantKind(w.redeem(away, "00-00-00-00"), finlatch.Forbidden)
}

// A PIN has 32 bits, so its hash must be worth nothing to who has only the store.
func TestPINsAreHashedWithAKeyThatIsNotInTheStore(t *testing.T) {
	t.Parallel()
	change := withResetDir(t)
	w := newWorld(t, change)
	pin := w.askPIN("admin")
	w.store.Close()
	w.open(change, func(o *finlatch.Options) { o.SealKey = bytes.Repeat([]byte{1}, 32) })
	w.wantKind(w.redeem(home, pin), finlatch.NotFound)
	w.store.Close()
	w.open(change)
	if err := w.redeem(home, pin); err != nil {
		t.Error(err)
	}
}

func TestManyAskAndGuessAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withResetDir(t))
	var all sync.WaitGroup
	var guessed atomic.Int32
	for range 20 {
		all.Go(func() {
			if _, err := w.ForgotPassword(w.ctx, device("browser", home), "admin"); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if finlatch.KindOf(w.redeem(away, "00-00-00-00")) == finlatch.NotFound {
				guessed.Add(1)
			}
		})
	}
	all.Wait()
	if n := guessed.Load(); n != 10 {
		t.Errorf("%d guesses were let through, want 10", n)
	}
	if err := w.redeem(home, w.askPIN("admin")); err != nil {
		t.Error(err)
	}
	for range 3 {
		for range 5 {
			all.Go(func() { w.ForgotPassword(w.ctx, device("browser", netip.MustParseAddr("10.0.0.1")), "admin") })
		}
		all.Wait()
		told := w.ask(device("browser", netip.MustParseAddr("10.0.0.2")), "nobody")
		files, _ := filepath.Glob(filepath.Join(filepath.Dir(told.File), "passwordreset*"))
		if len(files) != 1 {
			t.Fatalf("there are %d files, want 1", len(files))
		}
		if err := w.redeem(home, w.readPIN(files[0]).Pin); err != nil {
			t.Errorf("the PIN in the file is not the one that counts: %v", err)
		}
	}
}
