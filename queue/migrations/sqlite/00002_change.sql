-- +goose Up

-- Changes of the participants register that came by mail.
CREATE TABLE change (
    id          INTEGER PRIMARY KEY,
    participant TEXT NOT NULL,
    kind        TEXT NOT NULL,
    old         TEXT NOT NULL,
    new         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    valid_from  INTEGER NOT NULL,
    arrival     INTEGER NOT NULL,
    number      TEXT NOT NULL,
    report      TEXT NOT NULL,
    state       TEXT NOT NULL,
    actor       TEXT NOT NULL DEFAULT '',
    proposed_at INTEGER NOT NULL,
    settled_at  INTEGER NOT NULL DEFAULT 0,
    ping        TEXT NOT NULL DEFAULT '',
    ping_at     INTEGER NOT NULL DEFAULT 0,
    opened_at   INTEGER NOT NULL DEFAULT 0,
    signed_at   INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX change_state ON change (state, settled_at, id);
CREATE INDEX change_ping ON change (ping) WHERE ping <> '';
CREATE INDEX change_asked ON change (participant, kind) WHERE state = 'proposed';

-- +goose Down
DROP TABLE change;
