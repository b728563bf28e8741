package takeover

import (
	"context"
	"crypto/rand"
	"slices"

	"github.com/finlatch/finlatch"
)

// readDevices takes the latest of several tokens of one user on one device, as every new sign-in leaves only one there.
func (r *reader) readDevices(ctx context.Context) error {
	var all []finlatch.Device
	empty := 0
	err := r.each(ctx, "Devices", func(row *row) {
		user := r.owner(row)
		if user == nil {
			return
		}
		token := finlatch.TokenFrom(row.text("AccessToken"))
		if token.IsZero() {
			empty++
			return
		}
		// What requests say of themselves goes through the same function.
		info := finlatch.NewClientInfo(row.text("AppName"), row.text("AppVersion"), row.text("DeviceName"), row.text("DeviceId"))
		all = append(all, finlatch.Device{
			ClientInfo: info, TokenHash: token.Hash(), UserID: user.ID,
			CreatedAt: row.time("DateCreated"), LastActivityAt: row.time("DateLastActivity"), Capabilities: finlatch.NewCapabilities(),
		})
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b finlatch.Device) int { return b.LastActivityAt.Compare(a.LastActivityAt) })
	type place struct {
		user   finlatch.ID
		device string
	}
	places, tokens := map[place]bool{}, map[finlatch.Hash]bool{}
	for _, device := range all {
		at := place{device.UserID, device.DeviceID}
		if places[at] || tokens[device.TokenHash] {
			continue
		}
		places[at], tokens[device.TokenHash] = true, true
		r.into.Devices = append(r.into.Devices, device)
	}
	if older := len(all) - len(r.into.Devices); older > 0 {
		r.note("%d older tokens of devices that have a newer one", older)
	}
	if empty > 0 {
		r.note("%d devices without a token", empty)
	}
	return nil
}

// readDeviceOptions takes the names that an administrator has given to device ids.
func (r *reader) readDeviceOptions(ctx context.Context) error {
	named := map[string]bool{}
	return r.each(ctx, "DeviceOptions", func(row *row) {
		id := finlatch.NewClientInfo("", "", "", row.text("DeviceId")).DeviceID
		name := plain(row.optionalText("CustomName"), maxLabel)
		if name == "" || named[id] {
			return
		}
		named[id] = true
		r.into.DeviceOptions = append(r.into.DeviceOptions, finlatch.DeviceOptions{DeviceID: id, CustomName: name})
	})
}

// maxLabel bounds the names of devices, keys and the server, in bytes, as the rules do.
const maxLabel = 128

// readAPIKeys takes the keys as they are; the list shows them as no longer readable.
func (r *reader) readAPIKeys(ctx context.Context) error {
	taken := map[finlatch.Hash]bool{}
	return r.each(ctx, "ApiKeys", func(row *row) {
		token := finlatch.TokenFrom(row.text("AccessToken"))
		if token.IsZero() || taken[token.Hash()] {
			return
		}
		taken[token.Hash()] = true
		key := finlatch.APIKey{Name: plain(row.text("Name"), maxLabel), Hash: token.Hash(), CreatedAt: row.time("DateCreated")}
		rand.Read(key.ID[:])
		r.into.APIKeys = append(r.into.APIKeys, key)
	})
}
