package exchange

import (
	"testing"
	"time"
)

func TestTrack(t *testing.T) {
	now := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	due := func(state string, in time.Duration) []Deadline {
		return []Deadline{{Clause: "9", At: now.Add(in), State: state}}
	}
	sent := Letter{State: LetterSent, Clause: "9", WantsReceipt: true, SentAt: now.Add(-time.Minute)}
	with := func(change func(*Letter)) Letter {
		l := sent
		change(&l)
		return l
	}
	for name, c := range map[string]struct {
		letter Letter
		due    []Deadline
		want   Tracking
	}{
		"waiting":                         {Letter{State: LetterWaiting, Clause: "9"}, due(DeadlineOpen, time.Minute), TrackWaiting},
		"waiting past its deadline":       {Letter{State: LetterWaiting, Clause: "9"}, due(DeadlineOpen, 0), TrackOverdue},
		"another clause's deadline":       {Letter{State: LetterWaiting, Clause: "9"}, []Deadline{{Clause: "14", At: now, State: DeadlineOpen}}, TrackWaiting},
		"no usable key":                   {Letter{State: LetterBlocked}, nil, TrackBlocked},
		"sent":                            {sent, due(DeadlineOpen, time.Minute), TrackSent},
		"sent in time, the clock stopped": {sent, due(DeadlineMet, -time.Minute), TrackSent},
		"sent too late":                   {sent, due(DeadlineMissed, -time.Minute), TrackOverdue},
		"no receipt for a day":            {with(func(l *Letter) { l.SentAt = now.Add(-25 * time.Hour) }), nil, TrackOverdue},
		"none was asked for":              {with(func(l *Letter) { l.SentAt, l.WantsReceipt = now.Add(-25*time.Hour), false }), nil, TrackSent},
		"a delivery report":               {with(func(l *Letter) { l.Delivery = "delivered" }), nil, TrackDelivered},
		"a delay":                         {with(func(l *Letter) { l.Delivery = "delayed" }), nil, TrackSent},
		"a bounce":                        {with(func(l *Letter) { l.Delivery = "failed" }), nil, TrackRefused},
		"a bounce before the receipt":     {with(func(l *Letter) { l.Delivery, l.State = "failed", LetterClosed }), nil, TrackOpened},
		"given up":                        {Letter{State: LetterNever}, nil, TrackRefused},
		"opened, though late":             {with(func(l *Letter) { l.State, l.Verdict = LetterClosed, VerdictAccepted }), due(DeadlineMissed, -time.Minute), TrackOpened},
		"refused by the addressee":        {with(func(l *Letter) { l.State, l.Verdict = LetterClosed, VerdictRefused }), nil, TrackRefused},
		"held by the addressee":           {with(func(l *Letter) { l.State, l.Verdict = LetterClosed, VerdictHeld }), nil, TrackOpened},
		"sealed anew":                     {Letter{State: LetterReplaced, Clause: "9"}, due(DeadlineMissed, -time.Minute), TrackReplaced},
	} {
		if got := c.letter.Track(c.due, now); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestTrackAll(t *testing.T) {
	for want, letters := range map[Tracking][]Tracking{
		"":             nil,
		TrackOpened:    {TrackOpened, TrackReplaced},
		TrackSent:      {TrackOpened, TrackSent},
		TrackRefused:   {TrackOpened, TrackOverdue, TrackRefused},
		TrackOverdue:   {TrackOverdue, TrackWaiting},
		TrackDelivered: {TrackDelivered, TrackOpened},
	} {
		if got := TrackAll(letters); got != want {
			t.Errorf("%v: %s, want %s", letters, got, want)
		}
	}
}
