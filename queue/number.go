package queue

import (
	"context"
	"fmt"
	"strconv"

	"almasu/exchange"
)

// SeriesHeld is the series of numbers that held messages get.
const SeriesHeld = "H"

// seriesPosition counts the positions of reports; no number has it.
const seriesPosition = "report-position"

// Number binds the next number of a series, Options.NumberPrefix or
// SeriesHeld, to an arrival for ever; asked again it returns the same one. It
// is to be called when the verdict is known and before the receipt is sealed:
// the year is that of the decision in Options.Zone. A number whose message is
// then held, or turns out a duplicate, stays in the register as void. A held
// message goes by its held number until it is settled, whatever is bound to it
// meanwhile by a person or by a worker that comes late.
func (s *Store) Number(ctx context.Context, arrival int64, series string) (string, error) {
	if series != SeriesHeld && (series == "" || series != s.o.NumberPrefix) {
		return "", fmt.Errorf("number for arrival %d: unknown series %q: use %q or %q", arrival, series, s.o.NumberPrefix, SeriesHeld)
	}
	// Soft: what tells the number to anybody is a later, hard commit.
	var text string
	err := s.writeSoft(ctx, fmt.Sprintf("number for arrival %d", arrival), func(t *tx) (err error) {
		text, err = s.number(t, arrival, series)
		return err
	})
	return text, err
}

// number finds or binds the number of an arrival in a series.
func (s *Store) number(t *tx, arrival int64, series string) (string, error) {
	text, err := t.bound(arrival, series)
	if err != nil || text != "" {
		return text, err
	}
	var state string
	known, err := t.found(`SELECT state FROM arrival WHERE id = $1`, []any{arrival}, &state)
	switch {
	case err != nil:
		return "", err
	case !known:
		return "", ErrNotFound
	case state != string(exchange.ArrivalStored) && state != string(exchange.ArrivalHeld):
		return "", fmt.Errorf("it is %s already: %w", state, ErrForbidden)
	}
	year := t.now.In(s.o.Zone).Year()
	value, err := t.count(series, year, 1)
	if err != nil {
		return "", err
	}
	text = fmt.Sprintf("%s-%d-%06d", series, year, value)
	if _, err := t.exec(`INSERT INTO number (text, series, year, value, arrival, bound_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		text, series, year, value, arrival, micro(t.now)); err != nil {
		return "", err
	}
	if state == string(exchange.ArrivalStored) || series == SeriesHeld {
		if err := t.show(arrival, text); err != nil {
			return "", err
		}
	}
	return text, t.note("number-bound", arrivalObject(arrival), "number", text)
}

// show makes a number the one its arrival goes by.
func (t *tx) show(arrival int64, number string) error {
	_, err := t.exec(`UPDATE arrival SET number = $1 WHERE id = $2 AND number <> $1`, number, arrival)
	return err
}

// bound is the number an arrival has in a series, "" if none or only void ones.
func (t *tx) bound(arrival int64, series string) (text string, err error) {
	_, err = t.found(`SELECT text FROM number WHERE arrival = $1 AND series = $2 AND voided_at = 0`, []any{arrival, series}, &text)
	return text, err
}

// void marks a number ("" for none) that its arrival did not come to need.
func (t *tx) void(arrival int64, text string) error {
	if text == "" {
		return nil
	}
	if _, err := t.exec(`UPDATE number SET voided_at = $1 WHERE text = $2`, micro(t.now), text); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE arrival SET number = '' WHERE id = $1 AND number = $2`, arrival, text); err != nil {
		return err
	}
	return t.note("number-void", arrivalObject(arrival), "number", text)
}

// count takes n values of a counter row and returns the last of them. The row
// is part of the transaction: what is rolled back was never counted.
func (t *tx) count(series string, year, n int) (last int64, err error) {
	err = t.one(`INSERT INTO counter (series, year, last) VALUES ($1, $2, $3)
		ON CONFLICT (series, year) DO UPDATE SET last = counter.last + excluded.last RETURNING last`, []any{series, year, n}, &last)
	return last, err
}

func arrivalObject(id int64) string { return "arrival:" + strconv.FormatInt(id, 10) }
func letterObject(id int64) string  { return "letter:" + strconv.FormatInt(id, 10) }
