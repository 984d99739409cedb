package gateway

import (
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/receipt"
)

func TestAcceptedReportIsNumberedStoredAndAnswered(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	doc := incident("r-1", c.now())
	raw := mail{from: "soc-alfa", to: "nccis", id: "<m1@soc-alfa.example>"}.seal(t, c.now(), doc)
	c.pass(2 * time.Second)
	a := n.take(raw, address("soc-alfa"))
	n.want(a, exchange.ArrivalAccepted, "")
	if a.Number != "NCCIS-2026-000001" || a.Participant != "soc-alfa" || a.MessageID != "<m1@soc-alfa.example>" || a.From != address("soc-alfa") {
		t.Errorf("arrival %+v", a)
	}
	stored, err := n.store.Report(t.Context(), 1)
	n.must(err)
	if string(stored.Document) != string(doc.Body) || stored.Number != a.Number || stored.Participant != "soc-alfa" || stored.Outgoing || stored.Entered {
		t.Errorf("stored %+v", stored)
	}
	l := n.only(n.answers(a), exchange.LetterReceipt, "soc-alfa")
	if l.Address != address("soc-alfa") || l.Sender != address("nccis") || l.WantsReceipt || l.State != exchange.LetterWaiting {
		t.Errorf("receipt letter %+v", l)
	}
	o := n.read(l)
	for name, want := range map[string]string{"In-Reply-To": a.MessageID, "References": a.MessageID, "Auto-Submitted": "auto-replied"} {
		if got := strings.TrimSpace(o.ProtectedPart.Get(name)); got != want {
			t.Errorf("%s: %q inside, want %q", name, got, want)
		}
		if got := strings.TrimSpace(o.OuterPart.Get(name)); got != want {
			t.Errorf("%s: %q outside, want %q", name, got, want)
		}
	}
	if s := strings.TrimSpace(o.OuterPart.Get("Subject")); s != "[...]" || o.OuterPart.Get("Disposition-Notification-To") != "" {
		t.Errorf("outer header: Subject %q, %+v", s, o.OuterPart.Fields)
	}
	r := n.receipt(l)
	sealed, err := crypt(raw, n)
	n.must(err)
	if r.Number != a.Number || r.OriginalMessageID != a.MessageID || r.Verdict != exchange.VerdictAccepted || r.FirstVerdict != exchange.VerdictAccepted ||
		r.Code != "" || len(r.Problems) != 0 || len(r.Reports) != 1 || r.Reports[0] != (exchange.Key{ID: "r-1", Revision: 1}) ||
		r.Digest == nil || *r.Digest != sealed || !r.ReceivedAt.Equal(a.ReceivedAt) || !r.DecidedAt.Equal(c.now()) || r.SentAt.IsZero() {
		t.Errorf("receipt %+v", r)
	}
	if text := n.plain(l); strings.Contains(text, canary) {
		t.Error("the receipt repeats the report")
	}
}

// crypt is the digest that the node finds for a message.
func crypt(raw []byte, n *node) (exchange.Digest, error) {
	o, err := Judge(n.Context(), raw, n.clock.now(), &n.world, nil)
	return o.Opened.Digest, err
}

func TestNoticesGiveEachStakeholderItsPart(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	a := n.take(fromAlfa(t, c.now(), incident("r-1", c.now(), func(r *exchange.Report) { r.TLP, r.Incident.Concerns = exchange.TLPAmber, []string{"soc-beta"} })), "")
	n.want(a, exchange.ArrivalAccepted, "")
	all := n.answers(a)
	if len(all) != 3 {
		t.Fatalf("letters %s, want receipt and two notices", kinds(all))
	}
	whole, headline := n.only(all, exchange.LetterNotice, "knb"), n.only(all, exchange.LetterNotice, "soc-beta")
	if r := n.report(whole).Notice; r.Clause != "12.2" || r.Number != a.Number || r.Incident == nil || r.Incident.Summary != canary {
		t.Errorf("notice of clause 12.2: %+v", r)
	}
	r := n.report(headline)
	if r.Notice.Clause != "12.1" || r.Notice.Number != a.Number || r.Notice.Incident != nil || r.Notice.Class.National != "" || r.Addressee != "soc-beta" {
		t.Errorf("notice of clause 12.1: %+v", r.Notice)
	}
	text := n.plain(headline)
	for _, secret := range []string{canary, "soc-alfa", "192.0.2.17", "docs.ulgi", "150540000027", "180340000015", "r-1", "INC-"} {
		if strings.Contains(text, secret) {
			t.Errorf("the notice of clause 12.1 shows %q", secret)
		}
	}
	for _, l := range []exchange.Letter{whole, headline} {
		p := n.read(l).ProtectedPart
		if !l.WantsReceipt || strings.TrimSpace(p.Get("Auto-Submitted")) != "auto-generated" || strings.TrimSpace(p.Get("Disposition-Notification-To")) != address("nccis") {
			t.Errorf("notice to %s: asks %t, %+v", l.To, l.WantsReceipt, p.Fields)
		}
	}
}

func TestMDNGoesOutOnlyUnderItsRule(t *testing.T) {
	c := newClock()
	asking := mail{from: "soc-alfa", to: "nccis", ask: true, id: "<m@soc-alfa.example>"}
	for name, test := range map[string]struct {
		mail       mail
		returnPath string
		want       int
	}{
		"asked for, to Return-Path":            {asking, address("soc-alfa"), 1},
		"not asked for":                        {mail{from: "soc-alfa", to: "nccis"}, address("soc-alfa"), 0},
		"Return-Path is null":                  {asking, "", 0},
		"Return-Path is another's":             {asking, address("soc-beta"), 0},
		"the outer header asks for a stranger": {asking, "someone@elsewhere.example", 0},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "nccis", c)
			raw := test.mail.seal(t, c.now(), incident("r-1", c.now()))
			a := n.take(raw, test.returnPath)
			n.want(a, exchange.ArrivalAccepted, "")
			got := 0
			for _, l := range n.answers(a) {
				if l.Kind != exchange.LetterMDN {
					continue
				}
				got++
				m, ok := receipt.ParseMDN(n.read(l).ProtectedPart)
				digest, err := crypt(raw, n)
				n.must(err)
				if !ok || l.Sender != "" || l.WantsReceipt || m.OriginalMessageID != a.MessageID || m.Disposition != "processed" || m.Digest.Value != digest.Value {
					t.Errorf("MDN %+v in letter %+v", m, l)
				}
			}
			if got != test.want {
				t.Errorf("%d MDNs, want %d", got, test.want)
			}
		})
	}
}

func TestNCCISRecordsWhetherClause9WasKept(t *testing.T) {
	for name, test := range map[string]struct {
		late time.Duration
		want string
	}{
		"at the last moment": {15 * time.Minute, exchange.DeadlineMet},
		"a second too late":  {15*time.Minute + time.Second, exchange.DeadlineMissed},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			n := open(t, "nccis", c)
			raw := fromAlfa(t, c.now(), incident("r-1", c.now(), func(r *exchange.Report) { r.Incident.ConfirmedAt = c.now() }))
			c.pass(test.late)
			n.want(n.take(raw, ""), exchange.ArrivalAccepted, "")
			d, err := n.store.Deadlines(t.Context(), 1)
			n.must(err)
			if len(d) != 1 || d[0].Clause != "9" || d[0].State != test.want {
				t.Errorf("deadlines %+v, want one %s", d, test.want)
			}
		})
	}
}

func TestNumbersRunWithoutGapsOverAcceptedAndRefused(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	ok := func(id string) exchange.Arrival { return n.take(fromAlfa(t, c.now(), incident(id, c.now())), "") }
	first := ok("r-1")
	again := n.take(fromAlfa(t, c.now(), incident("r-1", c.now())), "")
	refused := n.take(mail{from: "soc-alfa", to: "nccis"}.seal(t, c.now(), incident("r-2", c.now(), func(r *exchange.Report) { r.Marking = "Секретно" })), "")
	held := n.take([]byte("From: "+address("soc-alfa")+"\r\nMessage-ID: <x@y.example>\r\n\r\nhello\r\n"), "")
	last := ok("r-3")
	n.want(again, exchange.ArrivalDuplicate, "")
	n.want(refused, exchange.ArrivalRefused, exchange.MarkingForbidden)
	n.want(held, exchange.ArrivalHeld, exchange.NotEncrypted)
	got := strings.Join([]string{first.Number, again.Number, refused.Number, held.Number, last.Number}, " ")
	if got != "NCCIS-2026-000001  NCCIS-2026-000002 H-2026-000001 NCCIS-2026-000003" {
		t.Errorf("numbers %q", got)
	}
}

func TestNumberStartsAnewWithTheYearOfItsZone(t *testing.T) {
	c := &clock{at: time.Date(2026, 12, 31, 18, 59, 59, 0, time.UTC)} // 23:59:59 in Almaty
	n := open(t, "nccis", c)
	first := n.take(fromAlfa(t, c.now(), incident("r-1", c.now())), "")
	c.pass(2 * time.Second)
	second := n.take(fromAlfa(t, c.now(), incident("r-2", c.now())), "")
	if first.Number != "NCCIS-2026-000001" || second.Number != "NCCIS-2027-000001" {
		t.Errorf("numbers %s, %s", first.Number, second.Number)
	}
}

func TestMessageIDOfAnyShapeDoesNotKeepUsFromAnswering(t *testing.T) {
	c := newClock()
	for name, id := range map[string]string{
		"none":            "",
		"600 characters":  "<" + strings.Repeat("a", 600) + "@soc-alfa.example>",
		"not bracketed":   "m1",
		"folded in two":   "<m1\r\n @soc-alfa.example>",
		"with a tab":      "<m\t1@soc-alfa.example>",
		"not ASCII":       "<құжат@soc-alfa.example>",
		"not even UTF-8":  "<\xff\xfe@soc-alfa.example>",
		"control in it":   "<m\x01@soc-alfa.example>",
		"two ids":         "<a@b.example> <c@d.example>",
		"line separators": "<a\u2028@b.example>",
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "nccis", c)
			raw := string(mail{from: "soc-alfa", to: "nccis", id: "<m1@soc-alfa.example>"}.seal(t, c.now(), incident("r-1", c.now())))
			a := n.take([]byte(strings.Replace(raw, "Message-ID: <m1@soc-alfa.example>", "Message-ID: "+id, 1)), "")
			n.want(a, exchange.ArrivalAccepted, "")
			if r := n.receipt(n.only(n.answers(a), exchange.LetterReceipt, "soc-alfa")); r.Number != a.Number {
				t.Errorf("receipt %+v", r)
			}
		})
	}
}

func TestReceiptIsWrittenInTheFormItsAddresseePrefers(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c, func(w *World) { w.Register.ByID("soc-alfa").Format = string(exchange.CardXML) })
	a := n.take(fromAlfa(t, c.now(), incident("r-1", c.now())), "")
	r := n.report(n.only(n.answers(a), exchange.LetterReceipt, "soc-alfa"))
	if r.Format != exchange.CardXML || r.Reporter != "nccis" || r.Addressee != "soc-alfa" {
		t.Errorf("receipt %+v", r)
	}
}

func TestEveryLetterGoesOutUnderItsOwnMessageID(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	n.take(fromAlfa(t, c.now(), incident("r-1", c.now())), address("soc-alfa"))
	n.send()
	seen := map[string]bool{}
	for _, l := range n.relay.letters {
		if seen[l.MessageID] || seen[l.EnvelopeID] || !strings.HasSuffix(l.MessageID, "@nccis.example>") {
			t.Errorf("letter %s, ENVID %s", l.MessageID, l.EnvelopeID)
		}
		seen[l.MessageID], seen[l.EnvelopeID] = true, true
	}
	if len(n.relay.letters) != 3 {
		t.Errorf("sent %s", kinds(n.relay.letters))
	}
}
