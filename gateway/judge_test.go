package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"almasu/exchange"
)

// memory remembers nothing, or what it is told.
type memory struct {
	content map[string]*exchange.Known
}

func (m memory) KnownContent(_ context.Context, digest string) (*exchange.Known, error) {
	return m.content[digest], nil
}

func (m memory) KnownReport(context.Context, string, exchange.Key) (*exchange.Known, error) {
	return nil, nil
}

func (m memory) LatestRevision(context.Context, string, string) (int, error) { return 0, nil }

func TestJudgeIsAFunctionOfItsArguments(t *testing.T) {
	c := newClock()
	w := world(t, "nccis", people())
	for name, raw := range map[string][]byte{
		"accepted": fromAlfa(t, c.now(), incident("r-1", c.now())),
		"refused":  mail{from: "soc-alfa", to: "nccis"}.seal(t, c.now()),
		"held":     forged(t, c.now()),
		"in clear": []byte("From: x@y.example\r\n\r\nhello\r\n"),
		"bounce":   dsn("x", "failed"),
	} {
		t.Run(name, func(t *testing.T) {
			kept := bytes.Clone(raw)
			first, err := Judge(t.Context(), raw, c.now(), &w, memory{})
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				again, err := Judge(t.Context(), raw, c.now(), &w, memory{})
				if err != nil || !reflect.DeepEqual(first, again) {
					t.Fatalf("another outcome: %+v, %v", again, err)
				}
			}
			if !bytes.Equal(raw, kept) {
				t.Error("the message was changed")
			}
		})
	}
}

// genuine are sealed mails and the content digests a judge may accept.
func genuine(t testing.TB) (w World, c *clock, mails [][]byte, digests []string) {
	c = newClock()
	w = world(t, "nccis", people())
	mails = [][]byte{fromAlfa(t, c.now(), incident("r-1", c.now())),
		mail{from: "soc-beta", to: "nccis"}.seal(t, c.now(), incident("r-2", c.now(), func(r *exchange.Report) { r.Reporter = "soc-beta" }))}
	for _, raw := range mails {
		o, err := Judge(context.Background(), raw, c.now(), &w, nil)
		if err != nil || o.State != exchange.ArrivalAccepted {
			t.Fatalf("%s %+v %v", o.State, o.Judgement.Refusal, err)
		}
		digests = append(digests, o.Opened.ContentDigest)
	}
	return w, c, mails, digests
}

// holds is what must be true of every outcome, whatever came in.
func holds(t interface{ Fatalf(string, ...any) }, o Outcome, digests []string) {
	p, code := o.Judgement.Participant, o.Judgement.Refusal.Code
	switch {
	case o.State == exchange.ArrivalAccepted && (p == nil || code != "" || !slices.Contains(digests, o.Opened.ContentDigest)):
		t.Fatalf("accepted what nobody signed: %+v", o.Judgement)
	case o.State == exchange.ArrivalRefused && (p == nil || code.Fate() != exchange.FateRefused):
		t.Fatalf("refused %+v", o.Judgement)
	case o.State == exchange.ArrivalHeld && code.Fate() != exchange.FateHeld:
		t.Fatalf("held as %q", code)
	case o.State == "":
		t.Fatalf("no state at all")
	}
	for _, a := range o.Answers {
		if a.To == nil || a.Kind == exchange.LetterNeutral != (o.State == exchange.ArrivalHeld && p == nil || o.State == exchange.ArrivalHeld && code != exchange.Internal) {
			t.Fatalf("answer %+v to %s %q", a, o.State, code)
		}
	}
	if strings.Contains(o.Judgement.Refusal.Reason+strings.Join(o.Judgement.Findings, " "), canary) {
		t.Fatalf("decrypted text in a reason: %+v", o.Judgement)
	}
}

// FuzzJudge changes genuine mails by a list of edits, or judges the octets
// themselves. Every process makes its own keys, so a mail cannot be a seed.
func FuzzJudge(f *testing.F) {
	w, c, mails, digests := genuine(f)
	for _, raw := range [][]byte{{}, []byte("From: x@y.example\r\n\r\n"), dsn("x", "failed"), wrapped(mails[0], "soc-beta"), mails[1]} {
		f.Add(byte(0), raw)
	}
	for i := range byte(len(mails)) {
		f.Add(i+1, []byte{})
		f.Add(i+1, []byte{9, 0, 1, 'x'})
		f.Add(i+1, []byte{1, 9, 2, 200, 40, 0, 0, 'y', 255, 255, 3, 9})
	}
	f.Fuzz(func(t *testing.T, which byte, edits []byte) {
		raw := edits
		if which > 0 {
			raw = edited(mails[int(which)%len(mails)], edits)
		}
		o, err := Judge(t.Context(), raw, c.now(), &w, memory{})
		if err != nil {
			t.Fatal(err)
		}
		holds(t, o, digests)
	})
}

// edited applies edits of four octets: two for the place, what to do, and with
// which octet or length.
func edited(raw, edits []byte) []byte {
	raw = bytes.Clone(raw)
	for ; len(edits) >= 4 && len(raw) > 0; edits = edits[4:] {
		at, n := (int(edits[0])<<8|int(edits[1]))%len(raw), int(edits[3])
		switch edits[2] % 4 {
		case 0:
			raw[at] = edits[3]
		case 1:
			raw = slices.Insert(raw, at, edits[3])
		case 2:
			raw = slices.Delete(raw, at, min(len(raw), at+n))
		case 3:
			raw = append(raw, raw[at:min(len(raw), at+n)]...)
		}
	}
	return raw
}

func TestMutatedMailIsNeverAcceptedUnlessItIsTheGenuineContent(t *testing.T) {
	w, c, mails, digests := genuine(t)
	rapid.Check(t, func(r *rapid.T) {
		raw := bytes.Clone(rapid.SampledFrom(mails).Draw(r, "mail"))
		for range rapid.IntRange(1, 4).Draw(r, "changes") {
			at := rapid.IntRange(0, len(raw)-1).Draw(r, "at")
			switch rapid.IntRange(0, 4).Draw(r, "how") {
			case 0:
				raw[at] = rapid.Byte().Draw(r, "octet")
			case 1:
				raw = slices.Delete(raw, at, min(len(raw), at+rapid.IntRange(1, 200).Draw(r, "less")))
			case 2:
				raw = slices.Insert(raw, at, rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(r, "more")...)
			case 3:
				line := rapid.SampledFrom([]string{"From: exchange@soc-beta.example\r\n", "Content-Type: text/plain\r\n", "\r\n", "--x--\r\n", "Return-Path: <>\r\n"}).Draw(r, "line")
				raw = append([]byte(line), raw...)
			case 4:
				end := rapid.IntRange(at, len(raw)).Draw(r, "end")
				raw = append(raw, raw[at:end]...)
			}
			if len(raw) == 0 {
				raw = []byte("x")
			}
		}
		o, err := Judge(context.Background(), raw, c.now(), &w, memory{})
		if err != nil {
			r.Fatalf("%v", err)
		}
		holds(r, o, digests)
	})
}

func TestReplayIsHeldByEachOfItsSigns(t *testing.T) {
	w, c, mails, digests := genuine(t)
	known := func(change func(*exchange.Known)) memory {
		k := exchange.Known{Number: "N", Participant: "soc-alfa", Form: exchange.FormMIME, Verdict: exchange.VerdictAccepted}
		change(&k)
		return memory{map[string]*exchange.Known{digests[0]: &k}}
	}
	for name, test := range map[string]struct {
		raw    []byte
		change func(*exchange.Known)
		state  exchange.ArrivalState
	}{
		"the same again":          {mails[0], func(*exchange.Known) {}, exchange.ArrivalDuplicate},
		"of another participant":  {mails[0], func(k *exchange.Known) { k.Participant = "soc-beta" }, exchange.ArrivalHeld},
		"under another From":      {underFrom(mails[0], "soc-beta"), func(*exchange.Known) {}, exchange.ArrivalHeld},
		"as an attachment":        {wrapped(mails[0], "soc-alfa"), func(*exchange.Known) {}, exchange.ArrivalHeld},
		"out of an attachment":    {mails[0], func(k *exchange.Known) { k.Form = exchange.FormAttachment }, exchange.ArrivalHeld},
		"form not known any more": {mails[0], func(k *exchange.Known) { k.Form = "" }, exchange.ArrivalDuplicate},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := Judge(t.Context(), test.raw, c.now(), &w, known(test.change))
			if err != nil || o.State != test.state || (test.state == exchange.ArrivalHeld) != (o.Judgement.Refusal.Code == exchange.Replayed) {
				t.Errorf("%s %+v, %v", o.State, o.Judgement.Refusal, err)
			}
		})
	}
}

func TestExplainHasTheShapeOfTheDesign(t *testing.T) {
	c := newClock()
	w := world(t, "nccis", people())
	raw := append([]byte("Return-Path: <"+address("soc-alfa")+">\r\n"), fromAlfa(t, c.now(), incident("r-1", c.now(), func(r *exchange.Report) { r.TLP, r.Incident.Concerns = exchange.TLPAmber, []string{"soc-beta"} }))...)
	o, err := Judge(t.Context(), raw, c.now(), &w, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := Explain("x.eml", o)
	if e.Outcome != "accepted" || e.Participant != "soc-alfa" || e.From != address("soc-alfa") || e.MessageID == "" || e.Security.Signature != "valid" ||
		e.Security.Covers != "all" || e.Security.Encryption != "openpgp" || len(e.Reports) != 1 || len(e.Answers) != 2 || len(e.Notices) != 2 || len(e.Due) != 1 {
		t.Errorf("%+v", e)
	}
	empty := Explain("y.eml", Outcome{})
	large := Explain("z.eml", Oversize(raw, 10))
	if large.Outcome != "held" || large.Code != "too-large" || large.MessageID != e.MessageID || large.From != e.From {
		t.Errorf("oversize %+v", large)
	}
	for _, x := range []Explanation{e, empty, large} {
		text, err := json.Marshal(x)
		if err != nil || strings.Contains(string(text), "null") || strings.Contains(string(text), canary) {
			t.Errorf("%s, %v", text, err)
		}
		for _, name := range []string{"file", "outcome", "code", "reason", "message_id", "from", "participant", "security", "reports", "problems", "answers", "notices", "due",
			"encrypted", "encryption", "cipher", "signed", "signature", "signer", "signed_at", "covers", "findings"} {
			if !strings.Contains(string(text), `"`+name+`":`) {
				t.Errorf("no %s in %s", name, text)
			}
		}
	}
}
