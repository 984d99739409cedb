-- +goose Up

-- What people must hear of, once for each key.
CREATE TABLE alarm (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE,
    kind    TEXT NOT NULL,
    call    TEXT NOT NULL,
    clause  TEXT NOT NULL,
    subject TEXT NOT NULL,
    due_at  BIGINT NOT NULL,
    at      BIGINT NOT NULL
);

-- The ways by which an alarm is told. ready_at 0: told, or given up.
CREATE TABLE telling (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alarm    BIGINT NOT NULL,
    way      TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    ready_at BIGINT NOT NULL,
    told_at  BIGINT NOT NULL DEFAULT 0,
    error    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX telling_ready ON telling (ready_at) WHERE ready_at > 0;
CREATE INDEX telling_alarm ON telling (alarm);

-- +goose Down
DROP TABLE telling;
DROP TABLE alarm;
