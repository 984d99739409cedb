package gateway

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// json is a document of soc-alfa's after a change of its text.
func changed(c *clock, old, new string) exchange.Document {
	doc := incident("r-1", c.now())
	if !bytes.Contains(doc.Body, []byte(old)) {
		panic("the example does not hold " + old)
	}
	doc.Body = bytes.Replace(doc.Body, []byte(old), []byte(new), 1)
	return doc
}

func TestRefusedIsAnsweredWithoutAnEcho(t *testing.T) {
	c := newClock()
	secretField := `"` + canary + `": "x", "revision"`
	for name, test := range map[string]struct {
		docs []exchange.Document
		code exchange.Code
	}{
		"an unknown field":       {[]exchange.Document{changed(c, `"revision"`, secretField)}, exchange.Invalid},
		"a field twice":          {[]exchange.Document{changed(c, `"revision"`, `"revision": 7, "revision"`)}, exchange.Invalid},
		"a wrong word":           {[]exchange.Document{changed(c, `"high"`, `"`+canary+`"`)}, exchange.Invalid},
		"an id that is none":     {[]exchange.Document{changed(c, `"r-1"`, `"`+canary+` with a blank"`)}, exchange.Invalid},
		"broken JSON":            {[]exchange.Document{changed(c, `"revision"`, `"revision" `+canary)}, exchange.Malformed},
		"no report":              {nil, exchange.NoReport},
		"two reports":            {[]exchange.Document{incident("r-1", c.now()), incident("r-2", c.now())}, exchange.ManyReports},
		"an unknown format":      {[]exchange.Document{{MediaType: "application/json", Body: []byte(`{"` + canary + `": 1}`)}}, exchange.FormatUnknown},
		"another's report":       {[]exchange.Document{incident("r-1", c.now(), func(r *exchange.Report) { r.Reporter = "soc-beta" })}, exchange.ReporterMismatch},
		"a state secret":         {[]exchange.Document{incident("r-1", c.now(), func(r *exchange.Report) { r.Marking = "Совершенно секретно, " + canary })}, exchange.MarkingForbidden},
		"nested a thousand deep": {[]exchange.Document{{MediaType: "application/json", Body: []byte(`{"almasu":"card/1","kind":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`)}}, exchange.TooDeep},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "nccis", c)
			a := n.take(mail{from: "soc-alfa", to: "nccis"}.seal(t, c.now(), test.docs...), address("soc-alfa"))
			n.want(a, exchange.ArrivalRefused, test.code)
			l := n.only(n.answers(a), exchange.LetterReceipt, "soc-alfa")
			r := n.receipt(l)
			if r.Verdict != exchange.VerdictRefused || r.Code != test.code || r.Number != a.Number || !strings.HasPrefix(r.Number, "NCCIS-") || r.OriginalMessageID != a.MessageID {
				t.Errorf("receipt %+v", r)
			}
			if test.code == exchange.Invalid && len(r.Problems) == 0 {
				t.Error("a refusal as invalid without problems")
			}
			if strings.Contains(n.plain(l), canary) || strings.Contains(a.Reason, canary) {
				t.Errorf("decrypted text is echoed; reason %q", a.Reason)
			}
			n.must(n.store.EachEvent(t.Context(), func(e exchange.Event) error {
				if strings.Contains(fmt.Sprint(e.Detail), canary) {
					t.Errorf("the journal shows decrypted text: %+v", e)
				}
				return nil
			}))
			if list, err := n.store.Reports(t.Context(), reportsAll()); err != nil || len(list) != 0 {
				t.Errorf("stored %+v, %v", list, err)
			}
			// the next message is unaffected
			n.want(n.take(fromAlfa(t, c.now(), incident("r-9", c.now())), ""), exchange.ArrivalAccepted, "")
		})
	}
}

func TestKindThatTheParticipantMayNotSend(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	doc := incident("r-1", c.now(), func(r *exchange.Report) { r.Reporter = "prosecutor" })
	a := n.take(mail{from: "prosecutor", to: "nccis"}.seal(t, c.now(), doc), "")
	n.want(a, exchange.ArrivalRefused, exchange.KindForbidden)
	if all := n.answers(a); len(all) != 1 {
		t.Errorf("letters %s", kinds(all))
	}
}

func TestProblemsAreToldInTheParticipantsLanguage(t *testing.T) {
	c := newClock()
	for from, language := range map[string]string{"soc-beta": "kk", "soc-alfa": "ru", "soc-gamma": "en"} {
		t.Run(language, func(t *testing.T) {
			n := open(t, "nccis", c)
			doc := incident("r-1", c.now(), func(r *exchange.Report) { r.Reporter = from })
			doc.Body = bytes.Replace(doc.Body, []byte(`"high"`), []byte(`"terrible"`), 1)
			a := n.take(mail{from: from, to: "nccis"}.seal(t, c.now(), doc), "")
			n.want(a, exchange.ArrivalRefused, exchange.Invalid)
			l := n.only(n.answers(a), exchange.LetterReceipt, from)
			refusal := catalogue.Text(language, "refusal.invalid")
			text := n.plain(l)
			for _, other := range []string{"kk", "ru", "en"} {
				if got := strings.Contains(text, catalogue.Text(other, "refusal.invalid")); got != (other == language) {
					t.Errorf("the reason in %s stands in it: %t; want %q alone", other, got, refusal)
				}
			}
			o, err := Judge(t.Context(), rawOf(n, a), a.ReceivedAt, &n.world, nil)
			n.must(err)
			want := translated(o.Parsed.Problems, o.Judgement.Participant)
			if r := n.receipt(l); len(r.Problems) != 1 || r.Problems[0].Text != want[0].Text || r.Problems[0].Path != "/severity" ||
				(language != "en") == (want[0].Text == o.Parsed.Problems[0].Text) {
				t.Errorf("problems %+v, want %+v", r.Problems, want)
			}
		})
	}
}

func rawOf(n *node, a exchange.Arrival) []byte {
	n.Helper()
	raw, err := n.store.Raw(n.Context(), a.ID)
	n.must(err)
	return raw
}

func TestManyProblemsFitIntoOneReceipt(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	var fields strings.Builder
	for i := range 9000 {
		fmt.Fprintf(&fields, `"x%d": 1, `, i)
	}
	a := n.take(mail{from: "soc-alfa", to: "nccis"}.seal(t, c.now(), changed(c, `"revision"`, fields.String()+`"revision"`)), "")
	n.want(a, exchange.ArrivalRefused, exchange.Invalid)
	l := n.only(n.answers(a), exchange.LetterReceipt, "soc-alfa")
	if r := n.receipt(l); len(r.Problems) == 0 || len(l.Message) > 4<<20 {
		t.Errorf("%d problems in %d octets", len(r.Problems), len(l.Message))
	}
}

func TestStaleIsJudgedAtTheTimeOfArrival(t *testing.T) {
	c := newClock()
	raw := fromAlfa(t, c.now(), incident("r-1", c.now()))
	n := open(t, "nccis", c)
	n.accept(raw, "")
	c.pass(15 * 24 * 60 * 60 * 1e9) // it lay in the store, not on the way
	n.judge()
	n.want(n.latest(), exchange.ArrivalAccepted, "")
	late := open(t, "nccis", c)
	late.want(late.take(raw, ""), exchange.ArrivalRefused, exchange.Stale)
}

func TestWrongRecipientIsHeldAndNotAnswered(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	doc := incident("r-1", c.now(), func(r *exchange.Report) { r.Addressee = "soc-beta" })
	a := n.take(mail{from: "soc-alfa", to: "nccis"}.seal(t, c.now(), doc), "")
	n.want(a, exchange.ArrivalHeld, exchange.WrongRecipient)
	for _, l := range n.answers(a) {
		if l.Kind != exchange.LetterNeutral {
			t.Errorf("answered with a %s", l.Kind)
		}
	}
}
