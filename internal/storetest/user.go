package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

var userTests = []test{
	{"round trip", func(t *testing.T, s fixture) {
		for seed := range 2 { // every bool in both states
			want := filled[finlatch.User](seed)
			want.NormalizedName += string('a' + rune(seed))
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateUser(ctx, want) })
			s.wantUser("created", want)

			put := filled[finlatch.User](1000 + seed)
			put.ID = want.ID
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutUser(ctx, put) })
			s.wantUser("replaced", put)
			s.missing("old name", func(ctx context.Context, tx finlatch.Tx) error {
				_, err := tx.UserByName(ctx, want.NormalizedName)
				return err
			})
		}
	}},
	{"zero values", func(t *testing.T, s fixture) {
		want := finlatch.User{ID: id(1)}
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateUser(ctx, want) })
		s.wantUser("created", want)
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutUser(ctx, person(1, "a")) })
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutUser(ctx, want) })
		s.wantUser("replaced", want)
	}},
	{"not there", func(t *testing.T, s fixture) {
		s.people(1)
		s.missing("User", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.User(ctx, id(9)); return err })
		s.missing("UserByName", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.UserByName(ctx, "person b"); return err })
		s.refuses(finlatch.ErrNotFound, func(ctx context.Context, tx finlatch.Tx) error { return tx.PutUser(ctx, person(9, "nobody")) })
		s.refuses(finlatch.ErrNotFound, func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteUser(ctx, id(9)) })
	}},
	{"nobody yet", func(t *testing.T, s fixture) {
		s.wantUsers(finlatch.UserFilter{})
	}},
	{"conflicts", func(t *testing.T, s fixture) {
		s.people(2)
		for _, taken := range []finlatch.User{person(1, "somebody else"), person(3, "PERSON B")} {
			s.refuses(finlatch.ErrConflict, func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateUser(ctx, taken) })
		}
		s.refuses(finlatch.ErrConflict, func(ctx context.Context, tx finlatch.Tx) error { return tx.PutUser(ctx, person(2, "Person B")) })
		s.wantUser("untouched", person(2, "person c"))
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutUser(ctx, person(1, "PERSON b")) }) // one's own name
		s.wantUser("in other case", person(1, "PERSON b"))
	}},
	{"names compare byte by byte", func(t *testing.T, s fixture) {
		names := []string{"E", "E\u0301", "É", "Ｅ", "E ", "EE", "ẞ", "ß", "Z", "_"}
		for i, name := range names {
			u := person(byte(i+1), name)
			u.NormalizedName = name
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateUser(ctx, u) })
		}
		s.wantUsers(finlatch.UserFilter{}, 1, 5, 6, 2, 9, 10, 3, 8, 7, 4)
	}},
	{"filters", func(t *testing.T, s fixture) {
		yes, no := new(true), new(false)
		for n := range byte(16) {
			u := person(n+1, "person "+string('a'+rune(n)))
			u.Policy.IsAdministrator, u.Policy.IsDisabled, u.Policy.IsHidden = n&1 != 0, n&2 != 0, n&4 != 0
			if n&8 != 0 {
				u.PasswordHash = "$"
			}
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateUser(ctx, u) })
		}
		s.wantUsers(finlatch.UserFilter{Administrator: yes}, 2, 4, 6, 8, 10, 12, 14, 16)
		s.wantUsers(finlatch.UserFilter{Disabled: yes}, 3, 4, 7, 8, 11, 12, 15, 16)
		s.wantUsers(finlatch.UserFilter{Hidden: no}, 1, 2, 3, 4, 9, 10, 11, 12)
		s.wantUsers(finlatch.UserFilter{HasPassword: no}, 1, 2, 3, 4, 5, 6, 7, 8)
		s.wantUsers(finlatch.UserFilter{HasPassword: yes}, 9, 10, 11, 12, 13, 14, 15, 16)
		s.wantUsers(finlatch.UserFilter{Hidden: no, Disabled: no}, 1, 2, 9, 10)
		s.wantUsers(finlatch.UserFilter{Administrator: yes, Disabled: no}, 2, 6, 10, 14)
		s.wantUsers(finlatch.UserFilter{Administrator: yes, Disabled: yes, Hidden: yes, HasPassword: yes}, 16)

		u := person(1, "person a")
		u.Policy.IsAdministrator = true
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutUser(ctx, u) })
		s.wantUsers(finlatch.UserFilter{Administrator: yes, Disabled: no, HasPassword: no}, 1, 2, 6)
	}},
	{"name parts", func(t *testing.T, s fixture) {
		for i, name := range []string{"ANN", "JOANNA", "ann", "BÉA", "BE\u0301A", "100%", "A_N"} {
			u := person(byte(i+1), "NAME")
			u.NormalizedName = name
			u.Policy.IsAdministrator = i < 2
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateUser(ctx, u) })
		}
		s.wantUsers(finlatch.UserFilter{NamePart: "ANN"}, 1, 2)
		s.wantUsers(finlatch.UserFilter{NamePart: "ANNA"}, 2)
		s.wantUsers(finlatch.UserFilter{NamePart: "ann"}, 3)
		s.wantUsers(finlatch.UserFilter{NamePart: "É"}, 4)
		s.wantUsers(finlatch.UserFilter{NamePart: "E"}, 5)
		s.wantUsers(finlatch.UserFilter{NamePart: "%"}, 6)
		s.wantUsers(finlatch.UserFilter{NamePart: "_"}, 7)
		s.wantUsers(finlatch.UserFilter{NamePart: "NAME"})
		s.wantUsers(finlatch.UserFilter{NamePart: "N", Administrator: new(true)}, 1, 2)
		s.wantUsers(finlatch.UserFilter{NamePart: "N", Administrator: new(false)}, 7)
	}},
	{"limits", func(t *testing.T, s fixture) {
		for n := byte(5); n > 0; n-- {
			u := person(n, "person "+string('a'+rune(n)))
			u.Policy.IsHidden = n%2 != 0
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateUser(ctx, u) })
		}
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			for _, limited := range []struct {
				filter finlatch.UserFilter
				want   []byte
				count  int
			}{
				{finlatch.UserFilter{Limit: 2}, []byte{1, 2}, 5},
				{finlatch.UserFilter{Limit: 100}, []byte{1, 2, 3, 4, 5}, 5},
				{finlatch.UserFilter{Limit: 2, Hidden: new(true)}, []byte{1, 3}, 3},
				{finlatch.UserFilter{Limit: 1, NamePart: finlatch.NormalizeName("n d")}, []byte{3}, 1},
			} {
				users, err := tx.Users(ctx, limited.filter)
				if err != nil {
					return err
				}
				equal(t, "limited", ids(users), numbered(limited.want))
				n, err := tx.CountUsers(ctx, limited.filter)
				if err != nil {
					return err
				}
				equal(t, "CountUsers, which has no limit", n, limited.count)
			}
			return nil
		})
	}},
	{"deleting", func(t *testing.T, s fixture) {
		s.people(2)
		s.devices(device(1, 1, "one"), device(2, 2, "two"))
		s.update(func(ctx context.Context, tx finlatch.Tx) error {
			for n := byte(1); n <= 2; n++ {
				if err := tx.PutDisplayPreferences(ctx, finlatch.DisplayPreferences{UserID: id(n), Client: "web"}); err != nil {
					return err
				}
				request := quickConnect(n, 1)
				request.State, request.UserID, request.ApprovedBy = finlatch.QuickConnectApproved, id(n), id(3-n)
				if err := tx.CreateQuickConnect(ctx, request); err != nil {
					return err
				}
			}
			return tx.AddActivity(ctx, finlatch.Activity{UserID: id(1), ByID: id(1), Count: 1, At: epoch})
		})
		for n := byte(1); n <= 2; n++ {
			s.putPicture(finlatch.Picture{OwnerID: id(n), Tag: "a picture"})
			s.putReset(passwordReset(n, n))
			s.putOptions(finlatch.DeviceOptions{DeviceID: "tv", UserID: id(n), CustomName: "a name"})
		}
		s.putPicture(finlatch.Picture{Tag: "splash"})
		s.putOptions(finlatch.DeviceOptions{DeviceID: "tv", CustomName: "everybody's"})
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteUser(ctx, id(1)) })
		s.missing("User", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.User(ctx, id(1)); return err })
		s.missing("Device", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.Device(ctx, hash(1)); return err })
		s.missing("QuickConnect", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.QuickConnect(ctx, hash(1)); return err })
		s.missing("DisplayPreferences", func(ctx context.Context, tx finlatch.Tx) error {
			_, err := tx.DisplayPreferences(ctx, id(1), finlatch.ID{}, "web")
			return err
		})
		s.wantNoPicture(id(1))
		s.wantNoReset(hash(1))
		s.missing("DeviceOptions", func(ctx context.Context, tx finlatch.Tx) error {
			_, err := tx.DeviceOptions(ctx, "tv", id(1))
			return err
		})
		s.wantPicture(finlatch.Picture{OwnerID: id(2), Tag: "a picture"})
		s.wantPicture(finlatch.Picture{Tag: "splash"})
		s.wantReset(passwordReset(2, 2))
		s.wantOptions(finlatch.DeviceOptions{DeviceID: "tv", UserID: id(2), CustomName: "a name"},
			finlatch.DeviceOptions{DeviceID: "tv", CustomName: "everybody's"})
		s.view(func(ctx context.Context, tx finlatch.Tx) error { // what is another's stays, and so does the log
			if _, err := tx.Device(ctx, hash(2)); err != nil {
				return err
			}
			if _, err := tx.DisplayPreferences(ctx, id(2), finlatch.ID{}, "web"); err != nil {
				return err
			}
			request, err := tx.QuickConnect(ctx, hash(2))
			equal(t, "approver who is gone", request.ApprovedBy, id(1))
			if err != nil {
				return err
			}
			entries, _, err := tx.Activities(ctx, finlatch.ActivityFilter{UserID: id(1)})
			equal(t, "entries of the log", len(entries), 1)
			return err
		})
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateUser(ctx, person(1, "person b")) })
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			n, err := tx.CountDevices(ctx, finlatch.DeviceFilter{UserID: id(1)})
			equal(t, "devices of the user created again", n, 0)
			return err
		})
	}},
	{"hostile names", func(t *testing.T, s fixture) {
		for i, name := range hostile {
			want := person(byte(i+1), name)
			want.NormalizedName = name
			if err := s.try(func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateUser(ctx, want) }); err != nil {
				t.Logf("%q is refused: %v", name, err)
				s.missing("refused user", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.User(ctx, want.ID); return err })
				continue
			}
			s.wantUser(name, want)
		}
		s.refuses(finlatch.ErrConflict, func(ctx context.Context, tx finlatch.Tx) error {
			u := person(200, hostile[2])
			u.NormalizedName = hostile[2]
			return tx.CreateUser(ctx, u)
		})
	}},
	{"times", func(t *testing.T, s fixture) {
		zone := time.FixedZone("east", 5*3600+1800)
		for _, want := range []time.Time{
			time.Unix(0, 0), time.Unix(0, 1000), time.Unix(-1, 999_999_000), time.Date(1999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
			time.Date(2200, 2, 28, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 2, 30, 0, 100_000, zone),
		} {
			u := person(1, "a")
			u.CreatedAt, u.LastLoginAt, u.LastActivityAt, u.DevicesSeenAt = want, want, want, want
			s.update(func(ctx context.Context, tx finlatch.Tx) error {
				if _, err := tx.User(ctx, u.ID); err == nil {
					return tx.PutUser(ctx, u)
				}
				return tx.CreateUser(ctx, u)
			})
			s.wantUser(want.String(), u)
		}
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			u, err := tx.User(ctx, id(1))
			equal(t, "location of times", u.CreatedAt.Location().String(), "UTC")
			return err
		})
	}},
}

// wantUser wants a user to be found as it is, by id and by name, alone and in a list.
func (s fixture) wantUser(what string, want finlatch.User) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		got, err := tx.User(ctx, want.ID)
		if err != nil {
			return err
		}
		equal(s.t, what, got, want)
		got, err = tx.UserByName(ctx, want.NormalizedName)
		if err != nil {
			return err
		}
		equal(s.t, what+", by name", got, want)
		users, err := tx.Users(ctx, finlatch.UserFilter{})
		for _, got := range users {
			if got.ID == want.ID {
				equal(s.t, what+", listed", got, want)
				return err
			}
		}
		s.t.Errorf("%s: not listed", what)
		return err
	})
}

// wantUsers wants a filter without a limit to pick the users of these numbers, in this order.
func (s fixture) wantUsers(filter finlatch.UserFilter, numbers ...byte) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		users, err := tx.Users(ctx, filter)
		if err != nil {
			return err
		}
		equal(s.t, "Users", ids(users), numbered(numbers))
		n, err := tx.CountUsers(ctx, filter)
		equal(s.t, "CountUsers", n, len(numbers))
		return err
	})
}

func ids(users []finlatch.User) (list []finlatch.ID) {
	for _, u := range users {
		list = append(list, u.ID)
	}
	return list
}

func numbered(numbers []byte) (list []finlatch.ID) {
	for _, n := range numbers {
		list = append(list, id(n))
	}
	return list
}
