package crypto_test

import (
	"testing"

	"almasu/crypto"
	"almasu/exchange"
)

// checkInvariants are what holds of every message whatever it is.
func checkInvariants(t *testing.T, o crypto.Opened) {
	t.Helper()
	s := o.Security
	if o.Payload != nil && (!s.Encrypted || !s.Integrity || s.DecryptError != "" || o.Refusal.Code != "") {
		t.Fatalf("a payload of what was not opened with integrity: %+v %+v", s, o.Refusal)
	}
	if o.Payload != nil && s.Form == exchange.FormAttachment && (s.Signature != exchange.SignatureValid || s.Covers != exchange.CoversAll || s.Owner == "" || s.Outer) {
		t.Fatalf("a payload of an attachment nobody vouches for: %+v", s)
	}
	if s.Signed != (s.Signature != exchange.SignatureNone) || s.Signed != (s.Covers != exchange.CoversNone) {
		t.Fatalf("signed or not: %+v", s)
	}
	if s.Signature == exchange.SignatureValid && (s.Owner == "" || s.Signer == "" || s.SignedAt.IsZero()) {
		t.Fatalf("valid, by nobody: %+v", s)
	}
	if s.Outer && s.Covers == exchange.CoversAll || s.IntendedForUs && s.IntendedForOthers {
		t.Fatalf("facts that contradict each other: %+v", s)
	}
	if o.Protected.Present && (s.Covers != exchange.CoversAll || s.Outer || s.Form == exchange.FormAttachment && s.Signature != exchange.SignatureValid || s.Owner == "") {
		t.Fatalf("a protected header that nothing protects: %+v", s)
	}
	if s.Encrypted != (s.Encryption != exchange.EncryptionNone) || !s.Encrypted && s.Form != exchange.FormClear {
		t.Fatalf("encrypted or not: %+v", s)
	}
}

// FuzzOpen: no input brings a payload that the facts do not carry, or a panic.
func FuzzOpen(f *testing.F) {
	c := people()
	for _, a := range attacks() {
		f.Add(mail(a.attack))
	}
	f.Add(mail(pgpMIME(sealedEntity())))
	f.Add(mail("Content-Type: text/plain\r\n\r\n" + clearSigned(report, signing{by: c.alfa, text: true})))
	f.Add(mail(attachment("r.json.pgp", sealedReport())))
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := crypto.Open(raw, c.ring, crypto.Limits{Decompressed: 1 << 20}, now)
		if err != nil {
			t.Fatal(err)
		}
		checkInvariants(t, o)
		checkMemory(t, o, 1<<20)
	})
}

// checkMemory: what is handed out is bounded by limits.decompressed, whatever
// is packed into what: once as it was decrypted, once as it was decompressed.
func checkMemory(t *testing.T, o crypto.Opened, limit int) {
	t.Helper()
	total := 0
	for _, d := range o.Payload {
		total += len(d.Body)
	}
	if total > 2*limit {
		t.Fatalf("%d octets of payload with a limit of %d", total, limit)
	}
}

// FuzzInside fuzzes what is decrypted: packets that an attacker sealed to us.
func FuzzInside(f *testing.F) {
	c := people()
	m := by(c.alfa).message(entity())
	f.Add(m)
	f.Add(zipped(m))
	f.Add(literal(clearSigned(report, signing{by: c.alfa, text: true})))
	f.Add(literal(signedMIME(entity(), by(c.alfa).packet(entity()))))
	f.Add(append(by(c.alfa).packet(entity()), literal(entity())...))
	f.Fuzz(func(t *testing.T, packets []byte) {
		o, err := crypto.Open(mail(pgpMIME(toUs(packets))), c.ring, crypto.Limits{Decompressed: 1 << 20}, now)
		if err != nil {
			t.Fatal(err)
		}
		checkInvariants(t, o)
		checkMemory(t, o, 1<<20)
		if s := o.Security; s.Signature == exchange.SignatureValid && s.Covers == exchange.CoversAll && o.Refusal.Code == "" && !vouched(o) {
			t.Fatalf("SOC Alfa never signed this: %s", describePayload(o))
		}
	})
}

// vouched: the payload is one SOC Alfa signed in the seeds.
func vouched(o crypto.Opened) bool {
	known := map[string]bool{}
	for _, d := range open(nil, mail(pgpMIME(sealedEntity()))).Payload {
		known[string(d.Body)] = true
	}
	known[report] = true
	for _, d := range o.Payload {
		if !known[string(d.Body)] {
			return false
		}
	}
	return true
}
