package finlatch_test

import (
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
)

func TestUserNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// the cases of Jellyfin's own tests, and what its expression says beside them
	for name, valid := range map[string]bool{
		"this_is_valid": true, "this is also valid": true, "0@_-' .": true, "Aa0@_-' .+": true, "thisisa+testemail@test.foo": true,
		"münchen": true, "密码": true, "e\u0301": true,
		" ": false, "": false, "special characters like & $ ? are not allowed": false, "thishasaspaceontheend ": false,
		" thishasaspaceatthestart": false, ".": false, "..": false, "a/b": false, "line\n": false, "a\x00b": false, "\xff": false,
		strings.Repeat("n", 256): false,
	} {
		_, err := w.CreateUser(w.ctx, finlatch.Operator(), name, "", false)
		if (err == nil) != valid {
			t.Errorf("CreateUser(%q): %v, want valid %v", name, err, valid)
		}
	}
}

func TestUserNamesAreUniqueInAnyCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("Çelebi", "pw")
	ali := w.user("ali", "")
	_, err := w.CreateUser(w.ctx, finlatch.Operator(), "ÇELEBI", "", false)
	w.wantKind(err, finlatch.Invalid)
	w.wantKind(w.Rename(w.ctx, finlatch.Operator(), ali.ID, "çelebi"), finlatch.Invalid)
	w.user("çelebı", "") // Turkish, without the dot: another name, as in .NET
	if err := w.Rename(w.ctx, finlatch.Operator(), ali.ID, "ALI"); err != nil {
		t.Errorf("a change of case only: %v", err)
	}
	if u, err := w.UserByName(w.ctx, finlatch.Operator(), "ali"); err != nil || u.Name != "ALI" {
		t.Errorf("UserByName: %q, %v", u.Name, err)
	}
	w.signIn("çelebi", "pw", device("tv", home))
}

func TestThereIsAlwaysAnAdministrator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := finlatch.Operator()
	demoted := w.admin.Policy
	demoted.IsAdministrator = false
	w.wantKind(w.SetPolicy(w.ctx, op, w.admin.ID, demoted, 0), finlatch.Forbidden)
	w.wantKind(w.SetDisabled(w.ctx, op, w.admin.ID, true), finlatch.Forbidden)
	w.wantKind(w.DeleteUser(w.ctx, op, w.admin.ID), finlatch.Invalid)
	w.wantKind(w.SetPassword(w.ctx, op, w.admin.ID, ""), finlatch.Invalid)
	// One who is disabled administers nothing: Jellyfin takes both at once and counts them.
	w.user("off", "pw", func(p *finlatch.Policy) { p.IsAdministrator, p.IsDisabled = true, true })
	w.wantKind(w.SetPolicy(w.ctx, op, w.admin.ID, demoted, 0), finlatch.Forbidden)
	w.wantKind(w.DeleteUser(w.ctx, op, w.admin.ID), finlatch.Invalid)
	off, err := w.UserByName(w.ctx, op, "off")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteUser(w.ctx, op, off.ID); err != nil {
		t.Errorf("the disabled one: %v", err)
	}
	if _, err := w.CreateUser(w.ctx, op, "second", "pw", true); err != nil {
		t.Fatal(err)
	}
	if err := w.SetPolicy(w.ctx, op, w.admin.ID, demoted, 0); err != nil {
		t.Errorf("with another administrator: %v", err)
	}
	if err := w.DeleteUser(w.ctx, op, w.admin.ID); err != nil {
		t.Error(err)
	}
	w.wantKind(w.DeleteUser(w.ctx, op, w.admin.ID), finlatch.NotFound)
}

func TestOnlyAdministratorsAdminister(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("ann", "pw")
	for name, test := range map[string]struct {
		c    finlatch.Caller
		kind finlatch.Kind
	}{
		"a stranger": {device("tv", home), finlatch.Unauthenticated},
		"a user":     {w.as("ann", "pw"), finlatch.Forbidden},
	} {
		_, createErr := w.CreateUser(w.ctx, test.c, "eve", "pw", false)
		_, devicesErr := w.Devices(w.ctx, test.c, finlatch.ID{})
		_, deviceErr := w.DeviceByID(w.ctx, test.c, "tv", finlatch.ID{})
		_, keysErr := w.APIKeys(w.ctx, test.c)
		_, _, keyErr := w.CreateAPIKey(w.ctx, test.c, "app")
		_, nameErr := w.UserByName(w.ctx, test.c, "admin")
		for what, err := range map[string]error{
			"CreateUser": createErr, "Devices": devicesErr, "DeviceByID": deviceErr, "APIKeys": keysErr, "CreateAPIKey": keyErr, "UserByName": nameErr,
			"SetPolicy":      w.SetPolicy(w.ctx, test.c, w.admin.ID, finlatch.NewPolicy(), 0),
			"DeleteUser":     w.DeleteUser(w.ctx, test.c, w.admin.ID),
			"Rename":         w.Rename(w.ctx, test.c, w.admin.ID, "x"),
			"SetPassword":    w.SetPassword(w.ctx, test.c, w.admin.ID, "x"),
			"DeleteDevices":  w.DeleteDevices(w.ctx, test.c, []string{"tv"}, finlatch.ID{}),
			"DeleteAPIKey":   w.DeleteAPIKey(w.ctx, test.c, "x"),
			"ChangeSettings": w.ChangeSettings(w.ctx, test.c, "x", func(*finlatch.Settings) error { return nil }),
		} {
			if finlatch.KindOf(err) != test.kind || err == nil {
				t.Errorf("%s: %s: %v, want kind %v", name, what, err, test.kind)
			}
		}
	}
}

func TestPublicUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shown := func(p *finlatch.Policy) { p.IsHidden = false }
	w.user("hidden", "pw")
	w.user("shown", "pw", shown)
	w.user("off", "pw", shown, func(p *finlatch.Policy) { p.IsDisabled = true })
	w.user("local", "pw", shown, func(p *finlatch.Policy) { p.EnableRemoteAccess = false })
	for name, test := range map[string]struct {
		c    finlatch.Caller
		want string
	}{
		"at home": {finlatch.Caller{Address: home}, "local shown"}, "away": {finlatch.Caller{Address: away}, "shown"},
		"forwarded": {finlatch.Caller{Address: home, Forwarded: true}, "shown"},
	} {
		users, err := w.PublicUsers(w.ctx, test.c)
		var names []string
		for _, u := range users {
			names = append(names, u.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != test.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, test.want)
		}
	}
}
