package receipt

import (
	"strconv"
	"time"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// ChangesAsked words the letter to a participant, at its address of before,
// that a contact card in its name asks for changes of its entry in the register
// (DESIGN section 3).
func ChangesAsked(number string, receivedAt time.Time, changes []exchange.Change, s Style) Wording {
	return s.word(func(b *block) {
		b.subject = b.register("change.subject", clean(number, 64))
		b.paragraph(b.register("change.text", b.moment(receivedAt), clean(number, 64)))
		for _, c := range changes {
			value := c.New
			if c.Kind == exchange.ChangeKey {
				value = c.Fingerprint
			}
			b.text.WriteString(b.register("change."+string(c.Kind), clean(value, 300), orDash(clean(c.Old, 300))) + "\n")
		}
		b.signature()
	})
}

// KeyEnds words the letter to a participant whose key ends soon.
func KeyEnds(n exchange.KeyNotice, s Style) Wording {
	return s.word(func(b *block) {
		day := Date(b.language, n.Expires.In(b.style.zone()))
		b.subject = b.register("expiry.subject", day)
		b.paragraph(b.register("expiry.text", clean(n.Fingerprint, 64), b.moment(n.Expires), strconv.Itoa(n.Days)))
		b.signature()
	})
}

func (b *block) register(key string, args ...string) string {
	return catalogue.Text(string(b.language), "register."+key, args...)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// Reminder is a duty of a quarter that a SOC has not done (clauses 17 and 18).
type Reminder struct {
	Clause  string    // "17", "18"
	Quarter string    // "2026-Q3"
	Last    time.Time // within the last day on which nobody can dispute it
	Overdue bool
}

// Remind words the letter that reminds a SOC of a duty of a quarter.
func Remind(r Reminder, s Style) Wording {
	return s.word(func(b *block) {
		key := "remind."
		if r.Overdue {
			key = "overdue."
		}
		quarter := Quarter(b.language, r.Quarter)
		b.subject = b.register(key+r.Clause+".subject", quarter)
		b.paragraph(b.register(key+r.Clause+".text", quarter, NotLaterThan(b.language, r.Last.In(b.style.zone()))))
		b.signature()
	})
}
