package gateway

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

// Clause 9: "within 15 minutes from the moment of their confirmation". While an
// incident does not leave, the gateway tries the next relay after 5 minutes,
// calls the duty officer after 10, everybody after 13, and again when the 15
// are over.

// hook is a Teller that keeps what it was told.
type hook struct {
	mu   sync.Mutex
	told []exchange.Alarm
	fail int // so many times first
}

func (h *hook) Tell(_ context.Context, a exchange.Alarm) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail > 0 {
		h.fail--
		return errors.New("down")
	}
	h.told = append(h.told, a)
	return nil
}

func withDuty(h *hook, duty ...string) func(*World) {
	return func(w *World) {
		w.Alarms, w.Relays = Alarms{Duty: duty, Ways: map[string]Teller{"webhook": h}}, 2
	}
}

// tell tells whatever is due.
func (n *node) tell() {
	n.Helper()
	for {
		more, err := n.g.tellAlarms(n.Context(), "test")
		n.must(err)
		if !more {
			return
		}
	}
}

// watch lets the time pass, looking at the deadlines and telling alarms.
func (n *node) watch(d time.Duration) {
	n.Helper()
	for end := n.clock.now().Add(d); n.clock.now().Before(end); {
		n.clock.pass(30 * time.Second)
		_, err := n.g.watchDeadlines(n.Context(), "test")
		n.must(err)
		n.tell()
	}
}

// confirmed submits an incident that is confirmed now.
func (n *node) confirmed(id string) {
	n.Helper()
	_, err := n.g.Submit(n.Context(), Order{Document: incident(id, n.clock.now(), func(r *exchange.Report) { r.Incident.ConfirmedAt = n.clock.now() }), Actor: "test"})
	n.must(err)
}

func (n *node) kinds() (out []string) {
	n.Helper()
	alarms, err := n.store.Alarms(n.Context(), queue.AlarmFilter{})
	n.must(err)
	for _, a := range slices.Backward(alarms) {
		out = append(out, string(a.Kind)+" "+string(a.Call))
	}
	return out
}

func (n *node) calls() []exchange.Letter {
	n.Helper()
	letters, err := n.store.Letters(n.Context(), queue.LetterFilter{Kind: exchange.LetterDuty})
	n.must(err)
	return letters
}

func TestClause9Escalates(t *testing.T) {
	h := &hook{}
	n := open(t, "soc-alfa", newClock(), withDuty(h, "duty@soc-alfa.example"))
	n.confirmed(canary)
	n.watch(20 * time.Minute)
	want := []string{"deadline-near log", "deadline-near duty", "deadline-near people", "deadline-missed people"}
	if got := n.kinds(); !slices.Equal(got, want) {
		t.Errorf("alarms %q, want %q", got, want)
	}
	if len(h.told) != 2 || h.told[0].Due != h.told[1].Due || h.told[1].Subject != "report 1" {
		t.Errorf("the webhook was told %+v", h.told)
	}
	letters := n.calls()
	if len(letters) != 3 {
		t.Fatalf("%d letters to the duty officer, want 3", len(letters))
	}
	for _, l := range letters {
		whole, err := n.store.Letter(t.Context(), l.ID)
		n.must(err)
		text := string(whole.Message)
		if l.Address != "duty@soc-alfa.example" || !strings.Contains(text, "Subject: Almasu A-") {
			t.Errorf("letter %d to %s:\n%s", l.ID, l.Address, text)
		}
		for _, secret := range []string{canary, "report", "clause", "soc-beta"} { // nothing of the report, not even what it is about
			if strings.Contains(strings.ToLower(text), secret) {
				t.Errorf("the letter in clear says %q:\n%s", secret, text)
			}
		}
	}
}

// A duty officer with a key in the register is told what it is about, sealed.
func TestClause9DutyOfficerWithAKey(t *testing.T) {
	n := open(t, "soc-alfa", newClock(), withDuty(&hook{}, address("soc-beta")))
	n.confirmed("r-1")
	n.watch(11 * time.Minute)
	letters := n.calls()
	if len(letters) != 1 || letters[0].To != "soc-beta" {
		t.Fatalf("letters %+v", letters)
	}
	whole, err := n.store.Letter(t.Context(), letters[0].ID)
	n.must(err)
	if !strings.Contains(string(whole.Message), "Subject: [...]") || !strings.Contains(string(whole.Message), "multipart/encrypted") {
		t.Errorf("not sealed:\n%s", whole.Message)
	}
}

// After 5 minutes the letter goes again at once: one that waits however long
// its turn, one that only a relay of our own has by the next relay.
func TestClause9TriesTheNextRelay(t *testing.T) {
	for name, test := range map[string]struct {
		first exchange.Attempt
		want  int // times it was handed to the relays by then
	}{
		"it waits":        {exchange.Attempt{Outcome: exchange.OutcomeLater, Code: 451}, 2},
		"ours has it":     {exchange.Attempt{Outcome: exchange.OutcomeSent, Code: 250}, 2},
		"it went outside": {exchange.Attempt{Outcome: exchange.OutcomeSent, Outside: true, Code: 250}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "soc-alfa", newClock(), withDuty(&hook{}))
			n.relay.answer = func(exchange.Letter) []exchange.Attempt {
				a := test.first
				a.At, a.Relay = n.clock.now(), "relay-1"
				return []exchange.Attempt{a}
			}
			n.confirmed("r-1")
			n.send()
			if test.first.Outcome == exchange.OutcomeLater { // let its turn be far away
				l, lease, err := n.store.LeaseLetter(t.Context(), "test", time.Second)
				n.must(err)
				if l != nil {
					n.must(n.store.Later(t.Context(), l.ID, lease, n.clock.now().Add(time.Hour), test.first))
				}
			}
			n.watch(5 * time.Minute)
			n.send()
			if got := len(n.relay.letters); got < test.want || test.want == 1 && got > 1 {
				t.Errorf("handed over %d times, want %d", got, test.want)
			}
			for _, l := range n.relay.letters {
				if l.MessageID != n.relay.letters[0].MessageID || string(l.Message) != string(n.relay.letters[0].Message) {
					t.Error("other octets")
				}
			}
		})
	}
}

// A gateway that was down tells what it slept over: the latest warning, and a
// deadline that has passed. A restart repeats nothing.
func TestClause9AcrossARestart(t *testing.T) {
	h := &hook{}
	n := open(t, "soc-alfa", newClock(), withDuty(h))
	n.confirmed("r-1")
	n.clock.pass(11 * time.Minute)
	for range 3 {
		n.g = New(n.store, n.relay, n.world, Limits{}, n.clock.now, n.g.log)
		n.watch(30 * time.Second)
	}
	if got := n.kinds(); !slices.Equal(got, []string{"deadline-near duty"}) {
		t.Errorf("after 12 minutes and three starts: %q", got)
	}
	n.clock.pass(time.Hour)
	n.g = New(n.store, n.relay, n.world, Limits{}, n.clock.now, n.g.log)
	n.watch(time.Minute)
	if len(h.told) == 0 || h.told[len(h.told)-1].Kind != exchange.AlarmDeadlineMissed {
		t.Errorf("told %+v", h.told)
	}
}

// A way that does not work is tried again, a bounded number of times.
func TestAlarmIsToldAgain(t *testing.T) {
	for name, test := range map[string]struct{ fail, want int }{"down for a while": {3, 1}, "down for good": {100, 0}} {
		t.Run(name, func(t *testing.T) {
			h := &hook{fail: test.fail}
			n := open(t, "soc-alfa", newClock(), withDuty(h))
			n.must(n.g.raise(t.Context(), exchange.Alarm{Kind: exchange.AlarmTest, Call: exchange.CallPeople, Key: "k"}))
			n.watch(2 * time.Hour)
			if len(h.told) != test.want || test.want == 0 && test.fail-h.fail != tellAttempts {
				t.Errorf("told %d times, %d attempts", len(h.told), test.fail-h.fail)
			}
		})
	}
}

// The NCCIS works the same out from the report: late counts from its
// confirmation to its arrival, and stands in the journal and among the late.
func TestClause9AtTheNCCIS(t *testing.T) {
	for name, after := range map[string]time.Duration{"in time": 15 * time.Minute, "late": 15*time.Minute + time.Second} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			n := open(t, "nccis", c)
			doc := incident("r-1", c.now(), func(r *exchange.Report) { r.Incident.ConfirmedAt = c.now() })
			raw := mail{from: "soc-alfa", to: "nccis"}.seal(t, c.now(), doc)
			c.pass(after)
			a := n.take(raw, address("soc-alfa"))
			late, err := n.store.LateReports(t.Context(), "9", time.Time{}, 0)
			n.must(err)
			events, err := n.store.EventsOf(t.Context(), "arrival:1")
			n.must(err)
			told := slices.ContainsFunc(events, func(e exchange.Event) bool {
				return e.Name == "report-late" && e.Detail["late"] == "1s" && e.Detail["number"] == a.Number
			})
			if want := name == "late"; (len(late) == 1) != want || told != want {
				t.Errorf("late %+v, in the journal %t", late, told)
			}
		})
	}
}
