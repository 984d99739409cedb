package gateway

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/queue"
)

func TestSubmitRefusesWhatTheAddresseeWouldRefuse(t *testing.T) {
	c := newClock()
	for name, test := range map[string]struct {
		doc  exchange.Document
		code exchange.Code
	}{
		"another reporter": {incident("r-1", c.now(), func(r *exchange.Report) { r.Reporter = "soc-beta" }), exchange.ReporterMismatch},
		"a kind that is the NCCIS's": {rendered(&exchange.Report{Kind: exchange.Notice, ID: "n-1", Revision: 1, Reporter: "soc-alfa", Addressee: "nccis",
			GeneratedAt: c.now(), Notice: &exchange.NoticeBody{Clause: "12.2", Edition: "x", Purpose: "x", Number: "N-1"}}), exchange.KindForbidden},
		"a state secret":  {incident("r-1", c.now(), func(r *exchange.Report) { r.Marking = "Құпия" }), exchange.MarkingForbidden},
		"an invalid card": {changed(c, `"high"`, `"terrible"`), exchange.Invalid},
		"no card at all":  {exchange.Document{Body: []byte("hello")}, exchange.FormatUnknown},
		"broken JSON":     {changed(c, `"revision"`, `"revision" x`), exchange.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "soc-alfa", c)
			s, err := n.g.Submit(t.Context(), Order{Document: test.doc, Actor: "test"})
			n.must(err)
			if s.Refusal.Code != test.code || s.Position != 0 || (test.code == exchange.Invalid) != (len(s.Problems) > 0 && test.code == exchange.Invalid) {
				t.Errorf("submission %+v", s)
			}
			if list := n.letters(queue.LetterFilter{}); len(list) != 0 {
				t.Errorf("letters %s", kinds(list))
			}
		})
	}
}

func TestSubmitTwiceUnderTheSameRevision(t *testing.T) {
	c := newClock()
	n := open(t, "soc-alfa", c)
	submit := func(revision int, change func(*exchange.Report)) exchange.Code {
		s, err := n.g.Submit(t.Context(), Order{Actor: "test", Document: incident("r-1", c.now(), func(r *exchange.Report) {
			r.Revision = revision
			change(r)
		})})
		n.must(err)
		return s.Refusal.Code
	}
	same := func(*exchange.Report) {}
	got := []exchange.Code{submit(2, same), submit(2, same), submit(2, func(r *exchange.Report) { r.Incident.Severity = exchange.Low }), submit(1, same), submit(3, same)}
	if want := []exchange.Code{"", exchange.Conflict, exchange.Conflict, exchange.Superseded, ""}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if list := n.letters(queue.LetterFilter{}); len(list) != 2 {
		t.Errorf("letters %s", kinds(list))
	}
}

func TestSubmitAddressees(t *testing.T) {
	c := newClock()
	unbound := func(r *exchange.Report) { r.Addressee = "" }
	for name, test := range map[string]struct {
		change func(*exchange.Report)
		to     []string
		want   string // "" is an error
	}{
		"the report's own":             {func(*exchange.Report) {}, nil, "nccis"},
		"none: the NCCIS":              {unbound, nil, "nccis"},
		"several":                      {unbound, []string{"nccis", "soc-beta"}, "nccis soc-beta"},
		"one twice":                    {unbound, []string{"nccis", "nccis"}, "nccis"},
		"somebody unknown":             {unbound, []string{"soc-omega"}, ""},
		"one of two unknown":           {unbound, []string{"nccis", "soc-omega"}, ""},
		"ourselves":                    {unbound, []string{"soc-alfa"}, ""},
		"another than the report says": {func(*exchange.Report) {}, []string{"soc-beta"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "soc-alfa", c)
			s, err := n.g.Submit(t.Context(), Order{Document: incident("r-1", c.now(), test.change), To: test.to, Actor: "test"})
			if (err == nil) != (test.want != "") {
				t.Fatalf("error %v", err)
			}
			var to []string
			for _, l := range n.letters(queue.LetterFilter{}) {
				to = append(to, l.To)
				if l.Kind != exchange.LetterReport || l.Report != s.Position || (l.Clause == "9") != (l.To == "nccis") {
					t.Errorf("letter %+v", l)
				}
			}
			if got := strings.Join(to, " "); got != test.want {
				t.Errorf("letters to %q, want %q", got, test.want)
			}
			if list, err := n.store.Reports(t.Context(), reportsAll()); err != nil || (len(list) == 1) != (test.want != "") {
				t.Errorf("stored %+v, %v", list, err)
			}
		})
	}
}

func TestSubmittedLetterAsksForAReceiptAndSaysWhoWroteIt(t *testing.T) {
	c := newClock()
	for _, typed := range []bool{false, true} {
		t.Run(fmt.Sprint("typed ", typed), func(t *testing.T) {
			n := open(t, "soc-alfa", c)
			_, err := n.g.Submit(t.Context(), Order{Document: incident("r-1", c.now()), Typed: typed, Actor: "duty"})
			n.must(err)
			l := n.letters(queue.LetterFilter{})[0]
			p := n.read(l).ProtectedPart
			want := map[bool]string{false: "auto-generated", true: ""}[typed]
			if got := strings.TrimSpace(p.Get("Auto-Submitted")); got != want || !l.WantsReceipt || p.Get("Disposition-Notification-To") == "" || p.Get("In-Reply-To") != "" {
				t.Errorf("Auto-Submitted %q, letter %+v", got, l)
			}
			if e := n.events("submitted"); len(e) != 1 || e[0].Actor != "duty" {
				t.Errorf("events %+v", e)
			}
		})
	}
}

func TestClause9AtTheSOC(t *testing.T) {
	accepted := func(at time.Duration) func(*exchange.ReceiptBody, time.Time) {
		return func(r *exchange.ReceiptBody, start time.Time) { r.ReceivedAt = start.Add(at) }
	}
	refusedThere := func(r *exchange.ReceiptBody, start time.Time) {
		r.Verdict, r.Code, r.ReceivedAt = exchange.VerdictRefused, exchange.Invalid, start
	}
	for name, test := range map[string]struct {
		outside bool
		sentAt  time.Duration // after the confirmation
		receipt func(*exchange.ReceiptBody, time.Time)
		at      time.Duration // when the receipt comes
		want    string
		alarms  int
	}{
		"a 250 outside in time":                {outside: true, sentAt: 14 * time.Minute, want: exchange.DeadlineMet},
		"a 250 outside too late":               {outside: true, sentAt: 16 * time.Minute, want: exchange.DeadlineMissed, alarms: 1},
		"a 250 inside proves nothing":          {sentAt: time.Minute, want: exchange.DeadlineMissed, alarms: 1},
		"a 250 inside, then a receipt in time": {sentAt: time.Minute, receipt: accepted(2 * time.Minute), at: 3 * time.Minute, want: exchange.DeadlineMet},
		"a receipt that says it came too late": {sentAt: time.Minute, receipt: accepted(16 * time.Minute), at: 3 * time.Minute, want: exchange.DeadlineMissed, alarms: 1},
		"refused there: the duty is not done":  {sentAt: time.Minute, receipt: refusedThere, at: 3 * time.Minute, want: exchange.DeadlineMissed, alarms: 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			start := c.now()
			n := open(t, "soc-alfa", c)
			n.relay.answer = func(exchange.Letter) []exchange.Attempt {
				return []exchange.Attempt{{Outcome: exchange.OutcomeSent, At: c.now(), Relay: "relay", Outside: test.outside, Code: 250}}
			}
			s, err := n.g.Submit(t.Context(), Order{Actor: "test", Document: incident("r-1", c.now(), func(r *exchange.Report) { r.Incident.ConfirmedAt = start })})
			n.must(err)
			if len(s.Due) != 1 || !s.Due[0].At.Equal(start.Add(15*time.Minute)) {
				t.Errorf("due %+v", s.Due)
			}
			watch := func(d time.Duration) {
				c.pass(d)
				_, err := n.g.watchDeadlines(t.Context(), "test")
				n.must(err)
			}
			watch(test.sentAt)
			n.send()
			if test.receipt != nil {
				watch(test.at - test.sentAt)
				l := n.letters(queue.LetterFilter{})[0]
				n.want(n.take(fromNCCIS(t, c, receiptFor(l, c.now(), func(r *exchange.ReceiptBody) { test.receipt(r, start) })), ""), exchange.ArrivalReceipt, "")
			}
			for range 3 {
				watch(10 * time.Minute)
			}
			d, err := n.store.Deadlines(t.Context(), s.Position)
			n.must(err)
			if len(d) != 1 || d[0].State != test.want {
				t.Errorf("deadlines %+v, want %s", d, test.want)
			}
			if got := strings.Count(n.log.String(), "deadline missed"); got != test.alarms {
				t.Errorf("%d alarms, want %d", got, test.alarms)
			}
		})
	}
}

func TestCrashBetween250AndDeadlineIsMadeUpFor(t *testing.T) {
	c := newClock()
	n := open(t, "soc-alfa", c)
	s, err := n.g.Submit(t.Context(), Order{Document: incident("r-1", c.now()), Actor: "test"})
	n.must(err)
	l, lease, err := n.store.LeaseLetter(t.Context(), "dies", time.Minute)
	n.must(err)
	n.must(n.store.Sent(t.Context(), l.ID, lease, exchange.Attempt{Outcome: exchange.OutcomeSent, At: c.now(), Relay: "relay", Outside: true, Code: 250}))
	c.pass(time.Hour)
	_, err = n.g.watchDeadlines(t.Context(), "test")
	n.must(err)
	if d, err := n.store.Deadlines(t.Context(), s.Position); err != nil || d[0].State != exchange.DeadlineMet {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestBlockedLetterWaitsForAKey(t *testing.T) {
	c := newClock()
	n := open(t, "soc-alfa", c, func(w *World) { w.Keys = ring(t, "soc-alfa", "nccis") })
	s, err := n.g.Submit(t.Context(), Order{Document: incident("r-1", c.now()), Actor: "test"})
	if errors.Is(err, queue.ErrForbidden) {
		t.Skip("room queue does not keep the octets of a blocked letter")
	}
	n.must(err)
	l := n.letters(queue.LetterFilter{})[0]
	if l.State != exchange.LetterBlocked || strings.Contains(string(l.Message), canary) {
		t.Fatalf("letter %+v", l)
	}
	if o, err := crypto.Open(l.Message, ring(t, "nccis"), crypto.Limits{}, c.now()); err != nil || o.Security.DecryptError == "" {
		t.Errorf("opened by another: %+v, %v", o.Security, err)
	}
	c.pass(20 * 24 * time.Hour)
	n.send()
	if _, err := n.g.unblock(t.Context(), "test"); err != nil || len(n.relay.letters) != 0 {
		t.Fatalf("sent %s, %v", kinds(n.relay.letters), err)
	}
	n.world.Keys = ring(t, "soc-alfa") // a key appears
	n.g.Reload(n.world)
	_, err = n.g.unblock(t.Context(), "test")
	n.must(err)
	n.send()
	if len(n.relay.letters) != 1 {
		t.Fatalf("sent %s", kinds(n.relay.letters))
	}
	sent := n.relay.letters[0]
	if r := n.report(sent); r.ID != "r-1" || sent.Report != s.Position || sent.Clause != "9" || !sent.WantsReceipt || sent.MessageID == l.MessageID {
		t.Errorf("sent %+v", sent)
	}
	if old, err := n.store.Letter(t.Context(), l.ID); err != nil || old.State != exchange.LetterReplaced {
		t.Errorf("the blocked letter is %s, %v", old.State, err)
	}
}

func TestStakeholderWithoutAKeyKeepsNobodyWaiting(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c, func(w *World) { w.Keys = ring(t, "nccis", "knb") })
	n.accept(fromAlfa(t, c.now(), incident("r-1", c.now())), "")
	_, err := n.g.judgeNext(t.Context(), "test")
	if errors.Is(err, queue.ErrForbidden) {
		t.Skip("room queue does not keep the octets of a blocked letter")
	}
	n.must(err)
	a := n.latest()
	n.want(a, exchange.ArrivalAccepted, "")
	if l := n.only(n.answers(a), exchange.LetterNotice, "knb"); l.State != exchange.LetterBlocked {
		t.Errorf("the notice is %s", l.State)
	}
	n.send()
	if len(n.relay.letters) != 1 || n.relay.letters[0].Kind != exchange.LetterReceipt {
		t.Errorf("sent %s", kinds(n.relay.letters))
	}
}
