package exchange

import "time"

// Tracking is how far a letter has come, in the words of who waits for it.
type Tracking string

// The steps of a letter. A delivery report is an unauthenticated hint: it
// makes a letter delivered, never opened.
const (
	TrackWaiting   Tracking = "waiting"   // not with a relay yet
	TrackBlocked   Tracking = "blocked"   // the addressee has no usable key
	TrackSent      Tracking = "sent"      // a relay took it
	TrackDelivered Tracking = "delivered" // a delivery report says so
	TrackOpened    Tracking = "opened"    // the addressee's receipt is in
	TrackRefused   Tracking = "refused"   // by the addressee, by the relays, or by the mail server behind them
	TrackOverdue   Tracking = "overdue"   // its deadline has passed, or no receipt came for a day
	TrackReplaced  Tracking = "replaced"  // sealed anew
)

// Trackings lists every step.
func Trackings() []Tracking {
	return []Tracking{TrackWaiting, TrackBlocked, TrackSent, TrackDelivered, TrackOpened, TrackRefused, TrackOverdue, TrackReplaced}
}

// receiptPatience is how long after a 250 a receipt may be out before the
// letter counts as overdue: a gateway answers within seconds, a person is not
// needed.
const receiptPatience = 24 * time.Hour

// Track says how far a letter has come; due are the deadlines of its report.
func (l Letter) Track(due []Deadline, now time.Time) Tracking {
	switch {
	case l.State == LetterReplaced:
		return TrackReplaced
	case l.State == LetterClosed && l.Verdict == VerdictRefused:
		return TrackRefused
	case l.State == LetterClosed:
		return TrackOpened
	case l.State == LetterNever, l.State == LetterSent && l.Delivery == "failed":
		return TrackRefused
	case l.late(due, now):
		return TrackOverdue
	case l.State == LetterSent && l.Delivery == "delivered":
		return TrackDelivered
	case l.State == LetterSent:
		return TrackSent
	case l.State == LetterBlocked:
		return TrackBlocked
	}
	return TrackWaiting
}

func (l Letter) late(due []Deadline, now time.Time) bool {
	for _, d := range due {
		if l.Clause != "" && d.Clause == l.Clause && d.State != DeadlineMet && !now.Before(d.At) {
			return true
		}
	}
	return l.WantsReceipt && l.State == LetterSent && now.Sub(l.SentAt) > receiptPatience
}

// Settled reports whether nothing more is to be waited for: no step follows
// by itself.
func (t Tracking) Settled() bool { return t == TrackOpened || t == TrackRefused || t == TrackReplaced }

// TrackAll is where a report with several letters stands: at the worst of
// them, or at the one that is furthest behind. "" without letters.
func TrackAll(letters []Tracking) Tracking {
	order := []Tracking{TrackRefused, TrackOverdue, TrackBlocked, TrackWaiting, TrackSent, TrackDelivered, TrackOpened}
	for _, step := range order {
		for _, t := range letters {
			if t == step {
				return step
			}
		}
	}
	return ""
}
