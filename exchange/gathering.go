package exchange

import (
	"slices"
	"time"
)

// Gathering is how a participant wants notices that are not urgent gathered into
// one letter; the zero value: not at all.
type Gathering struct {
	Every time.Duration // at most one letter in that time
	Daily time.Duration // one a day, that long after midnight, where Every is 0
	On    bool
}

// Next is when a notice that comes now leaves with a digest, zero for at once.
func (d Gathering) Next(now time.Time, zone *time.Location) time.Time {
	switch {
	case !d.On:
		return time.Time{}
	case d.Every > 0:
		return now.Add(d.Every)
	}
	day := now.In(zone)
	at := func(days int) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day()+days, 0, int(d.Daily/time.Minute), 0, 0, zone)
	}
	if today := at(0); today.After(now) {
		return today
	}
	return at(1)
}

// Stricter is the label of two that goes less far; none counts as
// TLP:AMBER+STRICT beside another one.
func Stricter(a, b TLP) TLP {
	if a == "" {
		return b
	}
	order := []TLP{TLPClear, TLPGreen, TLPAmber, TLPAmberStrict, TLPRed}
	place := func(l TLP) int {
		if i := slices.Index(order, l); i >= 0 {
			return i
		}
		return slices.Index(order, TLPAmberStrict)
	}
	return order[max(place(a), place(b))]
}
