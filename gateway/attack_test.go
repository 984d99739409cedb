package gateway

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/internal/testmail"
)

// certified is a cast with OpenPGP keys and certificates, and the world of the
// NCCIS among them.
func certified(t *testing.T) (*testmail.World, World) {
	t.Helper()
	w := testmail.Start(t)
	return w, worldOf(t, w)
}

func worldOf(t *testing.T, w *testmail.World) World {
	t.Helper()
	set := crypto.KeySet{Revoked: map[string][]string{}, Trust: crypto.TrustSet{Anchors: []crypto.TrustFile{{File: "root", Data: w.Anchor().PEM()}}}}
	var self *exchange.Participant
	var others []*exchange.Participant
	for _, p := range w.People {
		e := &exchange.Participant{ID: p.ID, Kinds: []exchange.ParticipantKind{p.Kind}, Addresses: p.Addresses, FQDNs: []string{p.FQDN}, BIN: p.BIN,
			AcceptUnbound: strings.Contains(p.Extra, "unbound: accept"), AcceptOuterSignature: strings.Contains(p.Extra, "outer_signature: accept")}
		switch {
		case p.ID == testmail.SelfID:
			self = e
			private, err := p.Certificate("current").PrivatePEM()
			if err != nil {
				t.Fatal(err)
			}
			set.OpenPGP = append(set.OpenPGP, crypto.KeyFile{Owner: exchange.SelfSigner, File: "self.asc", Data: p.Keys[0].Private, Passphrase: []byte(testmail.Passphrase)})
			set.SMIME = append(set.SMIME, crypto.KeyFile{Owner: exchange.SelfSigner, File: "self.pem", Data: private})
			continue
		case p.Kind == "":
			continue
		}
		others = append(others, e)
		for _, k := range p.Keys {
			set.OpenPGP = append(set.OpenPGP, crypto.KeyFile{Owner: p.ID, File: p.ID + k.Role, Data: k.Public})
			if k.Role == "listed" {
				set.Revoked[p.ID] = append(set.Revoked[p.ID], k.Fingerprint)
			}
		}
		for _, c := range p.Certificates {
			set.SMIME = append(set.SMIME, crypto.KeyFile{Owner: p.ID, File: p.ID + c.Role, Data: c.PEM()})
			if c.Role == "listed" {
				set.Revoked[p.ID] = append(set.Revoked[p.ID], "SERIAL:"+strings.ToUpper(c.X509.SerialNumber.Text(16)))
			}
		}
	}
	reg, err := exchange.NewRegister(self, others)
	if err != nil {
		t.Fatal(err)
	}
	set.OwnerOf = func(address string) string {
		if p := reg.ByAddress(address); p != nil {
			return p.ID
		}
		return ""
	}
	keys, err := crypto.NewKeyring(set)
	if err != nil {
		t.Fatal(err)
	}
	return World{Register: reg, Keys: keys, Zone: time.FixedZone("Asia/Almaty", 5*3600),
		Trust:          exchange.TrustLimits{SigningAge: 14 * 24 * time.Hour, SigningSkew: 10 * time.Minute},
		AnswersPerHour: 60, RetryLife: 5 * 24 * time.Hour}
}

// judged is what `almasu explain` would print of a case, and the outcome.
func judged(t *testing.T, w *testmail.World, g *World, c *testmail.Case, m Memory) (testmail.Explained, Outcome) {
	t.Helper()
	raw, err := w.Message(c)
	if err != nil {
		t.Fatal(err)
	}
	o, err := Judge(t.Context(), raw, w.Now, g, m)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(Explain(c.File(), o))
	if err != nil {
		t.Fatal(err)
	}
	var e testmail.Explained
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), c.Canary) {
		t.Errorf("the text of %s is echoed: %s", c.Name, text)
	}
	return e, o
}

// TestAttacks judges every attack and, beside it, its honest control.
func TestAttacks(t *testing.T) {
	w, g := certified(t)
	accepted, refused := 0, 0
	families := map[string]int{}
	for _, a := range testmail.Attacks() {
		families[a.Family]++
		t.Run(a.Name, func(t *testing.T) {
			e, o := judged(t, w, &g, a.Control, nil)
			for _, wrong := range w.Check(a.Control, e) {
				t.Errorf("control: %s", wrong)
			}
			if o.State != exchange.ArrivalAccepted {
				refused++
			}
			known := memory{map[string]*exchange.Known{}}
			if len(a.After) > 0 {
				known.content[o.Opened.ContentDigest] = &exchange.Known{Number: "N", Participant: "soc-alfa", Form: o.Opened.Security.Form, Verdict: exchange.VerdictAccepted}
			}
			e, o = judged(t, w, &g, &a.Case, known)
			for _, wrong := range w.Check(&a.Case, e) {
				t.Error(wrong)
			}
			if o.State == exchange.ArrivalAccepted {
				accepted++
			}
		})
	}
	total := len(testmail.Attacks())
	t.Logf("%d attacks (%v): %d forgeries accepted, %d controls refused", total, families, accepted, refused)
	if total < 120 || accepted > 0 || refused > 0 {
		t.Errorf("%d attacks, %d accepted, %d controls refused", total, accepted, refused)
	}
	for _, f := range testmail.Families() {
		if families[f] == 0 {
			t.Errorf("no attack of the family %s", f)
		}
	}
}

// TestHonestMail judges what partners' programs write and networks leave.
func TestHonestMail(t *testing.T) {
	w, g := certified(t)
	for _, c := range testmail.Honest() {
		t.Run(c.Name, func(t *testing.T) {
			e, _ := judged(t, w, &g, c, nil)
			for _, wrong := range w.Check(c, e) {
				t.Error(wrong)
			}
		})
	}
}

// TestNoTreeOfPiecesIsAccepted: however signed texts and an unsigned report are
// put together, the report is not read; signed whole it is accepted.
func TestNoTreeOfPiecesIsAccepted(t *testing.T) {
	w, g := certified(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		attack, control, reports := w.Tree(fmt.Sprintf("tree-%d", n), func(limit int) int { return rapid.IntRange(0, limit-1).Draw(r, "piece") })
		_, o := judged(t, w, &g, attack, nil)
		if o.State == exchange.ArrivalAccepted || len(o.Parsed.Reports) > 0 {
			r.Fatalf("%s is %s with %d reports: %+v", attack.Comment, o.State, len(o.Parsed.Reports), o.Opened.Security)
		}
		e, o := judged(t, w, &g, control, nil)
		if reports == 1 {
			if wrong := w.Check(control, e); len(wrong) > 0 {
				r.Fatalf("%s, signed whole: %v", control.Comment, wrong)
			}
		} else if o.State == exchange.ArrivalAccepted {
			r.Fatalf("%s is accepted without a report", control.Comment)
		}
	})
}

// TestNothingIsGainedByWrapping: SOC Alfa's sealed report among anything else is
// never SOC Beta's, and SOC Alfa's alone where nothing else is sealed.
func TestNothingIsGainedByWrapping(t *testing.T) {
	w, g := certified(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		stolen, own, whole := w.Wrapped(fmt.Sprintf("wrapped-%d", n), func(limit int) int { return rapid.IntRange(0, limit-1).Draw(r, "piece") })
		e, o := judged(t, w, &g, stolen, nil)
		if o.State != exchange.ArrivalHeld || o.Judgement.Participant != nil || len(o.Parsed.Reports) > 0 {
			r.Fatalf("%s under another From is %s: %+v", stolen.Comment, o.State, e)
		}
		e, o = judged(t, w, &g, own, nil)
		switch {
		case whole:
			if wrong := w.Check(own, e); len(wrong) > 0 {
				r.Fatalf("%s: %v", own.Comment, wrong)
			}
		case o.State == exchange.ArrivalAccepted:
			r.Fatalf("%s is accepted", own.Comment)
		}
	})
}
