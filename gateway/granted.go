package gateway

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

func authorization(info finlatch.ClientInfo) jellyfin.Authorization {
	return jellyfin.Authorization{Client: info.AppName, Version: info.AppVersion, Device: info.DeviceName, DeviceID: info.DeviceID}
}

// isToken tells whether text has the form of Jellyfin's tokens and API keys. Nothing else is worth asking about.
func isToken(text string) bool {
	return len(text) == 32 && strings.Trim(text, "0123456789abcdef") == ""
}

// granted reads the answer to a sign-in.
func (a *reply) granted() (finlatch.Granted, error) {
	var in struct { // jellyfin.AuthenticationResult without the session, in which versions differ
		User        *jellyfin.UserDto
		AccessToken jellyfin.Secret
	}
	if err := a.read(&in); err != nil {
		return finlatch.Granted{}, err
	}
	user, ok := userFrom(in.User)
	if !ok || !isToken(string(in.AccessToken)) {
		return finlatch.Granted{}, unserved(a.call, errors.New("it answers with a user or a token that is none"))
	}
	return finlatch.Granted{User: user, Token: finlatch.TokenFrom(string(in.AccessToken))}, nil
}

// user reads an answer that is a user.
func (a *reply) user() (finlatch.User, error) {
	var dto jellyfin.UserDto
	if err := a.read(&dto); err != nil {
		return finlatch.User{}, err
	}
	user, ok := userFrom(&dto)
	if !ok {
		return finlatch.User{}, unserved(a.call, errors.New("it answers with a user who is none"))
	}
	return user, nil
}

// userFrom is a user as upstream tells of it; false for one without an id, a name or a policy.
func userFrom(dto *jellyfin.UserDto) (finlatch.User, bool) {
	if dto == nil || dto.ID.IsZero() || dto.Name == "" || dto.Policy == nil {
		return finlatch.User{}, false
	}
	user := finlatch.User{ID: finlatch.ID(dto.ID), Name: dto.Name, NormalizedName: finlatch.NormalizeName(dto.Name), ImageTag: dto.PrimaryImageTag,
		InvalidLoginAttempts: dto.Policy.InvalidLoginAttemptCount, Configuration: finlatch.NewConfiguration()}
	user.LastLoginAt, user.LastActivityAt = dto.LastLoginDate.Time, dto.LastActivityDate.Time
	ok := sameMembers(dto.Policy, &user.Policy)
	if dto.Configuration != nil {
		ok = ok && sameMembers(dto.Configuration, &user.Configuration)
	}
	return user, ok
}

// sameMembers copies what has the same members by the same names, as a policy and a configuration have here and there.
func sameMembers(from, to any) bool {
	text, err := json.Marshal(from)
	return err == nil && json.Unmarshal(text, to) == nil
}

// device is the device of a user's token, as far as it can be told: see Whose. A wrong guess would end the token of another
// device as soon as that one comes with its own, so there is none.
func (c *Client) device(ctx context.Context, claimed finlatch.ClientInfo, user finlatch.ID, token finlatch.Token) (finlatch.ClientInfo, error) {
	if claimed.DeviceID != "" && claimed.AppName != "" && claimed.DeviceName != "" && claimed.AppVersion != "" {
		return claimed, nil
	}
	var known finlatch.ClientInfo
	if !c.key.IsZero() {
		devices, err := c.devices(ctx, user, claimed.DeviceID)
		if err != nil {
			return claimed, err
		}
		if len(devices) == 1 || claimed.DeviceID != "" && len(devices) > 0 {
			d := devices[0]
			known = finlatch.NewClientInfo(d.AppName, d.AppVersion, d.Name, d.ID)
		}
	}
	hash := token.Hash()
	return finlatch.ClientInfo{AppName: cmp.Or(claimed.AppName, known.AppName), AppVersion: cmp.Or(claimed.AppVersion, known.AppVersion),
		DeviceName: cmp.Or(claimed.DeviceName, known.DeviceName),
		DeviceID:   cmp.Or(claimed.DeviceID, known.DeviceID, "token-"+hex.EncodeToString(hash[:8]))}, nil
}

// listedDevice is a device as GET /Devices lists it, one for each token.
type listedDevice struct {
	ID         string `json:"Id"`
	Name       string
	AppName    string
	AppVersion string
	LastUserID *jellyfin.GUID `json:"LastUserId"`
}

// devices are a user's devices, or those with a device id.
func (c *Client) devices(ctx context.Context, user finlatch.ID, deviceID string) ([]listedDevice, error) {
	a, err := c.asAdministrator(ctx, question{call: callDevices})
	if err != nil {
		return nil, err
	}
	var list struct{ Items []listedDevice }
	if err := a.read(&list); err != nil {
		return nil, err
	}
	var theirs []listedDevice
	for _, d := range list.Items {
		if d.LastUserID != nil && finlatch.ID(*d.LastUserID) == user && (deviceID == "" || d.ID == deviceID) {
			theirs = append(theirs, d)
		}
	}
	return theirs, nil
}
