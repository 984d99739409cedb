-- +goose Up

-- A letter that asks for a receipt goes again when none has come by again_at
-- (0: it does not). patience is the wait after the next time it is sent.
ALTER TABLE letter ADD COLUMN patience INTEGER NOT NULL DEFAULT 0;
ALTER TABLE letter ADD COLUMN again_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX letter_again ON letter (again_at) WHERE again_at > 0;

-- +goose Down
DROP INDEX letter_again;
ALTER TABLE letter DROP COLUMN again_at;
ALTER TABLE letter DROP COLUMN patience;
