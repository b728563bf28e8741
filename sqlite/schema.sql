-- The schema that migrations/ make. Written by: go test ./sqlite -run TestSchema -update

PRAGMA application_id = 1718185580;

CREATE TABLE users (
    id                     BLOB    NOT NULL PRIMARY KEY,
    name                   TEXT    NOT NULL,
    normalized_name        TEXT    NOT NULL UNIQUE,
    password_hash          TEXT    NOT NULL,
    password_version       INTEGER NOT NULL,
    is_administrator       INTEGER NOT NULL,
    is_disabled            INTEGER NOT NULL,
    is_hidden              INTEGER NOT NULL,
    invalid_login_attempts INTEGER NOT NULL,
    created_at             INTEGER,
    last_login_at          INTEGER,
    last_activity_at       INTEGER,
    policy                 TEXT    NOT NULL,
    configuration          TEXT    NOT NULL
, image_tag TEXT NOT NULL DEFAULT '', devices_seen_at INTEGER) STRICT;

CREATE INDEX users_by_role ON users (is_administrator, is_disabled);

CREATE INDEX users_by_visibility ON users (is_hidden, is_disabled);

CREATE TABLE devices (
    token_hash       BLOB NOT NULL PRIMARY KEY,
    user_id          BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device_id        TEXT NOT NULL,
    device_name      TEXT NOT NULL,
    app_name         TEXT NOT NULL,
    app_version      TEXT NOT NULL,
    address          TEXT NOT NULL,
    created_at       INTEGER,
    last_activity_at INTEGER, capabilities TEXT NOT NULL DEFAULT '{"SupportsPersistentIdentifier":true}', pages INTEGER NOT NULL DEFAULT 0, sealed BLOB,
    UNIQUE (device_id, user_id)
) STRICT;

CREATE INDEX devices_by_user ON devices (user_id, created_at);

CREATE INDEX devices_by_activity ON devices (last_activity_at);

CREATE TABLE api_keys (
    id            BLOB NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL,
    key_hash      BLOB NOT NULL UNIQUE,
    created_at    INTEGER,
    sealed        BLOB,
    readable_till INTEGER
) STRICT;

CREATE INDEX api_keys_readable ON api_keys (readable_till) WHERE sealed IS NOT NULL;

CREATE TABLE quick_connects (
    secret_hash BLOB    NOT NULL PRIMARY KEY,
    code        TEXT    NOT NULL UNIQUE,
    state       INTEGER NOT NULL,
    device_id   TEXT    NOT NULL,
    device_name TEXT    NOT NULL,
    app_name    TEXT    NOT NULL,
    app_version TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    forwarded   INTEGER NOT NULL,
    network     TEXT    NOT NULL,
    created_at  INTEGER,
    expires_at  INTEGER,
    user_id     BLOB REFERENCES users (id) ON DELETE CASCADE,
    approved_by BLOB,
    redeemed_at INTEGER,
    salt        BLOB
, minting BLOB) STRICT;

CREATE INDEX quick_connects_by_expiry ON quick_connects (expires_at);

CREATE INDEX quick_connects_by_user ON quick_connects (user_id) WHERE user_id IS NOT NULL;

CREATE INDEX quick_connects_pending ON quick_connects (network, created_at) WHERE state = 0;

CREATE INDEX quick_connects_salted ON quick_connects (redeemed_at) WHERE salt IS NOT NULL;

CREATE TABLE quick_connect_networks (
    network TEXT    NOT NULL PRIMARY KEY,
    pending INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX quick_connect_networks_by_size ON quick_connect_networks (pending);

CREATE TABLE quick_connect_total (
    id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 0),
    pending INTEGER NOT NULL
) STRICT;

CREATE TRIGGER quick_connects_insert AFTER INSERT ON quick_connects WHEN new.state = 0 BEGIN
    UPDATE quick_connect_total SET pending = pending + 1 WHERE id = 0;
    INSERT INTO quick_connect_networks (network, pending) VALUES (new.network, 1)
        ON CONFLICT DO UPDATE SET pending = pending + 1;
END;

CREATE TRIGGER quick_connects_delete AFTER DELETE ON quick_connects WHEN old.state = 0 BEGIN
    UPDATE quick_connect_total SET pending = pending - 1 WHERE id = 0;
    UPDATE quick_connect_networks SET pending = pending - 1 WHERE network = old.network;
    DELETE FROM quick_connect_networks WHERE network = old.network AND pending = 0;
END;

CREATE TRIGGER quick_connects_update_to AFTER UPDATE OF state, network ON quick_connects WHEN new.state = 0 BEGIN
    UPDATE quick_connect_total SET pending = pending + 1 WHERE id = 0;
    INSERT INTO quick_connect_networks (network, pending) VALUES (new.network, 1)
        ON CONFLICT DO UPDATE SET pending = pending + 1;
END;

CREATE TRIGGER quick_connects_update_from AFTER UPDATE OF state, network ON quick_connects WHEN old.state = 0 BEGIN
    UPDATE quick_connect_total SET pending = pending - 1 WHERE id = 0;
    UPDATE quick_connect_networks SET pending = pending - 1 WHERE network = old.network;
    DELETE FROM quick_connect_networks WHERE network = old.network AND pending = 0;
END;

CREATE TABLE activities (
    id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    type     TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    user_id  BLOB,
    by_id    BLOB,
    address  TEXT    NOT NULL,
    severity TEXT    NOT NULL,
    count    INTEGER NOT NULL,
    at       INTEGER
, refusal INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX activities_by_time ON activities (at);

CREATE INDEX activities_by_user ON activities (user_id, at) WHERE user_id IS NOT NULL;

CREATE INDEX activities_by_type ON activities (type, at);

CREATE TABLE settings (
    id                          INTEGER NOT NULL PRIMARY KEY CHECK (id = 0),
    server_id                   BLOB    NOT NULL,
    server_name                 TEXT    NOT NULL,
    setup_complete              INTEGER NOT NULL,
    quick_connect               INTEGER NOT NULL,
    legacy_authorization        INTEGER NOT NULL,
    remote_access               INTEGER NOT NULL,
    ui_culture                  TEXT    NOT NULL,
    metadata_country_code       TEXT    NOT NULL,
    preferred_metadata_language TEXT    NOT NULL,
    rest                        BLOB
, members TEXT NOT NULL DEFAULT '{"ActivityDays":30,"ClientLogs":true}') STRICT;

CREATE TABLE display_preferences (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    item_id BLOB NOT NULL,
    client  TEXT NOT NULL,
    data    BLOB,
    PRIMARY KEY (user_id, item_id, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE device_options (
    device_id   TEXT NOT NULL,
    user_id     BLOB NOT NULL,
    custom_name TEXT NOT NULL,
    PRIMARY KEY (device_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX device_options_by_user ON device_options (user_id);

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

CREATE INDEX activities_by_share ON activities (refusal, at);

CREATE INDEX activities_by_severity ON activities (severity, at);

CREATE INDEX activities_by_user_presence ON activities (user_id IS NULL OR refusal <> 0, at);

CREATE INDEX quick_connects_pending_by_time ON quick_connects (created_at) WHERE state = 0;

CREATE TABLE ended_tokens (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    token_hash BLOB    NOT NULL,
    sealed     BLOB    NOT NULL
) STRICT;

CREATE INDEX ended_tokens_by_hash ON ended_tokens (token_hash);

CREATE TRIGGER devices_delete AFTER DELETE ON devices WHEN old.sealed IS NOT NULL BEGIN
    INSERT INTO ended_tokens (token_hash, sealed) VALUES (old.token_hash, old.sealed);
END;
