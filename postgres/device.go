package postgres

import (
	"context"
	"encoding/json"

	"github.com/finlatch/finlatch"
)

const (
	deviceFields = "token_hash, user_id, device_id, device_name, app_name, app_version, address, created_at, last_activity_at, " +
		"capabilities, pages, sealed"
	deviceWithName = deviceFields + ", " + customName

	selectDevice        = "SELECT " + deviceWithName + " FROM devices WHERE token_hash = $1"
	selectDevices       = "SELECT " + deviceWithName + " FROM devices"
	devicesInOrder      = " ORDER BY last_activity_at DESC NULLS LAST, device_id, token_hash LIMIT "
	selectOldestDevices = "SELECT " + deviceWithName + " FROM devices WHERE user_id = $1 ORDER BY created_at NULLS FIRST, token_hash LIMIT $2"
	countDevices        = "SELECT count(*) FROM devices"
	insertDevice        = "INSERT INTO devices (" + deviceFields + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
	deleteDevices       = "DELETE FROM devices"
	returningDevices    = " RETURNING " + deviceWithName
	touchDevice         = "UPDATE devices SET last_activity_at = $1, address = coalesce(nullif($2, ''), address), " +
		"device_name = coalesce(nullif($3, ''), device_name), app_version = coalesce(nullif($4, ''), app_version) " +
		"WHERE token_hash = $5 AND (last_activity_at IS NULL OR last_activity_at <= $1)"
	updateCapabilities = "UPDATE devices SET capabilities = $1 WHERE token_hash = $2 RETURNING user_id, token_hash"
)

func scanDevice(r row) (d finlatch.Device, err error) {
	err = r.Scan((*hashColumn)(&d.TokenHash), (*idColumn)(&d.UserID), &d.DeviceID, &d.DeviceName, &d.AppName, &d.AppVersion,
		(*addressColumn)(&d.Address), (*timeColumn)(&d.CreatedAt), (*timeColumn)(&d.LastActivityAt), jsonColumn{&d.Capabilities},
		&d.Pages, &d.Sealed, &d.CustomName)
	return d, err
}

func deviceConditions(filter finlatch.DeviceFilter) *conditions {
	c := new(conditions)
	if filter.TokenHash != (finlatch.Hash{}) {
		c.add("token_hash = ?", filter.TokenHash[:])
	}
	if !filter.UserID.IsZero() {
		c.add("user_id = ?", filter.UserID[:])
	}
	if filter.DeviceID != "" {
		c.add("device_id = ?", filter.DeviceID)
	}
	if filter.Except != (finlatch.Hash{}) {
		c.add("token_hash <> ?", filter.Except[:])
	}
	if !filter.ActiveSince.IsZero() {
		c.add("last_activity_at >= ?", timestamp(filter.ActiveSince))
	}
	return c
}

func (t *tx) Device(ctx context.Context, token finlatch.Hash) (finlatch.Device, error) {
	return one(ctx, t, "get device", scanDevice, selectDevice, token[:])
}

func (t *tx) Devices(ctx context.Context, filter finlatch.DeviceFilter) ([]finlatch.Device, error) {
	where := deviceConditions(filter)
	return all(ctx, t, "list devices", scanDevice, selectDevices+where.String()+devicesInOrder+where.parameter(limitOrAll(filter.Limit)),
		where.args...)
}

func (t *tx) OldestDevices(ctx context.Context, userID finlatch.ID, limit int) ([]finlatch.Device, error) {
	return all(ctx, t, "list oldest devices", scanDevice, selectOldestDevices, userID[:], max(limit, 0))
}

func (t *tx) CountDevices(ctx context.Context, filter finlatch.DeviceFilter) (int, error) {
	where := deviceConditions(filter)
	return one(ctx, t, "count devices", scanInt, countDevices+where.String(), where.args...)
}

func (t *tx) CreateDevice(ctx context.Context, d finlatch.Device) error {
	capabilities, err := json.Marshal(d.Capabilities)
	if err != nil {
		return t.fail(ctx, "create device", err)
	}
	_, err = t.change(ctx, "create device", insertDevice, d.TokenHash[:], d.UserID[:], d.DeviceID, d.DeviceName, d.AppName,
		d.AppVersion, addressText(d.Address), timestamp(d.CreatedAt), timestamp(d.LastActivityAt), string(capabilities), d.Pages,
		optionalBytes(d.Sealed))
	if err != nil {
		return err
	}
	t.tellDevice(d)
	return nil
}

func (t *tx) DeleteDevices(ctx context.Context, filter finlatch.DeviceFilter) ([]finlatch.Device, error) {
	where := deviceConditions(filter)
	if len(where.parts) == 0 {
		return nil, nil
	}
	deleted, err := changeReturning(ctx, t, "delete devices", scanDevice, deleteDevices+where.String()+returningDevices, where.args...)
	if err != nil {
		return nil, err
	}
	for _, d := range deleted {
		t.tellDevice(d)
	}
	return deleted, nil
}

func (t *tx) DeleteAllDevices(ctx context.Context) error {
	if _, err := t.change(ctx, "delete all devices", deleteDevices); err != nil {
		return err
	}
	t.tell(finlatch.Change{Kind: finlatch.ChangeMissed}) // one word instead of a hundred thousand
	return nil
}

func (t *tx) TouchDevices(ctx context.Context, touches []finlatch.DeviceTouch) error {
	var devices, users [][]any
	for _, touch := range touches {
		devices = append(devices, []any{timestamp(touch.At), addressText(touch.Address), touch.DeviceName, touch.AppVersion, touch.TokenHash[:]})
		users = append(users, []any{timestamp(touch.At), touch.UserID[:]})
	}
	if err := t.changeMany(ctx, "touch devices", touchDevice, devices); err != nil {
		return err
	}
	return t.changeMany(ctx, "touch users", touchUser, users)
}

func (t *tx) PutCapabilities(ctx context.Context, token finlatch.Hash, capabilities finlatch.Capabilities) error {
	text, err := json.Marshal(capabilities)
	if err != nil {
		return t.fail(ctx, "put capabilities", err)
	}
	changed, err := changeReturning(ctx, t, "put capabilities", scanDeviceChange, updateCapabilities, string(text), token[:])
	if err != nil {
		return err
	}
	if len(changed) == 0 {
		return finlatch.ErrNotFound
	}
	t.tell(changed[0])
	return nil
}

func scanDeviceChange(r row) (c finlatch.Change, err error) {
	c.Kind = finlatch.ChangeDevice
	err = r.Scan((*idColumn)(&c.UserID), (*hashColumn)(&c.Hash))
	return c, err
}

func (t *tx) tellDevice(d finlatch.Device) {
	t.tell(finlatch.Change{Kind: finlatch.ChangeDevice, UserID: d.UserID, Hash: d.TokenHash})
}
