-- +goose Up

-- When the octets of a row were deleted after their period (clause 8); the row
-- itself stays. 0: they are there.
ALTER TABLE arrival ADD COLUMN erased_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN erased_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE letter ADD COLUMN erased_at INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE letter DROP COLUMN erased_at;
ALTER TABLE report DROP COLUMN erased_at;
ALTER TABLE arrival DROP COLUMN erased_at;
