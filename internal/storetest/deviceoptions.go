package storetest

import (
	"context"
	"testing"

	"github.com/finlatch/finlatch"
)

var deviceOptionsTests = []test{
	{"round trip", func(t *testing.T, s fixture) {
		s.people(2)
		all := []finlatch.DeviceOptions{
			{DeviceID: "tv", CustomName: "everybody's"}, {DeviceID: "tv", UserID: id(1), CustomName: "é ' \" 日本 🎬"},
			{DeviceID: "tv", UserID: id(2)}, {DeviceID: "TV", UserID: id(1), CustomName: "another"}, {DeviceID: "", UserID: id(1), CustomName: "no id"},
		}
		s.putOptions(all...)
		s.wantOptions(all...)
		all[1].CustomName, all[0].CustomName = "new", ""
		s.putOptions(all[:2]...)
		s.wantOptions(all...)
	}},
	{"not there", func(t *testing.T, s fixture) {
		s.people(1)
		s.putOptions(finlatch.DeviceOptions{DeviceID: "tv", UserID: id(1)}, finlatch.DeviceOptions{DeviceID: "phone"})
		for _, o := range []finlatch.DeviceOptions{{DeviceID: "tv"}, {DeviceID: "phone", UserID: id(1)}, {DeviceID: "x"}} {
			s.missing("DeviceOptions", func(ctx context.Context, tx finlatch.Tx) error {
				_, err := tx.DeviceOptions(ctx, o.DeviceID, o.UserID)
				return err
			})
		}
		s.refuses(finlatch.ErrNotFound, func(ctx context.Context, tx finlatch.Tx) error {
			return tx.PutDeviceOptions(ctx, finlatch.DeviceOptions{DeviceID: "tv", UserID: id(9), CustomName: "ghost"})
		})
	}},
	{"custom names of devices", func(t *testing.T, s fixture) {
		s.people(2)
		s.devices(device(1, 1, "tv"), device(2, 2, "tv"), device(3, 1, "phone"), device(4, 2, ""))
		for _, step := range []struct {
			put  finlatch.DeviceOptions
			want [4]string
		}{
			{finlatch.DeviceOptions{DeviceID: "tv", UserID: id(1), CustomName: "mine"}, [4]string{"mine"}},
			{finlatch.DeviceOptions{DeviceID: "tv", CustomName: "all's"}, [4]string{"mine", "all's"}},
			{finlatch.DeviceOptions{DeviceID: "tv", UserID: id(2)}, [4]string{"mine", "all's"}},
			{finlatch.DeviceOptions{DeviceID: "tv", UserID: id(1)}, [4]string{"all's", "all's"}},
			{finlatch.DeviceOptions{DeviceID: "tv", UserID: id(2), CustomName: "yours"}, [4]string{"all's", "yours"}},
			{finlatch.DeviceOptions{DeviceID: "tv"}, [4]string{"", "yours"}},
			{finlatch.DeviceOptions{DeviceID: "PHONE", CustomName: "in other case"}, [4]string{"", "yours"}},
			{finlatch.DeviceOptions{DeviceID: "", UserID: id(2), CustomName: "no id"}, [4]string{"", "yours", "", "no id"}},
		} {
			s.putOptions(step.put)
			for i, d := range []finlatch.Device{device(1, 1, "tv"), device(2, 2, "tv"), device(3, 1, "phone"), device(4, 2, "")} {
				d.CustomName = step.want[i]
				s.wantDevice("after "+step.put.CustomName, d)
			}
		}

		named := device(2, 2, "tv")
		named.CustomName = "yours"
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			got, err := tx.OldestDevices(ctx, id(2), 9)
			if len(got) == 2 {
				equal(t, "OldestDevices", got[1], named)
			}
			return err
		})
		s.update(func(ctx context.Context, tx finlatch.Tx) error {
			got, err := tx.DeleteDevices(ctx, finlatch.DeviceFilter{TokenHash: hash(2)})
			equal(t, "DeleteDevices", got, []finlatch.Device{named})
			return err
		})
		again := device(7, 2, "tv")
		s.devices(again) // options outlive tokens
		again.CustomName = "yours"
		s.wantDevice("signed in again", again)
	}},
	{"capabilities", func(t *testing.T, s fixture) {
		s.people(2)
		s.devices(device(1, 1, "tv"), device(2, 2, "tv"))
		for _, want := range []finlatch.Capabilities{
			filled[finlatch.Capabilities](0), {}, finlatch.NewCapabilities(), filled[finlatch.Capabilities](1),
		} {
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutCapabilities(ctx, hash(1), want) })
			d := device(1, 1, "tv")
			d.Capabilities = want
			s.wantDevice("with capabilities", d)
			s.wantDevice("another", device(2, 2, "tv"))
		}
		s.refuses(finlatch.ErrNotFound, func(ctx context.Context, tx finlatch.Tx) error {
			return tx.PutCapabilities(ctx, hash(9), finlatch.Capabilities{})
		})
		s.update(func(ctx context.Context, tx finlatch.Tx) error {
			_, err := tx.DeleteDevices(ctx, finlatch.DeviceFilter{TokenHash: hash(1)})
			return err
		})
		s.devices(device(3, 1, "tv"))
		s.wantDevice("signed in again", device(3, 1, "tv"))
	}},
}

func (s fixture) putOptions(options ...finlatch.DeviceOptions) {
	s.t.Helper()
	s.update(func(ctx context.Context, tx finlatch.Tx) error {
		for _, o := range options {
			if err := tx.PutDeviceOptions(ctx, o); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s fixture) wantOptions(all ...finlatch.DeviceOptions) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		for _, want := range all {
			got, err := tx.DeviceOptions(ctx, want.DeviceID, want.UserID)
			if err != nil {
				return err
			}
			equal(s.t, "DeviceOptions", got, want)
		}
		return nil
	})
}
