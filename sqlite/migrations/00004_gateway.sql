-- +goose Up
ALTER TABLE devices ADD COLUMN sealed BLOB;

ALTER TABLE quick_connects ADD COLUMN minting BLOB;

CREATE TABLE ended_tokens (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    token_hash BLOB    NOT NULL,
    sealed     BLOB    NOT NULL
) STRICT;

CREATE INDEX ended_tokens_by_hash ON ended_tokens (token_hash);

-- +goose StatementBegin
CREATE TRIGGER devices_delete AFTER DELETE ON devices WHEN old.sealed IS NOT NULL BEGIN
    INSERT INTO ended_tokens (token_hash, sealed) VALUES (old.token_hash, old.sealed);
END;
-- +goose StatementEnd
