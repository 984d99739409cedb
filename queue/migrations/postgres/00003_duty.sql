-- +goose Up

-- The duties of a quarter (clauses 17 and 18) are deadlines of a participant: one
-- row for each clause, quarter and participant, whose report is 0 until it was
-- delivered. told_at is the moment up to which reminders were sent.
ALTER TABLE deadline ADD COLUMN participant TEXT NOT NULL DEFAULT '';
ALTER TABLE deadline ADD COLUMN quarter TEXT NOT NULL DEFAULT '';
ALTER TABLE deadline ADD COLUMN told_at BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX deadline_duty ON deadline (quarter, clause, participant) WHERE quarter <> '';

-- What a person adds to an incident for the quarterly report: its cause, the
-- measures, its status.
CREATE TABLE measure (
    incident TEXT PRIMARY KEY,
    at       BIGINT NOT NULL,
    actor    TEXT NOT NULL,
    sealed   BYTEA NOT NULL
);

-- +goose Down
DROP TABLE measure;
DROP INDEX deadline_duty;
ALTER TABLE deadline DROP COLUMN told_at;
ALTER TABLE deadline DROP COLUMN quarter;
ALTER TABLE deadline DROP COLUMN participant;
