package crypto_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/internal/testmail"
	"almasu/internal/testpeer"
)

// TestCasesOfTheDesign opens every message of internal/testmail, made by gpg
// on the command line or put together packet by packet, and holds the facts
// and the trust decision that follows from them against what must come of it.
func TestCasesOfTheDesign(t *testing.T) {
	if !testpeer.InstalledGnuPG() {
		t.Skip("gpg is not installed (apt-get install gnupg)")
	}
	dir, err := os.MkdirTemp("", "cw") // gpg-agent wants a short path
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	w, err := testmail.NewWorld(dir, time.Now().Truncate(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ring, reg := worldRing(t, w), worldRegister(t, w)
	for _, c := range testmail.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			raw, err := w.Message(c)
			if err != nil {
				t.Fatal(err)
			}
			opened, err := crypto.Open(raw, ring, crypto.Limits{}, w.Now)
			if err != nil {
				t.Fatal(err)
			}
			checkCase(t, c, opened, reg, w)
		})
	}
}

func checkCase(t *testing.T, c *testmail.Case, o crypto.Opened, reg *exchange.Register, w *testmail.World) {
	j := exchange.Trust(exchange.Evidence{Security: o.Security, Outer: o.Outer, Protected: o.Protected, ReceivedAt: w.Now}, reg,
		exchange.TrustLimits{SigningAge: 14 * 24 * time.Hour, SigningSkew: 10 * time.Minute})
	code, _ := exchange.First(j.Refusal.Code, o.Refusal.Code)
	if c.Signature != "" && o.Security.Signature != c.Signature {
		t.Errorf("signature %s, want %s (%+v)", o.Security.Signature, c.Signature, o.Security)
	}
	if c.Outcome == testmail.Accepted || c.Outcome == testmail.Duplicate {
		if code != "" {
			t.Fatalf("not accepted: %s %s %s %+v", code, j.Refusal.Reason, o.Refusal.Reason, o.Security)
		}
		if len(o.Payload) == 0 || o.ContentDigest == "" || o.Digest.Value == "" {
			t.Errorf("payload of %d documents, digests %+v %q", len(o.Payload), o.Digest, o.ContentDigest)
		}
	}
	if before(c.Code, exchange.NoReport) && c.Code != exchange.TooLarge && !beyondCrypto(c) && code != c.Code {
		t.Errorf("code %s (%s), want %s; %+v", code, j.Refusal.Reason, c.Code, o.Security)
	}
	if !o.Security.Encrypted || !o.Security.Integrity || o.Security.DecryptError != "" {
		if o.Payload != nil {
			t.Error("a payload of something that was not opened with integrity")
		}
	}
	for _, text := range append(o.Security.Findings, o.Security.DecryptError, o.Refusal.Reason) {
		if strings.Contains(text, c.Canary) {
			t.Errorf("decrypted text in %q", text)
		}
	}
}

// beyondCrypto are codes that need the parsed report or what was seen before.
func beyondCrypto(c *testmail.Case) bool {
	return c.Code == exchange.RecipientUnbound || c.Code == exchange.Replayed || c.Name == "addressee-other"
}

func before(a, b exchange.Code) bool {
	if a == "" {
		return false
	}
	first, _ := exchange.First(a, b)
	return first == a && a != b
}

func worldRing(t *testing.T, w *testmail.World) *crypto.Keyring {
	set := crypto.KeySet{Revoked: map[string][]string{}}
	for _, p := range w.People {
		for _, k := range p.Keys {
			switch {
			case p.ID == testmail.SelfID:
				set.OpenPGP = append(set.OpenPGP, crypto.KeyFile{Owner: exchange.SelfSigner, File: "self", Data: k.Private, Passphrase: []byte(testmail.Passphrase)})
			case p.Kind != "":
				set.OpenPGP = append(set.OpenPGP, crypto.KeyFile{Owner: p.ID, File: p.ID + k.Role, Data: k.Public})
			}
			if k.Role == "listed" {
				set.Revoked[p.ID] = append(set.Revoked[p.ID], k.Fingerprint)
			}
		}
	}
	ring, err := crypto.NewKeyring(set)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func worldRegister(t *testing.T, w *testmail.World) *exchange.Register {
	var self *exchange.Participant
	var others []*exchange.Participant
	for _, p := range w.People {
		e := &exchange.Participant{ID: p.ID, Kinds: []exchange.ParticipantKind{p.Kind}, Addresses: p.Addresses,
			AcceptUnbound: strings.Contains(p.Extra, "unbound: accept"), AcceptOuterSignature: strings.Contains(p.Extra, "outer_signature: accept")}
		switch {
		case p.ID == testmail.SelfID:
			self = e
		case p.Kind != "":
			others = append(others, e)
		}
	}
	reg, err := exchange.NewRegister(self, others)
	if err != nil {
		t.Fatal(err)
	}
	return reg
}
