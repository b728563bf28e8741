package finlatch_test

import (
	"io"
	"testing"

	"github.com/finlatch/finlatch"
)

// hookedHasher calls back before it hashes a new password.
type hookedHasher struct {
	countingHasher
	before func()
}

func (h *hookedHasher) Hash(random io.Reader, password string) (string, error) {
	if f := h.before; f != nil {
		h.before = nil
		f()
	}
	return h.countingHasher.Hash(random, password)
}

func TestChangingPasswords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.user("ann", "ann-pw")
	eve := w.user("eve", "eve-pw", func(p *finlatch.Policy) { p.EnableUserPreferenceAccess = false })
	bare := w.user("bare", "")
	as := func(name, password string) finlatch.Caller {
		return w.caller(w.signIn(name, password, device(name, home)).Token, home)
	}
	annCaller, eveCaller, bareCaller, admin := as("ann", "ann-pw"), as("eve", "eve-pw"), as("bare", ""), as("admin", "admin-pw")
	_, key, err := w.CreateAPIKey(w.ctx, finlatch.Operator(), "robot")
	if err != nil {
		t.Fatal(err)
	}
	robot := w.caller(key, home)
	const wrong, ok = finlatch.Forbidden, finlatch.Kind(99)
	for _, test := range []struct {
		name   string
		c      finlatch.Caller
		id     finlatch.ID
		change finlatch.PasswordChange
		want   finlatch.Kind
	}{
		{"without the current one", annCaller, ann.ID, finlatch.PasswordChange{New: "x"}, wrong},
		{"with a wrong one", annCaller, finlatch.ID{}, finlatch.PasswordChange{Current: "ann", New: "x"}, wrong},
		{"removed without the current one", annCaller, ann.ID, finlatch.PasswordChange{Reset: true}, wrong},
		{"another's", annCaller, eve.ID, finlatch.PasswordChange{Current: "eve-pw", New: "x"}, finlatch.Forbidden},
		{"an administrator's by a user", annCaller, w.admin.ID, finlatch.PasswordChange{Current: "admin-pw", New: "x"}, finlatch.Forbidden},
		{"the own one where the policy forbids it", eveCaller, eve.ID, finlatch.PasswordChange{Current: "eve-pw", New: "x"}, finlatch.Forbidden},
		{"nobody's", admin, finlatch.ID{1}, finlatch.PasswordChange{New: "x"}, finlatch.NotFound},
		{"by a key that names nobody", robot, finlatch.ID{}, finlatch.PasswordChange{New: "x"}, finlatch.Invalid},
		{"by a stranger", device("x", home), ann.ID, finlatch.PasswordChange{Current: "ann-pw", New: "x"}, finlatch.Unauthenticated},
		{"the administrator's own without the current one", admin, finlatch.ID{}, finlatch.PasswordChange{New: "x"}, wrong},
		{"the same by id", admin, w.admin.ID, finlatch.PasswordChange{New: "x"}, wrong},
		{"an administrator's away", admin, w.admin.ID, finlatch.PasswordChange{Reset: true}, finlatch.Invalid},
		{"an administrator's to nothing", admin, w.admin.ID, finlatch.PasswordChange{Current: "admin-pw"}, finlatch.Invalid},
		{"an administrator's to a blank", robot, w.admin.ID, finlatch.PasswordChange{New: "  "}, finlatch.Invalid},
		{"a long one", admin, ann.ID, finlatch.PasswordChange{New: string(make([]byte, finlatch.MaxPassword+1))}, finlatch.Invalid},
		{"the first one of a user who had none", bareCaller, bare.ID, finlatch.PasswordChange{New: "bare-pw"}, ok},
		{"by an administrator", admin, eve.ID, finlatch.PasswordChange{New: "set"}, ok},
		{"by a key", robot, eve.ID, finlatch.PasswordChange{New: "set again"}, ok},
		{"the own one", annCaller, finlatch.ID{}, finlatch.PasswordChange{Current: "ann-pw", New: "new"}, ok},
		{"the own one away", annCaller, ann.ID, finlatch.PasswordChange{Current: "new", New: "ignored", Reset: true}, ok},
		{"the administrator's own", admin, finlatch.ID{}, finlatch.PasswordChange{Current: "admin-pw", New: "admin-new"}, ok},
	} {
		switch err := w.ChangePassword(w.ctx, test.c, test.id, test.change); {
		case test.want == ok && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.want != ok && (err == nil || finlatch.KindOf(err) != test.want):
			t.Errorf("%s: got %v of kind %v, want %v", test.name, err, finlatch.KindOf(err), test.want)
		}
	}
	for name, password := range map[string]string{"ann": "", "eve": "set again", "bare": "bare-pw", "admin": "admin-new"} {
		w.signIn(name, password, device("after", home))
	}
}

func TestAChangedPasswordEndsWhatCameOfTheOldOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withResetDir(t))
	ann := w.user("ann", "ann-pw")
	own, other := w.signIn("ann", "ann-pw", device("own", home)), w.signIn("ann", "ann-pw", device("other", home))
	pin := w.askPIN("ann")
	c := w.caller(own.Token, home)
	if err := w.ChangePassword(w.ctx, c, ann.ID, finlatch.PasswordChange{Current: "ann-pw", New: "new"}); err != nil {
		t.Fatal(err)
	}
	w.caller(own.Token, home)
	_, err := w.Authenticate(w.ctx, finlatch.Caller{Address: home}, other.Token)
	w.wantKind(err, finlatch.Unauthenticated)
	_, err = w.RedeemPIN(w.ctx, device("x", home), pin)
	w.wantKind(err, finlatch.NotFound)
	own2 := w.signIn("ann", "new", device("third", home))
	if err := w.ChangePassword(w.ctx, w.caller(own2.Token, home), ann.ID, finlatch.PasswordChange{Current: "new", Reset: true}); err != nil {
		t.Fatal(err)
	}
	_, err = w.Authenticate(w.ctx, finlatch.Caller{Address: home}, own.Token)
	w.wantKind(err, finlatch.Unauthenticated)
	w.caller(own2.Token, home)
}

func TestAWrongCurrentPasswordCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.user("ann", "ann-pw", func(p *finlatch.Policy) { p.LoginAttemptsBeforeLockout = 3 })
	c := w.caller(w.signIn("ann", "ann-pw", device("tv", home)).Token, home)
	for range 3 {
		w.wantKind(w.ChangePassword(w.ctx, c, ann.ID, finlatch.PasswordChange{Current: "guess", New: "x"}), finlatch.Forbidden)
	}
	after, err := w.UserByID(w.ctx, finlatch.Operator(), ann.ID)
	if err != nil || !after.Policy.IsDisabled || after.PasswordVersion != ann.PasswordVersion {
		t.Errorf("after three guesses the account is disabled: %v, the password's version %d (%v)", after.Policy.IsDisabled, after.PasswordVersion, err)
	}
}

func TestAPasswordChangedMeanwhileStays(t *testing.T) {
	t.Parallel()
	hasher := &hookedHasher{}
	w := newWorld(t, func(o *finlatch.Options) { o.Hasher = hasher })
	ann := w.user("ann", "ann-pw")
	c := w.caller(w.signIn("ann", "ann-pw", device("tv", home)).Token, home)
	hasher.before = func() {
		if err := w.SetPassword(w.ctx, finlatch.Operator(), ann.ID, "by the operator"); err != nil {
			t.Error(err)
		}
	}
	w.wantKind(w.ChangePassword(w.ctx, c, ann.ID, finlatch.PasswordChange{Current: "ann-pw", New: "stolen"}), finlatch.Forbidden)
	w.signIn("ann", "by the operator", device("tv", home))
}
