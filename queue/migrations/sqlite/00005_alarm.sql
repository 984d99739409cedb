-- +goose Up

-- What people must hear of, once for each key.
CREATE TABLE alarm (
    id      INTEGER PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE,
    kind    TEXT NOT NULL,
    call    TEXT NOT NULL,
    clause  TEXT NOT NULL,
    subject TEXT NOT NULL,
    due_at  INTEGER NOT NULL,
    at      INTEGER NOT NULL
);

-- The ways by which an alarm is told. ready_at 0: told, or given up.
CREATE TABLE telling (
    id       INTEGER PRIMARY KEY,
    alarm    INTEGER NOT NULL,
    way      TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    ready_at INTEGER NOT NULL,
    told_at  INTEGER NOT NULL DEFAULT 0,
    error    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX telling_ready ON telling (ready_at) WHERE ready_at > 0;
CREATE INDEX telling_alarm ON telling (alarm);

-- +goose Down
DROP TABLE telling;
DROP TABLE alarm;
