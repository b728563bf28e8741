package finlatch_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/storetest"
)

// jellyfin is an Upstream in memory. It counts what it is asked, and may be away, lie, or stop in any step.
type jellyfin struct {
	// on is called at each step, "SignIn" before and "SignIn done" after it has had its effect, and may fail it.
	on func(step string) error

	mu       sync.Mutex
	users    map[finlatch.ID]*account
	tokens   map[string]*issued
	mintings map[string]*minting
	asked    map[string]int // steps
	lie      func(*finlatch.Granted)
	hidden   finlatch.ID    // is not listed
	stuck    finlatch.Token // does not end
	key      finlatch.Token // an API key
	off      bool           // Quick Connect: neither Ask nor Mint works
	replaces bool           // a token that is minted ends the device's older one, as in a Jellyfin
}

type account struct {
	finlatch.User
	password string
	alias    string // another name that signs in
}

type issued struct {
	user   finlatch.ID
	device finlatch.ClientInfo
	ended  bool
}

type minting struct {
	device finlatch.ClientInfo
	token  string
}

func newJellyfin() *jellyfin {
	return &jellyfin{users: map[finlatch.ID]*account{}, tokens: map[string]*issued{}, mintings: map[string]*minting{}, asked: map[string]int{}}
}

var (
	errAway    = &finlatch.Error{Kind: finlatch.Unavailable, Msg: "away"}
	errUnknown = &finlatch.Error{Kind: finlatch.Unauthenticated, Msg: "Invalid username or password entered."}
)

func (j *jellyfin) step(name string) error {
	j.mu.Lock()
	j.asked[name]++
	on := j.on
	j.mu.Unlock()
	if on != nil {
		return on(name)
	}
	return nil
}

// do does a step, and then tells on that it is done: the answer may be lost.
func (j *jellyfin) do(name string, f func() error) error {
	if err := j.step(name); err != nil {
		return err
	}
	j.mu.Lock()
	err := f()
	j.mu.Unlock()
	if err != nil {
		return err
	}
	return j.step(name + " done")
}

// fail lets every step with a prefix fail.
func (j *jellyfin) fail(prefix string, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.on = func(step string) error {
		if strings.HasPrefix(step, prefix) {
			return err
		}
		return nil
	}
}

func (j *jellyfin) back() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.on, j.lie = nil, nil
}

func (j *jellyfin) count(step string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.asked[step]
}

func (j *jellyfin) add(n byte, name, password string, change ...func(*finlatch.Policy)) finlatch.ID {
	j.mu.Lock()
	defer j.mu.Unlock()
	id := finlatch.ID{0: 0xab, 15: n}
	policy := finlatch.NewPolicy()
	for _, f := range change {
		f(&policy)
	}
	j.users[id] = &account{User: finlatch.User{ID: id, Name: name, Policy: policy}, password: password}
	return id
}

func (j *jellyfin) change(id finlatch.ID, f func(*account)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f(j.users[id])
	if j.users[id].Policy.IsDisabled {
		for _, t := range j.tokens {
			t.ended = t.ended || t.user == id
		}
	}
}

func (j *jellyfin) remove(id finlatch.ID) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.users, id)
	for _, t := range j.tokens {
		t.ended = t.ended || t.user == id
	}
}

// alive are the tokens that upstream accepts.
func (j *jellyfin) alive() (tokens []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for text, t := range j.tokens {
		if !t.ended {
			tokens = append(tokens, text)
		}
	}
	return tokens
}

func (j *jellyfin) accepts(token finlatch.Token) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	t := j.tokens[token.Reveal()]
	return t != nil && !t.ended
}

// of is the living token with a hash.
func (j *jellyfin) of(hash finlatch.Hash) finlatch.Token {
	for _, text := range j.alive() {
		if token := finlatch.TokenFrom(text); token.Hash() == hash {
			return token
		}
	}
	return finlatch.Token{}
}

// give makes a token, as sign-in past us does.
func (j *jellyfin) give(id finlatch.ID, device finlatch.ClientInfo) finlatch.Token {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.issue(id, device)
}

func (j *jellyfin) issue(id finlatch.ID, device finlatch.ClientInfo) finlatch.Token {
	text := fmt.Sprintf("%032x", len(j.tokens)+1)
	j.tokens[text] = &issued{user: id, device: device}
	return finlatch.TokenFrom(text)
}

func (j *jellyfin) granted(token finlatch.Token) finlatch.Granted {
	t := j.tokens[token.Reveal()]
	g := finlatch.Granted{User: j.users[t.user].User, Device: t.device, Token: token}
	if j.lie != nil {
		j.lie(&g)
	}
	return g
}

func (j *jellyfin) SignIn(_ context.Context, c finlatch.Caller, name, password string) (g finlatch.Granted, err error) {
	err = j.do("SignIn", func() error {
		for _, u := range j.users {
			if !strings.EqualFold(u.Name, name) && u.alias != name {
				continue
			}
			if u.Policy.IsDisabled {
				return &finlatch.Error{Kind: finlatch.Forbidden, Msg: "The account is currently disabled."}
			}
			if u.password != password {
				return errUnknown
			}
			for _, t := range j.tokens {
				t.ended = t.ended || t.user == u.ID && t.device.DeviceID == c.DeviceID
			}
			g = j.granted(j.issue(u.ID, c.ClientInfo))
			return nil
		}
		return errUnknown
	})
	return g, err
}

func (j *jellyfin) Whose(_ context.Context, _ finlatch.Caller, token finlatch.Token) (g finlatch.Granted, err error) {
	err = j.do("Whose", func() error {
		if token == j.key {
			g = finlatch.Granted{Token: token, Key: true}
			return nil
		}
		t := j.tokens[token.Reveal()]
		if t == nil || t.ended || j.users[t.user].Policy.IsDisabled {
			return errUnknown
		}
		g = j.granted(token)
		return nil
	})
	return g, err
}

func (j *jellyfin) User(_ context.Context, id finlatch.ID) (user finlatch.User, err error) {
	err = j.do("User", func() error {
		if j.users[id] == nil {
			return finlatch.ErrNotFound
		}
		user = j.users[id].User
		return nil
	})
	return user, err
}

func (j *jellyfin) Users(context.Context) (users []finlatch.User, err error) {
	err = j.do("Users", func() error {
		users = nil
		for _, u := range j.users {
			if u.ID == j.hidden {
				continue
			}
			users = append(users, u.User)
		}
		return nil
	})
	return users, err
}

func (j *jellyfin) QuickConnect(context.Context) (on bool, err error) {
	err = j.do("QuickConnect", func() error { on = !j.off; return nil })
	return on, err
}

// turn switches upstream's Quick Connect, which nobody is told of.
func (j *jellyfin) turn(on bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.off = !on
}

func (j *jellyfin) Ask(_ context.Context, _ finlatch.Caller, device finlatch.ClientInfo) (m finlatch.Minting, err error) {
	err = j.do("Ask", func() error {
		if j.off {
			return errAway
		}
		secret := fmt.Sprintf("SECRET%d", j.asked["Ask"])
		j.mintings[secret] = &minting{device: device}
		m = finlatch.Minting{Secret: finlatch.SecretFrom(secret), Code: fmt.Sprintf("%06d", j.asked["Ask"])}
		return nil
	})
	return m, err
}

// Mint ends no older token of the device where it does not have to: whoever mints twice has two.
func (j *jellyfin) Mint(_ context.Context, m finlatch.Minting, user finlatch.ID) (g finlatch.Granted, err error) {
	err = j.do("Mint", func() error {
		if j.off {
			return errAway
		}
		begun := j.mintings[m.Secret.Reveal()]
		if begun == nil {
			return finlatch.ErrNotFound
		}
		if begun.token == "" {
			for _, t := range j.tokens {
				t.ended = t.ended || j.replaces && t.user == user && t.device.DeviceID == begun.device.DeviceID
			}
			begun.token = j.issue(user, begun.device).Reveal()
		}
		g = j.granted(finlatch.TokenFrom(begun.token))
		return nil
	})
	return g, err
}

func (j *jellyfin) Abandon(_ context.Context, m finlatch.Minting) error {
	return j.do("Abandon", func() error {
		if begun := j.mintings[m.Secret.Reveal()]; begun != nil && begun.token != "" {
			j.tokens[begun.token].ended = true
		}
		return nil
	})
}

func (j *jellyfin) End(_ context.Context, token finlatch.Token) error {
	return j.do("End", func() error {
		if token == j.stuck {
			return errAway
		}
		if t := j.tokens[token.Reveal()]; t != nil {
			t.ended = true
		}
		return nil
	})
}

// front is a world in front of a Jellyfin with ann, ben and root, an administrator.
type front struct {
	*world
	jellyfin       *jellyfin
	ann, ben, root finlatch.ID
}

func newFront(t *testing.T, change ...func(*finlatch.Options)) *front {
	t.Helper()
	f := &front{jellyfin: newJellyfin()}
	f.ann, f.ben = f.jellyfin.add(1, "ann", "pw"), f.jellyfin.add(2, "ben", "pw of ben")
	f.root = f.jellyfin.add(3, "root", "root-pw", func(p *finlatch.Policy) { p.IsAdministrator = true })
	f.world = emptyWorld(t, append([]func(*finlatch.Options){f.behind}, change...)...)
	return f
}

// behind puts a service in front of the Jellyfin, on a store that runs each change twice.
func (f *front) behind(o *finlatch.Options) {
	o.Upstream, o.Store = f.jellyfin, storetest.Twice(o.Store)
}

func (f *front) ended() (n int) {
	f.Helper()
	err := f.store.View(f.ctx, func(tx finlatch.Tx) error {
		ended, err := tx.EndedTokens(f.ctx, 0, 1000)
		n = len(ended)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	return n
}

func TestUpstreamsServerHasNoFirstRun(t *testing.T) {
	t.Parallel()
	id := finlatch.ID{7}
	f := newFront(t, func(o *finlatch.Options) { o.ServerID = id })
	settings, err := f.Settings(f.ctx)
	if err != nil || !settings.SetupComplete || settings.ServerID != id || !settings.QuickConnect {
		t.Errorf("settings %+v, %v", settings, err)
	}
	f.store.Close()
	f.open(f.behind)
	settings, err = f.Settings(f.ctx)
	if err != nil || settings.ServerID != id {
		t.Errorf("after a restart: server id %v, %v, want %v", settings.ServerID, err, id)
	}
}

// A wrong address would sign everybody out: the other server knows none of them.
func TestStoreOfAnotherUpstream(t *testing.T) {
	t.Parallel()
	f := newFront(t, func(o *finlatch.Options) { o.ServerID = finlatch.ID{7} })
	other := finlatch.Options{Store: f.store, Upstream: newJellyfin(), ServerID: finlatch.ID{8}}
	if _, err := finlatch.New(f.ctx, other); err != nil { // nobody is signed in yet
		t.Fatal(err)
	}
	in := f.signIn("ann", "pw", device("tv", home))
	other.ServerID = finlatch.ID{7}
	if _, err := finlatch.New(f.ctx, other); err == nil || !strings.Contains(err.Error(), "another Jellyfin") {
		t.Errorf("got error %v", err)
	}
	if settings, err := f.Settings(f.ctx); err != nil || settings.ServerID != (finlatch.ID{8}) || !f.alive(in.Token) {
		t.Errorf("it is the server of %v, %v, and ann's token is alive: %v", settings.ServerID, err, f.alive(in.Token))
	}
}

func TestStoreWithUsersOfItsOwnServesNoUpstream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := finlatch.New(w.ctx, finlatch.Options{Store: w.store, Upstream: newJellyfin()})
	if err == nil || !strings.Contains(err.Error(), "users of its own") {
		t.Errorf("got error %v", err)
	}
}

func TestUsersOfUpstreamAreNotChangedHere(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	root := f.as("root", "root-pw")
	f.signIn("ann", "pw", device("tv", home))
	for name, try := range map[string]func() error{
		"CreateUser":  func() error { _, err := f.CreateUser(f.ctx, root, "new", "x", false); return err },
		"SetPassword": func() error { return f.SetPassword(f.ctx, finlatch.Operator(), f.ann, "x") },
		"ChangePassword": func() error {
			return f.ChangePassword(f.ctx, root, finlatch.ID{}, finlatch.PasswordChange{Current: "root-pw", New: "x"})
		},
		"SetPicture":       func() error { return f.SetPicture(f.ctx, root, f.ann, func() ([]byte, error) { return nil, nil }) },
		"DeletePicture":    func() error { return f.DeletePicture(f.ctx, root, f.ann) },
		"SetPolicy":        func() error { return f.SetPolicy(f.ctx, root, f.ann, finlatch.NewPolicy(), 0) },
		"SetDisabled":      func() error { return f.SetDisabled(f.ctx, root, f.ann, true) },
		"Rename":           func() error { return f.Rename(f.ctx, root, f.ann, "other") },
		"SetConfiguration": func() error { return f.SetConfiguration(f.ctx, root, f.ann, finlatch.NewConfiguration()) },
	} {
		if err := try(); finlatch.KindOf(err) != finlatch.Forbidden || err == nil {
			t.Errorf("%s: got error %v, want Forbidden", name, err)
		}
	}
	if calls := f.hasher.take(); calls != "" {
		t.Errorf("hashed: %s", calls)
	}
}

// Where the store is used without upstream, nobody gets in without a password.
func TestMirroredUsersHaveNoEmptyPassword(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.as("root", "root-pw")
	f.store.Close()
	f.open()
	for _, password := range []string{"", "root-pw"} {
		_, err := f.SignIn(f.ctx, device("tv", home), "root", password)
		f.wantKind(err, finlatch.Unauthenticated)
	}
}
