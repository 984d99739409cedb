-- +goose Up

-- Bearer tokens of the HTTP API; hash is that of the whole token.
CREATE TABLE token (
    name       TEXT PRIMARY KEY,
    id         TEXT NOT NULL,
    hash       TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    kinds      TEXT NOT NULL,
    reporters  TEXT NOT NULL,
    consumer   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL DEFAULT 0,
    revoked_at INTEGER NOT NULL DEFAULT 0,
    used_at    INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX token_id ON token (id);

-- By which token a report was handed in, and the client's own word for the
-- request, which stands for one report for ever.
CREATE TABLE handed (
    report INTEGER NOT NULL,
    token  TEXT NOT NULL,
    key    TEXT NOT NULL,
    digest TEXT NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (report, token, key)
);
CREATE UNIQUE INDEX handed_key ON handed (token, key) WHERE key <> '';
CREATE INDEX handed_token ON handed (token, report);

-- +goose Down
DROP TABLE handed;
DROP TABLE token;
