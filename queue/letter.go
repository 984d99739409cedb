package queue

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"almasu/exchange"
)

const letterColumns = `id, kind, state, recipient, address, sender, message_id, envelope_id, clause, arrival, report, digest_alg, digest_value,
	digest_over, wants_receipt, created_at, expires_at, due_at, attempts, sent_at, outside, relay, reply, closed_at, verdict, number,
	delivery, receipt_arrival, peer_received_at, peer_decided_at, patience, again_at`

func scanLetter(scan func(...any) error) (exchange.Letter, error) {
	var l exchange.Letter
	var createdAt, expiresAt, dueAt, sentAt, closedAt, peerReceivedAt, peerDecidedAt, patience, againAt int64
	err := scan(&l.ID, &l.Kind, &l.State, &l.To, &l.Address, &l.Sender, &l.MessageID, &l.EnvelopeID, &l.Clause, &l.Arrival, &l.Report,
		&l.Digest.Algorithm, &l.Digest.Value, &l.Digest.Over, &l.WantsReceipt, &createdAt, &expiresAt, &dueAt, &l.Attempts, &sentAt, &l.Outside,
		&l.Relay, &l.Reply, &closedAt, &l.Verdict, &l.Number, &l.Delivery, &l.ReceiptArrival, &peerReceivedAt,
		&peerDecidedAt, &patience, &againAt)
	l.CreatedAt, l.Expires, l.NextAt = fromMicro(createdAt), fromMicro(expiresAt), fromMicro(dueAt)
	l.SentAt, l.ClosedAt = fromMicro(sentAt), fromMicro(closedAt)
	l.PeerReceivedAt, l.PeerDecidedAt = fromMicro(peerReceivedAt), fromMicro(peerDecidedAt)
	l.Patience, l.AgainAt = time.Duration(patience)*time.Microsecond, fromMicro(againAt)
	return l, err
}

// LetterFilter chooses letters; a zero field chooses nothing away.
type LetterFilter struct {
	ID      int64
	State   exchange.LetterState
	To      string // participant id
	Kind    exchange.LetterKind
	Arrival int64 // answered
	Report  int64 // position carried
	Newest  bool  // highest id first
	Limit   int   // 0 for all
}

// Letters lists letters without their Message, oldest first or newest first.
func (s *Store) Letters(ctx context.Context, f LetterFilter) ([]exchange.Letter, error) {
	w := where{}
	if f.ID != 0 {
		w.add("id =", f.ID)
	}
	w.text("state", string(f.State))
	w.text("recipient", f.To)
	w.text("kind", string(f.Kind))
	if f.Arrival != 0 {
		w.add("arrival <> 0 AND arrival =", f.Arrival)
	}
	if f.Report != 0 {
		w.add("report <> 0 AND report =", f.Report)
	}
	list, err := s.look(ctx).letters(w.query("id", f.Newest, f.Limit), w.args...)
	return list, wrap("list letters", err)
}

// Letter finds a letter by its id, with its Message.
func (s *Store) Letter(ctx context.Context, id int64) (exchange.Letter, error) {
	return s.letter(ctx, fmt.Sprintf("letter %d", id), ` WHERE id = $1`, id)
}

// LetterByMessageID finds a letter by its Message-ID, angle brackets included.
func (s *Store) LetterByMessageID(ctx context.Context, messageID string) (exchange.Letter, error) {
	return s.letter(ctx, fmt.Sprintf("letter %q", messageID), ` WHERE message_id = $1`, clean(messageID))
}

// LetterByEnvelopeID finds a letter by the ENVID of its delivery reports.
func (s *Store) LetterByEnvelopeID(ctx context.Context, envelopeID string) (exchange.Letter, error) {
	return s.letter(ctx, fmt.Sprintf("letter with ENVID %q", envelopeID), ` WHERE envelope_id = $1 AND envelope_id <> ''`, clean(envelopeID))
}

func (s *Store) letter(ctx context.Context, op, query string, args ...any) (exchange.Letter, error) {
	v := s.look(ctx)
	list, err := v.letters(query, args...)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return exchange.Letter{}, wrap(op, err)
	}
	list[0].Message, err = v.message(list[0].ID)
	return list[0], wrap(op, err)
}

func (v view) letters(query string, args ...any) ([]exchange.Letter, error) {
	var out []exchange.Letter
	err := v.each(`SELECT `+letterColumns+` FROM letter`+query, args, func(scan func(...any) error) error {
		l, err := scanLetter(scan)
		out = append(out, l)
		return err
	})
	return out, err
}

// message is the octets of a letter; those of a blocked one are sealed to
// ourselves alone.
func (v view) message(letter int64) (bytes []byte, err error) {
	_, err = v.found(`SELECT bytes FROM letter_body WHERE letter = $1`, []any{letter}, &bytes)
	return bytes, err
}

// AnswersSince counts the letters of a kind composed for a participant since a
// moment, without receipts of what was accepted: what the fuse looks at.
func (s *Store) AnswersSince(ctx context.Context, participant string, kind exchange.LetterKind, since time.Time) (int, error) {
	n, err := s.look(ctx).lettersSince(participant, kind, since, exchange.VerdictAccepted)
	return n, wrap("count answers", err)
}

// lettersSince counts letters but for receipts with one verdict.
func (v view) lettersSince(participant string, kind exchange.LetterKind, since time.Time, but exchange.Verdict) (n int, err error) {
	err = v.one(`SELECT count(*) FROM letter WHERE recipient = $1 AND kind = $2 AND created_at >= $3 AND (verdict <> $4 OR $4 = '')`,
		[]any{participant, string(kind), micro(since), string(but)}, &n)
	return n, err
}

func (t *tx) addLetters(d exchange.Decision, report int64) error {
	for _, l := range d.Letters {
		if l.Report == 0 {
			l.Report = report
		}
		if err := t.addLetter(d, l); err != nil {
			return fmt.Errorf("store the letter %s: %w", l.MessageID, err)
		}
	}
	return nil
}

func (t *tx) addLetter(d exchange.Decision, l exchange.Letter) error {
	if l.State == "" {
		l.State = exchange.LetterWaiting
	}
	switch {
	case !mayMove(exchange.LetterTransitions(), "", l.State):
		return fmt.Errorf("a new letter that is %s: %w", l.State, ErrForbidden)
	case len(l.Message) == 0:
		return fmt.Errorf("a %s letter without octets: %w", l.State, ErrForbidden)
	}
	if l.CreatedAt.IsZero() {
		l.CreatedAt = d.At
	}
	if l.OncePer > 0 {
		n, err := t.lettersSince(l.To, l.Kind, l.CreatedAt.Add(-l.OncePer), "")
		if err != nil || n > 0 {
			return err // left out: one was composed a little before
		}
	}
	ready := int64(0)
	if l.State == exchange.LetterWaiting {
		ready = t.line(l.NextAt)
	}
	err := t.one(`INSERT INTO letter (kind, state, recipient, address, sender, message_id, envelope_id, clause, arrival, report, digest_alg,
			digest_value, digest_over, wants_receipt, created_at, expires_at, ready, due_at, verdict, patience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) RETURNING id`,
		[]any{string(l.Kind), string(l.State), l.To, l.Address, l.Sender, l.MessageID, l.EnvelopeID, l.Clause, l.Arrival, l.Report, l.Digest.Algorithm,
			l.Digest.Value, l.Digest.Over, asInt(l.WantsReceipt), micro(l.CreatedAt), micro(l.Expires),
			ready, micro(l.NextAt), string(l.Verdict), l.Patience.Microseconds()}, &l.ID)
	if err != nil {
		return err
	}
	if _, err := t.exec(`INSERT INTO letter_body (letter, bytes) VALUES ($1, $2)`, l.ID, l.Message); err != nil {
		return err
	}
	return t.note("letter-composed", letterObject(l.ID), "kind", string(l.Kind), "to", l.To, "state", string(l.State), "message_id", l.MessageID,
		"arrival", orBlank(l.Arrival), "report", orBlank(l.Report))
}

func orBlank(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
