package postgres

import (
	"context"
	"encoding/json"

	"github.com/finlatch/finlatch"
)

// The members of a Policy that filters ask for have columns of their own beside its JSON.
const (
	userFields = "name, normalized_name, password_hash, password_version, invalid_login_attempts, created_at, last_login_at, " +
		"last_activity_at, devices_seen_at, policy, configuration, image_tag"
	userMarks = "is_administrator, is_disabled, is_hidden"

	selectUser       = "SELECT id, " + userFields + " FROM users WHERE id = $1"
	selectUserByName = "SELECT id, " + userFields + " FROM users WHERE normalized_name = $1"
	selectUsers      = "SELECT id, " + userFields + " FROM users"
	usersInOrder     = " ORDER BY normalized_name LIMIT "
	countUsers       = "SELECT count(*) FROM users"
	insertUser       = "INSERT INTO users (id, " + userFields + ", " + userMarks + ") " +
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
	updateUser = "UPDATE users SET (" + userFields + ", " + userMarks + ") = " +
		"($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) WHERE id = $1"
	deleteUser          = "DELETE FROM users WHERE id = $1"
	selectDevicesOfUser = "SELECT token_hash FROM devices WHERE user_id = $1"
	selectQuickOfUser   = "SELECT secret_hash FROM quick_connects WHERE user_id = $1"
)

func scanUser(r row) (finlatch.User, error) {
	// A member that was added to the program since the row was written has the value that new users get.
	u := finlatch.User{Policy: finlatch.NewPolicy(), Configuration: finlatch.NewConfiguration()}
	err := r.Scan((*idColumn)(&u.ID), &u.Name, &u.NormalizedName, &u.PasswordHash, &u.PasswordVersion, &u.InvalidLoginAttempts,
		(*timeColumn)(&u.CreatedAt), (*timeColumn)(&u.LastLoginAt), (*timeColumn)(&u.LastActivityAt), (*timeColumn)(&u.DevicesSeenAt),
		jsonColumn{&u.Policy}, jsonColumn{&u.Configuration}, &u.ImageTag)
	return u, err
}

func userValues(u finlatch.User) ([]any, error) {
	policy, err := json.Marshal(u.Policy)
	if err != nil {
		return nil, err
	}
	configuration, err := json.Marshal(u.Configuration)
	if err != nil {
		return nil, err
	}
	return []any{u.ID[:], u.Name, u.NormalizedName, u.PasswordHash, u.PasswordVersion, u.InvalidLoginAttempts,
		timestamp(u.CreatedAt), timestamp(u.LastLoginAt), timestamp(u.LastActivityAt), timestamp(u.DevicesSeenAt),
		string(policy), string(configuration), u.ImageTag, u.Policy.IsAdministrator, u.Policy.IsDisabled, u.Policy.IsHidden}, nil
}

func userConditions(filter finlatch.UserFilter) *conditions {
	c := new(conditions)
	for _, member := range []struct {
		part string
		want *bool
	}{
		{"is_administrator = ?", filter.Administrator},
		{"is_disabled = ?", filter.Disabled},
		{"is_hidden = ?", filter.Hidden},
		{"(password_hash <> '') = ?", filter.HasPassword},
	} {
		if member.want != nil {
			c.add(member.part, *member.want)
		}
	}
	if filter.NamePart != "" {
		c.add("strpos(normalized_name, ?) > 0", filter.NamePart)
	}
	return c
}

func (t *tx) User(ctx context.Context, id finlatch.ID) (finlatch.User, error) {
	return one(ctx, t, "get user", scanUser, selectUser, id[:])
}

func (t *tx) UserByName(ctx context.Context, normalizedName string) (finlatch.User, error) {
	return one(ctx, t, "get user by name", scanUser, selectUserByName, normalizedName)
}

func (t *tx) Users(ctx context.Context, filter finlatch.UserFilter) ([]finlatch.User, error) {
	where := userConditions(filter)
	return all(ctx, t, "list users", scanUser, selectUsers+where.String()+usersInOrder+where.parameter(limitOrAll(filter.Limit)), where.args...)
}

func (t *tx) CountUsers(ctx context.Context, filter finlatch.UserFilter) (int, error) {
	where := userConditions(filter)
	return one(ctx, t, "count users", scanInt, countUsers+where.String(), where.args...)
}

func (t *tx) CreateUser(ctx context.Context, user finlatch.User) error {
	values, err := userValues(user)
	if err != nil {
		return t.fail(ctx, "create user", err)
	}
	if _, err := t.change(ctx, "create user", insertUser, values...); err != nil {
		return err
	}
	t.tell(finlatch.Change{Kind: finlatch.ChangeUser, UserID: user.ID})
	return nil
}

func (t *tx) PutUser(ctx context.Context, user finlatch.User) error {
	values, err := userValues(user)
	if err != nil {
		return t.fail(ctx, "put user", err)
	}
	if err := t.changeOne(ctx, "put user", updateUser, values...); err != nil {
		return err
	}
	t.tell(finlatch.Change{Kind: finlatch.ChangeUser, UserID: user.ID})
	return nil
}

func (t *tx) DeleteUser(ctx context.Context, id finlatch.ID) error {
	devices, err := all(ctx, t, "list a user's devices", scanHash, selectDevicesOfUser, id[:])
	if err != nil {
		return err
	}
	requests, err := all(ctx, t, "list a user's requests", scanHash, selectQuickOfUser, id[:])
	if err != nil {
		return err
	}
	if err := t.changeOne(ctx, "delete user", deleteUser, id[:]); err != nil { // foreign keys delete most of the rest
		return err
	}
	if _, err := t.change(ctx, "delete a user's device options", deleteDeviceOptions, id[:]); err != nil {
		return err
	}
	if _, err := t.change(ctx, "delete a user's picture", deletePicture, id[:]); err != nil {
		return err
	}
	for _, token := range devices {
		t.tell(finlatch.Change{Kind: finlatch.ChangeDevice, UserID: id, Hash: token})
	}
	for _, secret := range requests {
		t.tell(finlatch.Change{Kind: finlatch.ChangeQuickConnect, Hash: secret})
	}
	t.tell(finlatch.Change{Kind: finlatch.ChangeUser, UserID: id})
	return nil
}

// touchUser belongs to TouchDevices.
const touchUser = "UPDATE users SET last_activity_at = $1 WHERE id = $2 AND (last_activity_at IS NULL OR last_activity_at < $1)"
