package gateway

import (
	"strings"
	"testing"
	"time"

	"almasu/exchange"
)

// Clause 9: warnings at 5, 10 and 13 minutes while nothing was sent, each once.
func TestDeadlineIsWarnedOf(t *testing.T) {
	for name, test := range map[string]struct {
		sent time.Duration // when the relay takes it, 0 for never
		want string
	}{
		"nothing goes out":       {0, "10 5 2"},
		"it goes at 7 minutes":   {7 * time.Minute, "10"},
		"it goes at 12 minutes":  {12 * time.Minute, "10 5"},
		"it goes after a minute": {time.Minute, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			n := open(t, "soc-alfa", c)
			_, err := n.g.Submit(t.Context(), Order{Document: incident("r-1", c.now(), func(r *exchange.Report) { r.Incident.ConfirmedAt = c.now() }), Actor: "test"})
			n.must(err)
			for at := time.Duration(0); at <= 20*time.Minute; at += 30 * time.Second {
				if at == test.sent && at > 0 {
					n.send()
				}
				_, err := n.g.watchDeadlines(t.Context(), "test")
				n.must(err)
				c.pass(30 * time.Second)
			}
			var got []string
			for line := range strings.Lines(n.log.String()) {
				if _, rest, ok := strings.Cut(line, `"minutes left"=`); ok && strings.Contains(line, "deadline near") {
					got = append(got, strings.Fields(rest)[0])
				}
			}
			if s := strings.Join(got, " "); s != test.want {
				t.Errorf("warned with %q minutes left, want %q\n%s", s, test.want, n.log)
			}
		})
	}
}
