package queue

import (
	"context"
	"errors"
	"fmt"

	"almasu/exchange"
)

const knownColumns = `arrival, number, participant, sender, form, verdict, code, digest_alg, digest_value, digest_over, received_at,
	content_digest, report_digest`

// KnownContent is what was accepted with the same signed content (hex SHA-256),
// nil if nothing was.
func (s *Store) KnownContent(ctx context.Context, contentDigest string) (*exchange.Known, error) {
	if contentDigest == "" {
		return nil, nil
	}
	k, err := s.look(ctx).known(`content_digest = $1 AND content_digest <> ''`, contentDigest)
	return k, wrap("look for known content", err)
}

// KnownReport is what was accepted with the participant's report of this id
// and revision, nil if nothing was.
func (s *Store) KnownReport(ctx context.Context, participant string, key exchange.Key) (*exchange.Known, error) {
	k, err := s.look(ctx).known(`arrival = (SELECT arrival FROM known_report WHERE participant = $1 AND report_id = $2 AND revision = $3)`,
		participant, clean(key.ID), int64(key.Revision))
	return k, wrap("look for a known report", err)
}

func (v view) known(where string, args ...any) (*exchange.Known, error) {
	var k exchange.Known
	var receivedAt int64
	found, err := v.found(`SELECT `+knownColumns+` FROM known WHERE `+where, args, &k.Arrival, &k.Number, &k.Participant, &k.From,
		&k.Form, &k.Verdict, &k.Code, &k.Digest.Algorithm, &k.Digest.Value, &k.Digest.Over, &receivedAt, &k.ContentDigest, &k.ReportDigest)
	if err != nil || !found {
		return nil, err
	}
	k.ReceivedAt = fromMicro(receivedAt)
	err = v.each(`SELECT report_id, revision FROM known_report WHERE arrival = $1 ORDER BY report_id, revision`, []any{k.Arrival},
		func(scan func(...any) error) error {
			var key exchange.Key
			err := scan(&key.ID, &key.Revision)
			k.Reports = append(k.Reports, key)
			return err
		})
	return &k, err
}

// LatestRevision is the highest revision accepted of a participant's report, 0
// if none was.
func (s *Store) LatestRevision(ctx context.Context, participant, id string) (int, error) {
	n, err := s.look(ctx).latestRevision(participant, id)
	return n, wrap("look for the latest revision", err)
}

func (v view) latestRevision(participant, id string) (n int, err error) {
	_, err = v.found(`SELECT revision FROM known_report WHERE participant = $1 AND report_id = $2 ORDER BY revision DESC LIMIT 1`,
		[]any{participant, clean(id)}, &n)
	return n, err
}

// remember notes accepted content. Whoever commits second with the same
// content, or with the same or a lower revision of a report, gets ErrConflict.
func (t *tx) remember(arrival int64, k exchange.Known) error {
	if k.ContentDigest != "" {
		var other int64
		switch known, err := t.found(`SELECT arrival FROM known WHERE content_digest = $1 AND content_digest <> ''`, []any{k.ContentDigest}, &other); {
		case err != nil:
			return err
		case known:
			return fmt.Errorf("content of arrival %d: %w", other, ErrConflict)
		}
	}
	seen := map[exchange.Key]bool{}
	for _, key := range k.Reports {
		if seen[key] {
			return errors.New("one message with the same report and revision twice")
		}
		seen[key] = true
		latest, err := t.latestRevision(k.Participant, key.ID)
		if err != nil {
			return err
		}
		if latest >= key.Revision {
			return fmt.Errorf("revision %d of the report is registered: %w", latest, ErrConflict)
		}
	}
	_, err := t.exec(`INSERT INTO known (`+knownColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		arrival, k.Number, k.Participant, clean(k.From), string(k.Form), string(k.Verdict), string(k.Code), k.Digest.Algorithm, k.Digest.Value, k.Digest.Over,
		micro(k.ReceivedAt), k.ContentDigest, k.ReportDigest)
	if err != nil {
		return err
	}
	for key := range seen {
		if _, err := t.exec(`INSERT INTO known_report (participant, report_id, revision, arrival) VALUES ($1, $2, $3, $4)`,
			k.Participant, clean(key.ID), int64(key.Revision), arrival); err != nil {
			return err
		}
	}
	return nil
}
