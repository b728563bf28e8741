package postgres

import (
	"context"

	"github.com/finlatch/finlatch"
)

const (
	selectDeviceOptions  = "SELECT device_id, user_id, custom_name FROM device_options WHERE device_id = $1 AND user_id = $2"
	replaceDeviceOptions = "INSERT INTO device_options (device_id, user_id, custom_name) SELECT $1, $2::bytea, $3 " +
		"WHERE $2 = " + zeroID + " OR EXISTS (SELECT FROM users WHERE id = $2) " +
		"ON CONFLICT (device_id, user_id) DO UPDATE SET custom_name = excluded.custom_name"
	selectOptionsDevices = "SELECT user_id, token_hash FROM devices WHERE device_id = $1"
	deleteDeviceOptions  = "DELETE FROM device_options WHERE user_id = $1"

	// customName goes into a statement about devices. The zero id, for everybody, is the least.
	customName = "coalesce((SELECT o.custom_name FROM device_options AS o WHERE o.device_id = devices.device_id " +
		"AND o.user_id IN (" + zeroID + ", devices.user_id) AND o.custom_name <> '' ORDER BY o.user_id DESC LIMIT 1), '')"
)

func scanDeviceOptions(r row) (o finlatch.DeviceOptions, err error) {
	err = r.Scan(&o.DeviceID, (*idColumn)(&o.UserID), &o.CustomName)
	return o, err
}

func (t *tx) DeviceOptions(ctx context.Context, deviceID string, userID finlatch.ID) (finlatch.DeviceOptions, error) {
	return one(ctx, t, "get device options", scanDeviceOptions, selectDeviceOptions, deviceID, userID[:])
}

func (t *tx) PutDeviceOptions(ctx context.Context, o finlatch.DeviceOptions) error {
	if err := t.changeOne(ctx, "put device options", replaceDeviceOptions, o.DeviceID, o.UserID[:], o.CustomName); err != nil {
		return err
	}
	devices, err := all(ctx, t, "list devices with options", scanDeviceChange, selectOptionsDevices, o.DeviceID)
	if err != nil {
		return err
	}
	for _, device := range devices {
		if o.UserID.IsZero() || o.UserID == device.UserID {
			t.tell(device)
		}
	}
	return nil
}
