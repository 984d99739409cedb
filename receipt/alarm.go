package receipt

import (
	"time"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// AlarmCall words the letter that calls a duty officer to an alarm. Without
// about it is a fixed text with our own number and the deadline: it may go out
// unsealed.
func AlarmCall(a exchange.Alarm, about bool, now time.Time, s Style) Wording {
	return s.word(func(b *block) {
		b.subject = "Almasu " + a.Name()
		if about {
			b.subject += ": " + b.alarm("kind."+string(a.Kind))
			b.paragraph(b.alarm("kind." + string(a.Kind)))
		}
		b.paragraph(b.alarm("call", a.Name(), b.moment(a.At)))
		if !a.Due.IsZero() {
			b.paragraph(b.alarm("due", b.moment(a.Due)) + " " + Remaining(b.language, a.Due.Sub(now)))
		}
		if about {
			b.line("subject", clean(a.Subject, 200))
			if a.Clause != "" {
				b.line("basis", b.clause(a.Clause))
			}
			b.gap()
			b.paragraph(b.alarm("do." + string(a.Kind)))
		}
		b.paragraph(b.alarm("show", a.Name()))
		b.signature()
	})
}

func (b *block) alarm(key string, args ...string) string {
	return catalogue.Text(string(b.language), "alarm."+key, args...)
}
