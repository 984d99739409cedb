// Package alarm tells people of an alarm by other ways than mail: a webhook
// and a command hook. It owns the form in which an alarm leaves that way:
// handles of our own making, never a word of a message. It refuses to decide
// who is told and when it is tried again, and it keeps nothing.
package alarm

import (
	"strings"
	"time"

	"almasu/exchange"
)

// DefaultTimeout bounds one call of a webhook or a command.
const DefaultTimeout = 10 * time.Second

// Body is the JSON object of the webhook. Times are RFC 3339 in the zone of the
// gateway; due is "" where the alarm is about no deadline.
type Body struct {
	Alarm   string `json:"alarm"` // "A-17"
	Gateway string `json:"gateway"`
	Kind    string `json:"kind"`
	Call    string `json:"call"` // log, duty, people
	Clause  string `json:"clause"`
	Subject string `json:"subject"`
	Due     string `json:"due"`
	At      string `json:"at"`
}

// NewBody is what is told of an alarm of the gateway with that id.
func NewBody(a exchange.Alarm, gateway string, zone *time.Location) Body {
	return Body{Alarm: a.Name(), Gateway: gateway, Kind: string(a.Kind), Call: string(a.Call), Clause: a.Clause, Subject: a.Subject,
		Due: stamp(a.Due, zone), At: stamp(a.At, zone)}
}

func stamp(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format(time.RFC3339)
}

func orDefault(d time.Duration) time.Duration {
	if d <= 0 {
		return DefaultTimeout
	}
	return d
}

// maxWords bounds what is kept of an answer or of a command's output, octets.
const maxWords = 400

// oneLine makes foreign words one bounded line that cannot forge a line of the
// log.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r <= 0x9f || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxWords {
		s = strings.ToValidUTF8(s[:maxWords], "") + "..."
	}
	return s
}
