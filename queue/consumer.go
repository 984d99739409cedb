package queue

import (
	"context"
	"fmt"
	"time"

	"almasu/exchange"
)

// Leased is a report handed to a consumer until Expires. Token is what Ack and
// Nack are called with; Delivery counts from 1 how often this consumer got it.
type Leased struct {
	exchange.StoredReport
	Token    string
	Expires  time.Time
	Delivery int
}

// Lease hands a consumer at most n incoming reports for d: first those it gave
// back or let expire, then the next in order of commit. Each report goes to
// each consumer at least once and never again after Ack. A consumer exists
// from the first report it leased and begins with the first report there is.
func (s *Store) Lease(ctx context.Context, consumer string, n int, d time.Duration) ([]Leased, error) {
	op := "lease reports for " + consumer
	if !exchange.ValidID(consumer) {
		return nil, fmt.Errorf("lease reports: consumer name %q: must match [A-Za-z0-9._:-]{1,64}", consumer)
	}
	if n < 1 || d <= 0 {
		return nil, fmt.Errorf("%s: %d reports for %v: both must be above zero", op, n, d)
	}
	var out []Leased
	err := s.writeSoft(ctx, op, func(t *tx) (err error) {
		out, err = t.lease(consumer, newToken(), n, t.now.Add(d))
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].StoredReport, err = s.Report(ctx, out[i].Position); err != nil {
			return nil, wrap(op, err)
		}
	}
	return out, nil
}

func (t *tx) lease(consumer, token string, n int, until time.Time) ([]Leased, error) {
	var high int64
	if _, err := t.found(`SELECT high FROM consumer WHERE name = $1`, []any{consumer}, &high); err != nil {
		return nil, err
	}
	var out []Leased
	err := t.each(`SELECT position, count FROM delivery WHERE consumer = $1 AND until_at <= $2 ORDER BY position LIMIT $3`,
		[]any{consumer, micro(t.now), n}, func(scan func(...any) error) error {
			l := Leased{Token: token, Expires: until}
			err := scan(&l.Position, &l.Delivery)
			l.Delivery++
			out = append(out, l)
			return err
		})
	if err != nil {
		return nil, err
	}
	err = t.each(`SELECT position FROM report WHERE outgoing = 0 AND erased_at = 0 AND position > $1 ORDER BY position LIMIT $2`,
		[]any{high, n - len(out)}, func(scan func(...any) error) error {
			l := Leased{Token: token, Expires: until, Delivery: 1}
			err := scan(&l.Position)
			out, high = append(out, l), l.Position
			return err
		})
	if err != nil || len(out) == 0 {
		return nil, err
	}
	for _, l := range out {
		if _, err := t.exec(`INSERT INTO delivery (consumer, position, token, until_at, count) VALUES ($1, $2, $3, $4, 1)
			ON CONFLICT (consumer, position) DO UPDATE SET token = excluded.token, until_at = excluded.until_at, count = delivery.count + 1`,
			consumer, l.Position, token, micro(until)); err != nil {
			return nil, err
		}
	}
	_, err = t.exec(`INSERT INTO consumer (name, high) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET high = excluded.high`, consumer, high)
	return out, err
}

// Ack ends a report's delivery to a consumer: it is not handed to it again. An
// expired lease can still be acknowledged as long as nobody has a newer one.
func (s *Store) Ack(ctx context.Context, consumer string, position int64, token string) error {
	return s.write(ctx, fmt.Sprintf("acknowledge report %d for %s", position, consumer), func(t *tx) error {
		if err := t.must(ErrLeaseLost, `DELETE FROM delivery WHERE consumer = $1 AND position = $2 AND token = $3 AND token <> ''`,
			consumer, position, token); err != nil {
			return err
		}
		return t.note("report-acknowledged", reportRow(position), "consumer", consumer)
	})
}

// Nack gives a report back: it goes first at the consumer's next lease.
func (s *Store) Nack(ctx context.Context, consumer string, position int64, token string) error {
	return s.write(ctx, fmt.Sprintf("give report %d of %s back", position, consumer), func(t *tx) error {
		if err := t.must(ErrLeaseLost, `UPDATE delivery SET token = '', until_at = 0 WHERE consumer = $1 AND position = $2 AND token = $3
			AND token <> ''`, consumer, position, token); err != nil {
			return err
		}
		t.wakes = true
		return t.note("report-given-back", reportRow(position), "consumer", consumer)
	})
}

// Consumer is where a named consumer stands.
type Consumer struct {
	Name   string
	High   int64 // last position handed out
	Leased int   // handed out, neither acknowledged nor given back
	Back   int   // given back, not handed out again yet
}

// Consumers lists the consumers by name.
func (s *Store) Consumers(ctx context.Context) ([]Consumer, error) {
	var out []Consumer
	err := s.look(ctx).each(`SELECT c.name, c.high, count(CASE WHEN d.token <> '' THEN 1 END), count(CASE WHEN d.token = '' THEN 1 END)
		FROM consumer c LEFT JOIN delivery d ON d.consumer = c.name GROUP BY c.name, c.high ORDER BY c.name`, nil,
		func(scan func(...any) error) error {
			var c Consumer
			err := scan(&c.Name, &c.High, &c.Leased, &c.Back)
			out = append(out, c)
			return err
		})
	return out, wrap("list consumers", err)
}
