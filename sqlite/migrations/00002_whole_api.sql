-- +goose Up
ALTER TABLE users ADD COLUMN image_tag TEXT NOT NULL DEFAULT '';

ALTER TABLE devices ADD COLUMN capabilities TEXT NOT NULL DEFAULT '{"SupportsPersistentIdentifier":true}';

-- The zero id stands for everybody who uses a device id.
CREATE TABLE device_options (
    device_id   TEXT NOT NULL,
    user_id     BLOB NOT NULL,
    custom_name TEXT NOT NULL,
    PRIMARY KEY (device_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX device_options_by_user ON device_options (user_id);

-- The zero id stands for the splash screen.
CREATE TABLE pictures (
    owner_id    BLOB NOT NULL PRIMARY KEY,
    tag         TEXT NOT NULL,
    type        TEXT NOT NULL,
    data        BLOB,
    modified_at INTEGER
) STRICT;

CREATE TABLE password_resets (
    user_id    BLOB NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    pin_hash   BLOB NOT NULL UNIQUE,
    created_at INTEGER,
    expires_at INTEGER
) STRICT;

CREATE INDEX password_resets_by_expiry ON password_resets (expires_at);

CREATE TABLE failures (
    key_hash BLOB    NOT NULL PRIMARY KEY,
    count    INTEGER NOT NULL,
    first_at INTEGER,
    last_at  INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX failures_by_time ON failures (last_at);

ALTER TABLE activities ADD COLUMN refusal INTEGER NOT NULL DEFAULT 0;

UPDATE activities SET refusal = 1 WHERE type = 'AuthenticationFailed';

CREATE INDEX activities_by_share ON activities (refusal, at);
CREATE INDEX activities_by_severity ON activities (severity, at);
CREATE INDEX activities_by_user_presence ON activities (user_id IS NULL OR refusal <> 0, at);

-- What a member means is in the program, see finlatch.Settings.
ALTER TABLE settings ADD COLUMN members TEXT NOT NULL DEFAULT '{"ActivityDays":30,"ClientLogs":true}';
