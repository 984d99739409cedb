package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"almasu/exchange"
)

// Commit makes a decision durable, all of it in one transaction, and returns
// the positions of its reports. d.Arrival 0 is a submission of our own;
// otherwise the arrival must still be stored and leased under d.Lease, or the
// answer is ErrLeaseLost. An accepted or refused message needs its number
// bound before; one that is held gets a number of series SeriesHeld here, and
// its register number, as that of a duplicate, becomes void. ErrConflict means
// that the message has to be run again.
func (s *Store) Commit(ctx context.Context, d exchange.Decision) ([]int64, error) {
	op := fmt.Sprintf("commit the decision on arrival %d", d.Arrival)
	if d.Arrival == 0 {
		op = "commit a submission"
	} else if !mayMove(exchange.ArrivalTransitions(), exchange.ArrivalStored, d.State) {
		return nil, fmt.Errorf("%s: stored to %q: %w", op, d.State, ErrForbidden)
	}
	return s.commit(ctx, op, exchange.ArrivalStored, d)
}

// Settle carries out what a person decided on a held message: to is declined
// or entered. The rest of d is as for Commit.
func (s *Store) Settle(ctx context.Context, arrival int64, to exchange.ArrivalState, d exchange.Decision) error {
	op := fmt.Sprintf("settle arrival %d", arrival)
	if to == exchange.ArrivalStored || !mayMove(exchange.ArrivalTransitions(), exchange.ArrivalHeld, to) {
		return fmt.Errorf("%s: held to %q: %w", op, to, ErrForbidden)
	}
	d.Arrival, d.State = arrival, to
	_, err := s.commit(ctx, op, exchange.ArrivalHeld, d)
	return err
}

func mayMove[S ~string](table []exchange.Transition, from, to S) bool {
	return exchange.MayMove(table, string(from), string(to))
}

func (s *Store) commit(ctx context.Context, op string, from exchange.ArrivalState, d exchange.Decision) (positions []int64, err error) {
	if d.At.IsZero() {
		d.At = s.now()
	}
	err = s.write(ctx, op, func(t *tx) (err error) {
		positions, err = s.decide(t, from, d)
		return err
	})
	if err != nil {
		return nil, err
	}
	return positions, nil
}

// decide is the order of one decision. The compare-and-set comes first, so a
// late worker changes nothing.
func (s *Store) decide(t *tx, from exchange.ArrivalState, d exchange.Decision) ([]int64, error) {
	t.wakes = true
	if d.Arrival != 0 {
		if err := s.decideArrival(t, from, d); err != nil {
			return nil, err
		}
	}
	if d.Known != nil {
		if d.State != exchange.ArrivalAccepted && d.State != exchange.ArrivalEntered {
			return nil, fmt.Errorf("only accepted content is remembered, not %q: %w", d.State, ErrForbidden)
		}
		if err := t.remember(d.Arrival, *d.Known); err != nil {
			return nil, err
		}
	}
	positions, err := s.addReports(t, d)
	if err != nil {
		return nil, err
	}
	first := int64(0)
	if len(positions) > 0 {
		first = positions[0]
	}
	for _, step := range []func() error{
		func() error { return t.addLetters(d, first) },
		func() error { return t.addDeadlines(d, first) },
		func() error { return t.replaceLetters(d) },
		func() error { return t.closeLetters(d) },
		func() error { return t.hintLetters(d) },
		func() error { return t.waitForLetters(d) },
		func() error { return t.addChanges(d) },
		func() error { return t.proveChanges(d) },
		func() error { return t.alarmAndTell(d) },
		func() error { return t.addRequests(d, first) },
		func() error { return t.addHanded(d, first) },
		func() error { return t.remind(d) },
		func() error { return t.journal(eventsOf(d)...) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return positions, nil
}

// decideArrival moves the arrival and settles its numbers.
func (s *Store) decideArrival(t *tx, from exchange.ArrivalState, d exchange.Decision) error {
	lost := ErrLeaseLost
	if from == exchange.ArrivalHeld {
		lost = ErrForbidden
	}
	err := t.must(lost, `UPDATE arrival SET state = $1, code = $2, reason = $3, participant = $4, message_id = $5, sender = $6,
			decided_at = $7, ready = 0, due_at = 0, lease = '', worker = '',
			placed = CASE WHEN via = 'imap' AND placed <> 2 THEN 1 ELSE placed END
		WHERE id = $8 AND state = $9 AND (state = 'held' OR (lease = $10 AND lease <> ''))`,
		string(d.State), string(d.Code), clean(d.Reason), d.Participant, clean(d.MessageID), clean(d.From), micro(d.At),
		d.Arrival, string(from), d.Lease)
	if err != nil {
		return err
	}
	return s.settleNumber(t, d)
}

// settleNumber makes the number an arrival goes by that of its new state.
func (s *Store) settleNumber(t *tx, d exchange.Decision) error {
	number, err := t.bound(d.Arrival, s.o.NumberPrefix)
	if err != nil {
		return err
	}
	switch d.State {
	case exchange.ArrivalAccepted, exchange.ArrivalRefused:
		if number == "" {
			return errors.New("no number is bound to it: call Number before the receipt is sealed")
		}
		return t.show(d.Arrival, number)
	case exchange.ArrivalEntered, exchange.ArrivalDeclined:
		if number == "" {
			return nil // it keeps its held number
		}
		return t.show(d.Arrival, number)
	}
	if err := t.void(d.Arrival, number); err != nil {
		return err
	}
	if d.State != exchange.ArrivalHeld {
		return nil
	}
	if number, err = s.number(t, d.Arrival, SeriesHeld); err != nil {
		return err
	}
	return t.show(d.Arrival, number)
}

func (s *Store) addReports(t *tx, d exchange.Decision) ([]int64, error) {
	if len(d.Reports) == 0 {
		return nil, nil
	}
	if d.Arrival != 0 && d.State != exchange.ArrivalAccepted && d.State != exchange.ArrivalEntered {
		return nil, fmt.Errorf("reports with a decision %q: %w", d.State, ErrForbidden)
	}
	last, err := t.count(seriesPosition, 0, len(d.Reports))
	if err != nil {
		return nil, fmt.Errorf("position of a report: %w", err)
	}
	positions := make([]int64, len(d.Reports))
	for i, r := range d.Reports {
		r.Position = last - int64(len(d.Reports)-1-i)
		r.Arrival = d.Arrival
		if err := t.mayGoOut(r); err != nil {
			return nil, err
		}
		if err := s.addReport(t, r); err != nil {
			return nil, fmt.Errorf("store a report: %w", err)
		}
		positions[i] = r.Position
	}
	return positions, nil
}

// mayGoOut: of our own reports an id has each revision once, whoever hands it
// in at the same moment; the lock of the position keeps the second one waiting
// until it can see the first.
func (t *tx) mayGoOut(r exchange.StoredReport) error {
	if !r.Outgoing {
		return nil
	}
	var other int64
	known, err := t.found(`SELECT position FROM report WHERE report_id = $1 AND participant = $2 AND revision = $3 AND outgoing = 1`,
		[]any{clean(r.Key.ID), r.Participant, int64(r.Key.Revision)}, &other)
	if err == nil && known {
		err = fmt.Errorf("revision %d of the report was handed in as report %d: %w", r.Key.Revision, other, ErrConflict)
	}
	return err
}

func (s *Store) addReport(t *tx, r exchange.StoredReport) error {
	sum := sha256.Sum256(r.Document)
	_, err := t.exec(`INSERT INTO report (`+reportColumns+`, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		r.Position, r.Arrival, r.Number, r.Participant, asInt(r.Outgoing), asInt(r.Entered), string(r.Kind), clean(r.Key.ID), int64(r.Key.Revision),
		string(r.Format), clean(r.MediaType), hex.EncodeToString(sum[:]), micro(r.ReceivedAt), micro(r.ConfirmedAt),
		s.seal(reportRow(r.Position), r.Document))
	return err
}

func (t *tx) addDeadlines(d exchange.Decision, report int64) error {
	for _, dl := range d.Deadlines {
		if dl.Report == 0 {
			dl.Report = report
		}
		if dl.State == "" {
			dl.State = exchange.DeadlineOpen
		}
		if dl.Quarter != "" {
			if err := t.addDuty(d, dl); err != nil {
				return fmt.Errorf("store a duty of a quarter: %w", err)
			}
			continue
		}
		if _, err := t.exec(`INSERT INTO deadline (clause, report, at, state) VALUES ($1, $2, $3, $4)`,
			dl.Clause, dl.Report, micro(dl.At), dl.State); err != nil {
			return fmt.Errorf("store a deadline: %w", err)
		}
	}
	return nil
}

// eventsOf is what the journal says of a decision: the caller's events, or
// where there are none one for the decision itself.
func eventsOf(d exchange.Decision) []exchange.Event {
	if len(d.Events) == 0 {
		e := exchange.Event{At: d.At, Name: "submitted", Object: "submission", Detail: map[string]string{}}
		if d.Arrival != 0 {
			e.Name, e.Object = string(d.State), arrivalObject(d.Arrival)
		}
		for name, n := range map[string]int{"reports": len(d.Reports), "letters": len(d.Letters)} {
			if n > 0 {
				e.Detail[name] = strconv.Itoa(n)
			}
		}
		if d.Code != "" {
			e.Detail["code"] = string(d.Code)
		}
		return []exchange.Event{e}
	}
	events := make([]exchange.Event, len(d.Events))
	for i, e := range d.Events {
		if e.At.IsZero() {
			e.At = d.At
		}
		events[i] = e
	}
	return events
}
