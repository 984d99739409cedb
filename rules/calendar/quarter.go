package calendar

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Quarter is a quarter of a year.
type Quarter struct {
	Year int
	N    int // 1 to 4
}

// QuarterOf is the quarter of a moment in the zone.
func QuarterOf(t time.Time, zone *time.Location) Quarter {
	t = t.In(zone)
	return Quarter{t.Year(), (int(t.Month()) + 2) / 3}
}

var quarterLike = regexp.MustCompile(`^([0-9]{4})-Q([1-4])$`)

// ParseQuarter reads "2026-Q4".
func ParseQuarter(s string) (Quarter, error) {
	m := quarterLike.FindStringSubmatch(s)
	if m == nil {
		return Quarter{}, fmt.Errorf("%q is no quarter: write it as 2026-Q4", s)
	}
	year, _ := strconv.Atoi(m[1])
	n, _ := strconv.Atoi(m[2])
	return Quarter{year, n}, nil
}

// String is the form of the cards, "2026-Q4".
func (q Quarter) String() string { return fmt.Sprintf("%04d-Q%d", q.Year, q.N) }

// Next is the quarter after.
func (q Quarter) Next() Quarter {
	if q.N == 4 {
		return Quarter{q.Year + 1, 1}
	}
	return Quarter{q.Year, q.N + 1}
}

// Before is the quarter before.
func (q Quarter) Before() Quarter {
	if q.N == 1 {
		return Quarter{q.Year - 1, 4}
	}
	return Quarter{q.Year, q.N - 1}
}

// Start is the first moment of the quarter.
func (q Quarter) Start(zone *time.Location) time.Time { return q.day(1, 0, zone) }

// End is the first moment after the quarter.
func (q Quarter) End(zone *time.Location) time.Time { return q.Next().Start(zone) }

// Has reports whether a moment belongs to the quarter: its start does, its end
// does not.
func (q Quarter) Has(t time.Time, zone *time.Location) bool {
	return !t.Before(q.Start(zone)) && t.Before(q.End(zone))
}

// day is an hour of a day of the first month of the quarter.
func (q Quarter) day(day, hour int, zone *time.Location) time.Time {
	return time.Date(q.Year, time.Month(3*q.N-2), day, hour, 0, 0, 0, zone)
}
