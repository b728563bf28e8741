package storetest

import (
	"context"
	"net/netip"
	"slices"
	"testing"

	"github.com/finlatch/finlatch"
)

var deviceTests = []test{
	{"round trip", func(t *testing.T, s fixture) {
		s.people(1)
		for seed := range 2 { // every bool in both states
			want := filled[finlatch.Device](seed)
			want.UserID = id(1)
			s.devices(want)
			want.CustomName = "" // is only read
			s.wantDevice("filled", want)
		}

		bare := finlatch.Device{TokenHash: hash(2), UserID: id(1)}
		s.devices(bare)
		s.wantDevice("bare", bare)

		for i, address := range []string{"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%eth0", "::"} {
			d := device(byte(i+10), 1, address)
			d.Address = netip.MustParseAddr(address)
			s.devices(d)
			s.wantDevice(address, d)
		}
	}},
	{"not there", func(t *testing.T, s fixture) {
		s.people(1)
		s.missing("Device", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.Device(ctx, hash(1)); return err })
		s.missing("zero hash", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.Device(ctx, finlatch.Hash{}); return err })
		s.refuses(finlatch.ErrNotFound, func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateDevice(ctx, device(1, 9, "x")) })
		s.wantDevices(finlatch.DeviceFilter{})
		s.wantDevices(finlatch.DeviceFilter{UserID: id(1)})
	}},
	{"conflicts", func(t *testing.T, s fixture) {
		s.people(2)
		s.devices(device(1, 1, "tv"))
		s.refuses(finlatch.ErrConflict, func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateDevice(ctx, device(2, 1, "tv")) })
		s.refuses(finlatch.ErrConflict, func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateDevice(ctx, device(1, 2, "phone")) })
		s.devices(device(2, 2, "tv"), device(3, 1, "TV"), device(4, 1, "tv "), device(5, 1, ""))
		s.refuses(finlatch.ErrConflict, func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateDevice(ctx, device(6, 1, "")) })
		s.wantDevice("untouched", device(1, 1, "tv"))
	}},
	{"filters and order", func(t *testing.T, s fixture) {
		s.people(2)
		tie := device(6, 1, "a")
		tie.LastActivityAt = after(5)
		never := device(7, 2, "never")
		never.LastActivityAt = finlatch.Device{}.LastActivityAt
		s.devices(device(1, 1, "tv"), device(2, 2, "tv"), device(3, 1, "phone"), device(4, 2, "phone"), device(5, 1, "b"), tie, never)

		s.wantDevices(finlatch.DeviceFilter{}, 6, 5, 4, 3, 2, 1, 7)
		s.wantDevices(finlatch.DeviceFilter{UserID: id(1)}, 6, 5, 3, 1)
		s.wantDevices(finlatch.DeviceFilter{UserID: id(9)})
		s.wantDevices(finlatch.DeviceFilter{DeviceID: "tv"}, 2, 1)
		s.wantDevices(finlatch.DeviceFilter{DeviceID: "TV"})
		s.wantDevices(finlatch.DeviceFilter{UserID: id(2), DeviceID: "tv"}, 2)
		s.wantDevices(finlatch.DeviceFilter{TokenHash: hash(3)}, 3)
		s.wantDevices(finlatch.DeviceFilter{TokenHash: hash(3), UserID: id(2)})
		s.wantDevices(finlatch.DeviceFilter{TokenHash: hash(3), Except: hash(3)})
		s.wantDevices(finlatch.DeviceFilter{Except: hash(3)}, 6, 5, 4, 2, 1, 7)
		s.wantDevices(finlatch.DeviceFilter{UserID: id(1), Except: hash(1)}, 6, 5, 3)
		s.wantDevices(finlatch.DeviceFilter{ActiveSince: after(4)}, 6, 5, 4)
		s.wantDevices(finlatch.DeviceFilter{ActiveSince: after(2), UserID: id(2), DeviceID: "tv", Except: hash(4)}, 2)

		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			for _, limited := range []struct {
				filter finlatch.DeviceFilter
				want   []byte
			}{
				{finlatch.DeviceFilter{Limit: 2}, []byte{6, 5}},
				{finlatch.DeviceFilter{Limit: 100}, []byte{6, 5, 4, 3, 2, 1, 7}},
				{finlatch.DeviceFilter{UserID: id(2), Limit: 1}, []byte{4}},
			} {
				got, err := tx.Devices(ctx, limited.filter)
				if err != nil {
					return err
				}
				equal(t, "limited", tokens(got), hashes(limited.want))
			}
			return nil
		})
	}},
	{"oldest", func(t *testing.T, s fixture) {
		s.people(2)
		s.devices(device(1, 1, "a"), device(4, 1, "b"), device(2, 1, "c"), device(3, 2, "d")) // created in minute -n
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			for _, limited := range []struct {
				limit int
				want  []byte
			}{{0, nil}, {1, []byte{4}}, {2, []byte{4, 2}}, {9, []byte{4, 2, 1}}} {
				got, err := tx.OldestDevices(ctx, id(1), limited.limit)
				if err != nil {
					return err
				}
				equal(t, "OldestDevices", tokens(got), hashes(limited.want))
			}
			return nil
		})
	}},
	{"deleting", func(t *testing.T, s fixture) {
		s.people(2)
		everything := []finlatch.Device{device(1, 1, "tv"), device(2, 2, "tv"), device(3, 1, "phone"), device(4, 2, "phone")}
		everything[2].Pages = true
		for _, c := range []struct {
			name   string
			filter finlatch.DeviceFilter
			gone   []byte
		}{
			{"nothing", finlatch.DeviceFilter{}, nil},
			{"nothing but a limit", finlatch.DeviceFilter{Limit: 3}, nil},
			{"a user's", finlatch.DeviceFilter{UserID: id(1)}, []byte{1, 3}},
			{"a user's, limit", finlatch.DeviceFilter{UserID: id(1), Limit: 1}, []byte{1, 3}},
			{"a device's", finlatch.DeviceFilter{DeviceID: "tv"}, []byte{1, 2}},
			{"a user's on a device", finlatch.DeviceFilter{UserID: id(1), DeviceID: "tv"}, []byte{1}},
			{"one", finlatch.DeviceFilter{TokenHash: hash(4)}, []byte{4}},
			{"one, another's", finlatch.DeviceFilter{TokenHash: hash(4), UserID: id(1)}, nil},
			{"a user's others", finlatch.DeviceFilter{UserID: id(2), Except: hash(2)}, []byte{4}},
			{"all others", finlatch.DeviceFilter{Except: hash(2)}, []byte{1, 3, 4}},
			{"lately active", finlatch.DeviceFilter{ActiveSince: after(3)}, []byte{3, 4}},
			{"not there", finlatch.DeviceFilter{TokenHash: hash(9)}, nil},
		} {
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteAllDevices(ctx) })
			s.devices(everything...)
			var got []finlatch.Device
			s.update(func(ctx context.Context, tx finlatch.Tx) (err error) {
				got, err = tx.DeleteDevices(ctx, c.filter)
				return err
			})
			slices.SortFunc(got, func(a, b finlatch.Device) int { return slices.Compare(a.TokenHash[:], b.TokenHash[:]) })
			var want []finlatch.Device
			var left []byte
			for i := len(everything); i > 0; i-- {
				if !slices.Contains(c.gone, byte(i)) {
					left = append(left, byte(i))
				}
			}
			for _, n := range c.gone {
				want = append(want, everything[n-1])
			}
			equal(t, c.name, got, want)
			s.wantDevices(finlatch.DeviceFilter{}, left...)
		}
	}},
	{"deleting all", func(t *testing.T, s fixture) {
		s.people(2)
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteAllDevices(ctx) })
		s.devices(device(1, 1, "tv"), device(2, 2, "tv"))
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteAllDevices(ctx) })
		s.wantDevices(finlatch.DeviceFilter{})
		s.wantUsers(finlatch.UserFilter{}, 1, 2)
		s.devices(device(1, 1, "tv"))
	}},
	{"touching", func(t *testing.T, s fixture) {
		s.people(2)
		s.devices(device(5, 1, "tv"), device(6, 2, "tv"))
		address := netip.MustParseAddr("192.0.2.7")
		touch := func(touches ...finlatch.DeviceTouch) {
			t.Helper()
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.TouchDevices(ctx, touches) })
		}
		want, user := device(5, 1, "tv"), person(1, "person b")
		user.DevicesSeenAt = after(50)
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutUser(ctx, user) })

		touch()
		touch(finlatch.DeviceTouch{TokenHash: hash(5), UserID: id(1), At: after(20), Address: address, DeviceName: "new", AppVersion: "2"})
		want.LastActivityAt, want.Address, want.DeviceName, want.AppVersion = after(20), address, "new", "2"
		user.LastActivityAt = after(20)
		s.wantDevice("touched", want)
		s.wantUser("user of a touched device", user)

		touch(finlatch.DeviceTouch{TokenHash: hash(5), UserID: id(1), At: after(10), Address: netip.IPv4Unspecified(), DeviceName: "old", AppVersion: "1"})
		s.wantDevice("touched late", want)
		s.wantUser("user touched late", user)

		touch(finlatch.DeviceTouch{TokenHash: hash(5), UserID: id(1), At: after(30)})
		want.LastActivityAt, user.LastActivityAt = after(30), after(30)
		s.wantDevice("touched with nothing but a time", want)
		s.wantUser("user touched again", user)

		// The batch is of devices that are gone, of users who are gone, and of the others.
		other := device(6, 2, "tv")
		other.LastActivityAt = after(40)
		touch(
			finlatch.DeviceTouch{TokenHash: hash(99), UserID: id(1), At: after(35), DeviceName: "ghost"},
			finlatch.DeviceTouch{TokenHash: hash(98), UserID: id(99), At: after(35), DeviceName: "ghost"},
			finlatch.DeviceTouch{TokenHash: hash(6), UserID: id(2), At: after(40)},
		)
		s.wantDevices(finlatch.DeviceFilter{}, 6, 5)
		s.wantUsers(finlatch.UserFilter{}, 1, 2)
		s.wantDevice("touched after ghosts", other)
	}},
	{"touching what was never active", func(t *testing.T, s fixture) {
		s.people(1)
		want := device(1, 1, "tv")
		want.LastActivityAt = finlatch.Device{}.LastActivityAt
		s.devices(want)
		s.update(func(ctx context.Context, tx finlatch.Tx) error {
			return tx.TouchDevices(ctx, []finlatch.DeviceTouch{{TokenHash: hash(1), UserID: id(1), At: after(1)}})
		})
		want.LastActivityAt = after(1)
		s.wantDevice("touched", want)
	}},
	{"hostile device ids", func(t *testing.T, s fixture) {
		s.people(1)
		for i, text := range hostile {
			want := device(byte(i+1), 1, text)
			want.DeviceName, want.AppName, want.AppVersion = text, text, text
			if err := s.try(func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateDevice(ctx, want) }); err != nil {
				t.Logf("%q is refused: %v", text, err)
				s.missing("refused device", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.Device(ctx, want.TokenHash); return err })
				continue
			}
			s.wantDevice(text, want)
			if text != "" {
				s.wantDevices(finlatch.DeviceFilter{DeviceID: text}, byte(i+1))
			}
		}
	}},
}

func (s fixture) wantDevice(what string, want finlatch.Device) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		got, err := tx.Device(ctx, want.TokenHash)
		if err != nil {
			return err
		}
		equal(s.t, what, got, want)
		list, err := tx.Devices(ctx, finlatch.DeviceFilter{TokenHash: want.TokenHash})
		equal(s.t, what+", listed", list, []finlatch.Device{want})
		return err
	})
}

// wantDevices wants a filter without a limit to pick the devices of these numbers, in this order.
func (s fixture) wantDevices(filter finlatch.DeviceFilter, numbers ...byte) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		list, err := tx.Devices(ctx, filter)
		if err != nil {
			return err
		}
		equal(s.t, "Devices", tokens(list), hashes(numbers))
		n, err := tx.CountDevices(ctx, filter)
		equal(s.t, "CountDevices", n, len(numbers))
		return err
	})
}

func tokens(devices []finlatch.Device) (list []finlatch.Hash) {
	for _, d := range devices {
		list = append(list, d.TokenHash)
	}
	return list
}

func hashes(numbers []byte) (list []finlatch.Hash) {
	for _, n := range numbers {
		list = append(list, hash(n))
	}
	return list
}
