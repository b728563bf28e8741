-- +goose Up
ALTER TABLE users ADD COLUMN devices_seen_at INTEGER;

ALTER TABLE devices ADD COLUMN pages INTEGER NOT NULL DEFAULT 0;

CREATE INDEX quick_connects_pending_by_time ON quick_connects (created_at) WHERE state = 0;
