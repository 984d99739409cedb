-- +goose Up

-- Incoming messages. ready and due_at drive the claim: 0 nothing to do, 1 may be
-- leased now, 2 leased or set back until due_at. The claim's indexes name ready
-- alone, so that no planner takes the index on state for them. placed: 0 the
-- mailbox entry stays, 1 it is decided and has to be moved, 2 it was moved.
CREATE TABLE arrival (
    id           INTEGER PRIMARY KEY,
    via          TEXT NOT NULL,
    mailbox      TEXT NOT NULL,
    uid_validity INTEGER NOT NULL,
    uid          INTEGER NOT NULL,
    entry_at     INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    size         INTEGER NOT NULL,
    oversize     INTEGER NOT NULL,
    sha256       BLOB NOT NULL,
    body         INTEGER NOT NULL, -- key of its chunks, 0 for its own id
    state        TEXT NOT NULL,
    ready        INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    lease        TEXT NOT NULL DEFAULT '',
    worker       TEXT NOT NULL DEFAULT '',
    attempts     INTEGER NOT NULL DEFAULT 0,
    failures     INTEGER NOT NULL DEFAULT 0,
    number       TEXT NOT NULL DEFAULT '',
    code         TEXT NOT NULL DEFAULT '',
    reason       TEXT NOT NULL DEFAULT '',
    participant  TEXT NOT NULL DEFAULT '',
    message_id   TEXT NOT NULL DEFAULT '',
    sender       TEXT NOT NULL DEFAULT '',
    decided_at   INTEGER NOT NULL DEFAULT 0,
    placed       INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX arrival_ready ON arrival (id) WHERE ready = 1;
CREATE INDEX arrival_due ON arrival (due_at) WHERE ready = 2;
CREATE INDEX arrival_state ON arrival (state, id);
CREATE UNIQUE INDEX arrival_entry ON arrival (mailbox, uid_validity, uid) WHERE via = 'imap';
CREATE INDEX arrival_seen ON arrival (mailbox, sha256) WHERE via = 'imap';
CREATE INDEX arrival_body ON arrival (body) WHERE body <> 0;
CREATE INDEX arrival_place ON arrival (mailbox, uid_validity, uid) WHERE placed = 1;

-- The octets of arrivals. body is the arrival's id, or minus the id of the
-- upload it came by.
CREATE TABLE chunk (
    body  INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (body, seq)
);
CREATE TABLE upload (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    touched_at INTEGER NOT NULL
);

CREATE TABLE mailbox (
    name         TEXT PRIMARY KEY,
    uid_validity INTEGER NOT NULL,
    last_uid     INTEGER NOT NULL
);

-- Counters without gaps: never a sequence.
CREATE TABLE counter (
    series TEXT NOT NULL,
    year   INTEGER NOT NULL,
    last   INTEGER NOT NULL,
    PRIMARY KEY (series, year)
);
CREATE TABLE number (
    text      TEXT PRIMARY KEY,
    series    TEXT NOT NULL,
    year      INTEGER NOT NULL,
    value     INTEGER NOT NULL,
    arrival   INTEGER NOT NULL,
    bound_at  INTEGER NOT NULL,
    voided_at INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX number_value ON number (series, year, value);
CREATE UNIQUE INDEX number_bound ON number (arrival, series) WHERE voided_at = 0;

-- Content accepted before.
CREATE TABLE known (
    arrival        INTEGER PRIMARY KEY,
    content_digest TEXT NOT NULL,
    report_digest  TEXT NOT NULL,
    number         TEXT NOT NULL,
    participant    TEXT NOT NULL,
    sender         TEXT NOT NULL,
    form           TEXT NOT NULL,
    verdict        TEXT NOT NULL,
    code           TEXT NOT NULL,
    digest_alg     TEXT NOT NULL,
    digest_value   TEXT NOT NULL,
    digest_over    TEXT NOT NULL,
    received_at    INTEGER NOT NULL
);
CREATE UNIQUE INDEX known_content ON known (content_digest) WHERE content_digest <> '';
CREATE TABLE known_report (
    participant TEXT NOT NULL,
    report_id   TEXT NOT NULL,
    revision    INTEGER NOT NULL,
    arrival     INTEGER NOT NULL,
    PRIMARY KEY (participant, report_id, revision)
);
CREATE INDEX known_report_arrival ON known_report (arrival);

CREATE TABLE report (
    position     INTEGER PRIMARY KEY,
    arrival      INTEGER NOT NULL,
    number       TEXT NOT NULL,
    participant  TEXT NOT NULL,
    outgoing     INTEGER NOT NULL,
    entered      INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    report_id    TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    format       TEXT NOT NULL,
    media_type   TEXT NOT NULL,
    digest       TEXT NOT NULL,
    received_at  INTEGER NOT NULL,
    confirmed_at INTEGER NOT NULL,
    sealed       BLOB NOT NULL
);
CREATE INDEX report_incoming ON report (position) WHERE outgoing = 0;
CREATE INDEX report_participant ON report (participant, position);
CREATE INDEX report_key ON report (report_id, participant, revision);
CREATE INDEX report_arrival ON report (arrival) WHERE arrival <> 0;
CREATE INDEX report_number ON report (number) WHERE number <> '';

CREATE TABLE letter (
    id              INTEGER PRIMARY KEY,
    kind            TEXT NOT NULL,
    state           TEXT NOT NULL,
    recipient       TEXT NOT NULL,
    address         TEXT NOT NULL,
    sender          TEXT NOT NULL,
    message_id      TEXT NOT NULL,
    envelope_id     TEXT NOT NULL,
    clause          TEXT NOT NULL,
    arrival         INTEGER NOT NULL,
    report          INTEGER NOT NULL,
    digest_alg      TEXT NOT NULL,
    digest_value    TEXT NOT NULL,
    digest_over     TEXT NOT NULL,
    wants_receipt   INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    ready           INTEGER NOT NULL,
    due_at          INTEGER NOT NULL,
    lease           TEXT NOT NULL DEFAULT '',
    worker          TEXT NOT NULL DEFAULT '',
    attempts        INTEGER NOT NULL DEFAULT 0,
    sent_at         INTEGER NOT NULL DEFAULT 0,
    outside         INTEGER NOT NULL DEFAULT 0,
    relay           TEXT NOT NULL DEFAULT '',
    reply           TEXT NOT NULL DEFAULT '',
    closed_at       INTEGER NOT NULL DEFAULT 0,
    verdict         TEXT NOT NULL DEFAULT '',
    number          TEXT NOT NULL DEFAULT '',
    delivery        TEXT NOT NULL DEFAULT '',
    receipt_arrival INTEGER NOT NULL DEFAULT 0,
    peer_received_at INTEGER NOT NULL DEFAULT 0, -- as the addressee's receipt tells
    peer_decided_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX letter_ready ON letter (id) WHERE ready = 1;
CREATE INDEX letter_due ON letter (due_at) WHERE ready = 2;
CREATE INDEX letter_state ON letter (state, id);
CREATE INDEX letter_recipient ON letter (recipient, id);
CREATE INDEX letter_answers ON letter (recipient, kind, created_at);
CREATE UNIQUE INDEX letter_message_id ON letter (message_id);
CREATE INDEX letter_envelope_id ON letter (envelope_id) WHERE envelope_id <> '';
CREATE INDEX letter_arrival ON letter (arrival) WHERE arrival <> 0;
CREATE INDEX letter_report ON letter (report) WHERE report <> 0;
CREATE TABLE letter_body (
    letter INTEGER PRIMARY KEY,
    bytes  BLOB NOT NULL
);
CREATE TABLE attempt (
    letter      INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    outcome     TEXT NOT NULL,
    at          INTEGER NOT NULL,
    relay       TEXT NOT NULL,
    outside     INTEGER NOT NULL,
    code        INTEGER NOT NULL,
    enhanced    TEXT NOT NULL,
    text        TEXT NOT NULL,
    tls         TEXT NOT NULL,
    relay_fault INTEGER NOT NULL,
    PRIMARY KEY (letter, seq)
);

CREATE TABLE deadline (
    id     INTEGER PRIMARY KEY,
    clause TEXT NOT NULL,
    report INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    state  TEXT NOT NULL
);
CREATE INDEX deadline_open ON deadline (at) WHERE state = 'open';
CREATE INDEX deadline_report ON deadline (report);

-- high is the last position handed out; what is at or below it and has no row
-- in delivery was acknowledged. token '' and until_at 0: given back.
CREATE TABLE consumer (
    name TEXT PRIMARY KEY,
    high INTEGER NOT NULL
);
CREATE TABLE delivery (
    consumer TEXT NOT NULL,
    position INTEGER NOT NULL,
    token    TEXT NOT NULL,
    until_at INTEGER NOT NULL,
    count    INTEGER NOT NULL,
    PRIMARY KEY (consumer, position)
);
CREATE INDEX delivery_due ON delivery (consumer, until_at);

CREATE TABLE journal (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    name   TEXT NOT NULL,
    object TEXT NOT NULL,
    actor  TEXT NOT NULL,
    detail TEXT NOT NULL,
    prev   TEXT NOT NULL,
    hash   TEXT NOT NULL
);
CREATE INDEX journal_object ON journal (object, id);

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
);

-- +goose Down
DROP TABLE setting;
DROP TABLE journal;
DROP TABLE delivery;
DROP TABLE consumer;
DROP TABLE deadline;
DROP TABLE attempt;
DROP TABLE letter_body;
DROP TABLE letter;
DROP TABLE report;
DROP TABLE known_report;
DROP TABLE known;
DROP TABLE number;
DROP TABLE counter;
DROP TABLE mailbox;
DROP TABLE upload;
DROP TABLE chunk;
DROP TABLE arrival;
