-- +goose Up

-- Incoming messages. ready and due_at drive the claim: 0 nothing to do, 1 may be
-- leased now, 2 leased or set back until due_at. The claim's indexes name ready
-- alone, so that no planner takes the index on state for them. placed: 0 the
-- mailbox entry stays, 1 it is decided and has to be moved, 2 it was moved.
CREATE TABLE arrival (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    via          TEXT NOT NULL,
    mailbox      TEXT NOT NULL,
    uid_validity BIGINT NOT NULL,
    uid          BIGINT NOT NULL,
    entry_at     BIGINT NOT NULL,
    received_at  BIGINT NOT NULL,
    size         BIGINT NOT NULL,
    oversize     BIGINT NOT NULL,
    sha256       BYTEA NOT NULL,
    body         BIGINT NOT NULL, -- key of its chunks, 0 for its own id
    state        TEXT NOT NULL,
    ready        BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    lease        TEXT NOT NULL DEFAULT '',
    worker       TEXT NOT NULL DEFAULT '',
    attempts     BIGINT NOT NULL DEFAULT 0,
    failures     BIGINT NOT NULL DEFAULT 0,
    number       TEXT NOT NULL DEFAULT '',
    code         TEXT NOT NULL DEFAULT '',
    reason       TEXT NOT NULL DEFAULT '',
    participant  TEXT NOT NULL DEFAULT '',
    message_id   TEXT NOT NULL DEFAULT '',
    sender       TEXT NOT NULL DEFAULT '',
    decided_at   BIGINT NOT NULL DEFAULT 0,
    placed       BIGINT NOT NULL DEFAULT 0
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
    body  BIGINT NOT NULL,
    seq   BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (body, seq)
);
CREATE TABLE upload (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    touched_at BIGINT NOT NULL
);

CREATE TABLE mailbox (
    name         TEXT PRIMARY KEY,
    uid_validity BIGINT NOT NULL,
    last_uid     BIGINT NOT NULL
);

-- Counters without gaps: never a sequence.
CREATE TABLE counter (
    series TEXT NOT NULL,
    year   BIGINT NOT NULL,
    last   BIGINT NOT NULL,
    PRIMARY KEY (series, year)
);
CREATE TABLE number (
    text      TEXT PRIMARY KEY,
    series    TEXT NOT NULL,
    year      BIGINT NOT NULL,
    value     BIGINT NOT NULL,
    arrival   BIGINT NOT NULL,
    bound_at  BIGINT NOT NULL,
    voided_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX number_value ON number (series, year, value);
CREATE UNIQUE INDEX number_bound ON number (arrival, series) WHERE voided_at = 0;

-- Content accepted before.
CREATE TABLE known (
    arrival        BIGINT PRIMARY KEY,
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
    received_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX known_content ON known (content_digest) WHERE content_digest <> '';
CREATE TABLE known_report (
    participant TEXT NOT NULL,
    report_id   TEXT NOT NULL,
    revision    BIGINT NOT NULL,
    arrival     BIGINT NOT NULL,
    PRIMARY KEY (participant, report_id, revision)
);
CREATE INDEX known_report_arrival ON known_report (arrival);

CREATE TABLE report (
    position     BIGINT PRIMARY KEY,
    arrival      BIGINT NOT NULL,
    number       TEXT NOT NULL,
    participant  TEXT NOT NULL,
    outgoing     BIGINT NOT NULL,
    entered      BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    report_id    TEXT NOT NULL,
    revision     BIGINT NOT NULL,
    format       TEXT NOT NULL,
    media_type   TEXT NOT NULL,
    digest       TEXT NOT NULL,
    received_at  BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL,
    sealed       BYTEA NOT NULL
);
CREATE INDEX report_incoming ON report (position) WHERE outgoing = 0;
CREATE INDEX report_participant ON report (participant, position);
CREATE INDEX report_key ON report (report_id, participant, revision);
CREATE INDEX report_arrival ON report (arrival) WHERE arrival <> 0;
CREATE INDEX report_number ON report (number) WHERE number <> '';

CREATE TABLE letter (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind            TEXT NOT NULL,
    state           TEXT NOT NULL,
    recipient       TEXT NOT NULL,
    address         TEXT NOT NULL,
    sender          TEXT NOT NULL,
    message_id      TEXT NOT NULL,
    envelope_id     TEXT NOT NULL,
    clause          TEXT NOT NULL,
    arrival         BIGINT NOT NULL,
    report          BIGINT NOT NULL,
    digest_alg      TEXT NOT NULL,
    digest_value    TEXT NOT NULL,
    digest_over     TEXT NOT NULL,
    wants_receipt   BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    ready           BIGINT NOT NULL,
    due_at          BIGINT NOT NULL,
    lease           TEXT NOT NULL DEFAULT '',
    worker          TEXT NOT NULL DEFAULT '',
    attempts        BIGINT NOT NULL DEFAULT 0,
    sent_at         BIGINT NOT NULL DEFAULT 0,
    outside         BIGINT NOT NULL DEFAULT 0,
    relay           TEXT NOT NULL DEFAULT '',
    reply           TEXT NOT NULL DEFAULT '',
    closed_at       BIGINT NOT NULL DEFAULT 0,
    verdict         TEXT NOT NULL DEFAULT '',
    number          TEXT NOT NULL DEFAULT '',
    delivery        TEXT NOT NULL DEFAULT '',
    receipt_arrival BIGINT NOT NULL DEFAULT 0,
    peer_received_at BIGINT NOT NULL DEFAULT 0, -- as the addressee's receipt tells
    peer_decided_at BIGINT NOT NULL DEFAULT 0
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
    letter BIGINT PRIMARY KEY,
    bytes  BYTEA NOT NULL
);
CREATE TABLE attempt (
    letter      BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    outcome     TEXT NOT NULL,
    at          BIGINT NOT NULL,
    relay       TEXT NOT NULL,
    outside     BIGINT NOT NULL,
    code        BIGINT NOT NULL,
    enhanced    TEXT NOT NULL,
    text        TEXT NOT NULL,
    tls         TEXT NOT NULL,
    relay_fault BIGINT NOT NULL,
    PRIMARY KEY (letter, seq)
);

CREATE TABLE deadline (
    id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    clause TEXT NOT NULL,
    report BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    state  TEXT NOT NULL
);
CREATE INDEX deadline_open ON deadline (at) WHERE state = 'open';
CREATE INDEX deadline_report ON deadline (report);

-- high is the last position handed out; what is at or below it and has no row
-- in delivery was acknowledged. token '' and until_at 0: given back.
CREATE TABLE consumer (
    name TEXT PRIMARY KEY,
    high BIGINT NOT NULL
);
CREATE TABLE delivery (
    consumer TEXT NOT NULL,
    position BIGINT NOT NULL,
    token    TEXT NOT NULL,
    until_at BIGINT NOT NULL,
    count    BIGINT NOT NULL,
    PRIMARY KEY (consumer, position)
);
CREATE INDEX delivery_due ON delivery (consumer, until_at);

CREATE TABLE journal (
    id     BIGINT PRIMARY KEY,
    at     BIGINT NOT NULL,
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
    value BYTEA NOT NULL
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
