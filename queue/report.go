package queue

import (
	"context"
	"fmt"

	"almasu/exchange"
)

const reportColumns = `position, arrival, number, participant, outgoing, entered, kind, report_id, revision, format, media_type,
	digest, received_at, confirmed_at`

// ReportFilter chooses reports; a zero field chooses nothing away.
type ReportFilter struct {
	Participant string
	ID          string // report id
	Number      string
	Kind        exchange.ReportKind
	Arrival     int64
	Incoming    bool  // only those that came by mail
	Outgoing    bool  // only our own submissions
	After       int64 // positions above this one
	Newest      bool  // highest position first
	Limit       int   // 0 for all
	Document    bool  // with Document, opened; nil otherwise
}

// Reports lists reports in order of commit, or newest first.
func (s *Store) Reports(ctx context.Context, f ReportFilter) ([]exchange.StoredReport, error) {
	w := where{}
	w.text("participant", f.Participant)
	w.text("report_id", clean(f.ID))
	w.text("kind", string(f.Kind))
	if f.Number != "" {
		w.add("number <> '' AND number =", f.Number)
	}
	if f.Arrival != 0 {
		w.add("arrival <> 0 AND arrival =", f.Arrival)
	}
	if f.Incoming != f.Outgoing {
		w.add("outgoing =", asInt(f.Outgoing))
	}
	if f.After > 0 {
		w.add("position >", f.After)
	}
	list, err := s.look(ctx).reports(w.query("position", f.Newest, f.Limit), w.args, f.Document, s)
	return list, wrap("list reports", err)
}

// Report finds a report by its position, with its document.
func (s *Store) Report(ctx context.Context, position int64) (exchange.StoredReport, error) {
	op := fmt.Sprintf("report at position %d", position)
	list, err := s.look(ctx).reports(` WHERE position = $1`, []any{position}, true, s)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return exchange.StoredReport{}, wrap(op, err)
	}
	return list[0], nil
}

func (v view) reports(query string, args []any, document bool, s *Store) ([]exchange.StoredReport, error) {
	columns := reportColumns
	if document {
		columns += ", sealed"
	}
	var out []exchange.StoredReport
	err := v.each(`SELECT `+columns+` FROM report`+query, args, func(scan func(...any) error) error {
		var r exchange.StoredReport
		var receivedAt, confirmedAt int64
		var sealed []byte
		dest := []any{&r.Position, &r.Arrival, &r.Number, &r.Participant, &r.Outgoing, &r.Entered, &r.Kind, &r.Key.ID, &r.Key.Revision,
			&r.Format, &r.MediaType, &r.Digest, &receivedAt, &confirmedAt}
		if document {
			dest = append(dest, &sealed)
		}
		if err := scan(dest...); err != nil {
			return err
		}
		r.ReceivedAt, r.ConfirmedAt = fromMicro(receivedAt), fromMicro(confirmedAt)
		if document && len(sealed) > 0 { // nothing is left after its period
			plain, err := s.unseal(reportRow(r.Position), sealed)
			if err != nil {
				return err
			}
			r.Document = plain
		}
		out = append(out, r)
		return nil
	})
	return out, err
}
