package cli

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/finlatch/finlatch/jellyfin"
)

// devicesCommand lists devices, or signs one out.
type devicesCommand struct {
	accountFlag
	Revoke string `placeholder:"ID" help:"Sign out the device with this id, instead of listing them."`
	JSON   bool   `name:"json" help:"Print a JSON array of objects with id, name, app, version, user and lastActivity (UTC)."`
}

// Help is the manual's page.
func (*devicesCommand) Help() string { return devicesHelp }

// Run lists or revokes.
func (c *devicesCommand) Run(ctx context.Context, p *Program) error {
	client, who, err := c.resume(ctx, p)
	if err != nil {
		return err
	}
	if c.Revoke != "" {
		if c.Revoke == who.DeviceID {
			return misused("sign out with finlatch logout", "that is this very device")
		}
		return p.did(devicesProblem(client.RevokeDevice(ctx, c.Revoke), who), "Signed out %s.", shown(c.Revoke))
	}
	devices, err := client.Devices(ctx)
	if err != nil {
		return devicesProblem(err, who)
	}
	if c.JSON {
		type device struct {
			ID           string    `json:"id"`
			Name         string    `json:"name"`
			App          string    `json:"app"`
			Version      string    `json:"version"`
			User         string    `json:"user"`
			LastActivity time.Time `json:"lastActivity"`
		}
		list := []device{}
		for _, d := range devices {
			list = append(list, device{d.ID, deviceName(d), d.AppName, d.AppVersion, d.LastUserName, d.DateLastActivity.UTC().Truncate(time.Second)})
		}
		return p.printJSON(list)
	}
	rows := [][]string{{"NAME", "APP", "USER", "LAST ACTIVITY", "ID"}}
	for _, d := range devices {
		id := d.ID
		if id == who.DeviceID {
			id += " (this one)"
		}
		rows = append(rows, []string{deviceName(d), strings.TrimSpace(d.AppName + " " + d.AppVersion), d.LastUserName, localTime(d.DateLastActivity), id})
	}
	return p.printTable(rows)
}

func deviceName(d jellyfin.DeviceInfoDto) string {
	if d.CustomName != nil {
		return cmp.Or(*d.CustomName, d.Name)
	}
	return d.Name
}

func devicesProblem(err error, who jellyfin.Credential) error {
	return ended(err, who, cause{jellyfin.ErrForbidden, exitFailed, "the server leaves devices to administrators", "use an administrator's account: --account NAME"},
		cause{jellyfin.ErrNotFound, exitFailed, "there is no such device", "finlatch devices lists them"})
}

// sessionsCommand lists sessions.
type sessionsCommand struct {
	accountFlag
	JSON bool `name:"json" help:"Print a JSON array of objects with id, user, app, version, device, deviceId, address and lastActivity (UTC)."`
}

// Help is the manual's page.
func (*sessionsCommand) Help() string { return sessionsHelp }

// Run lists.
func (c *sessionsCommand) Run(ctx context.Context, p *Program) error {
	client, who, err := c.resume(ctx, p)
	if err != nil {
		return err
	}
	sessions, err := client.Sessions(ctx)
	if err != nil {
		return ended(err, who)
	}
	if c.JSON {
		type session struct {
			ID           string    `json:"id"`
			User         string    `json:"user"`
			App          string    `json:"app"`
			Version      string    `json:"version"`
			Device       string    `json:"device"`
			DeviceID     string    `json:"deviceId"`
			Address      string    `json:"address"`
			LastActivity time.Time `json:"lastActivity"`
		}
		list := []session{}
		for _, s := range sessions {
			list = append(list, session{s.ID, s.UserName, s.Client, s.ApplicationVersion, s.DeviceName, s.DeviceID, s.RemoteEndPoint, s.LastActivityDate.UTC().Truncate(time.Second)})
		}
		return p.printJSON(list)
	}
	rows := [][]string{{"USER", "APP", "DEVICE", "ADDRESS", "LAST ACTIVITY"}}
	for _, s := range sessions {
		rows = append(rows, []string{s.UserName, strings.TrimSpace(s.Client + " " + s.ApplicationVersion), s.DeviceName, s.RemoteEndPoint, localTime(s.LastActivityDate)})
	}
	return p.printTable(rows)
}
