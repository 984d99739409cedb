-- +goose Up

-- Requests of clauses 10.4 and 11, a row for each participant that asks or is
-- asked. answer is the position of the report that answers it, 0 while it is
-- open.
CREATE TABLE request (
    id          INTEGER PRIMARY KEY,
    report      INTEGER NOT NULL,
    request_id  TEXT NOT NULL,
    number      TEXT NOT NULL,
    participant TEXT NOT NULL,
    outgoing    INTEGER NOT NULL,
    clause      TEXT NOT NULL,
    asked_at    INTEGER NOT NULL,
    answer_by   INTEGER NOT NULL,
    answer      INTEGER NOT NULL DEFAULT 0,
    answered_at INTEGER NOT NULL DEFAULT 0,
    verdict     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX request_open ON request (answer_by) WHERE answer = 0;
CREATE INDEX request_key ON request (request_id, participant);

-- +goose Down
DROP TABLE request;
