package crypto_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"almasu/crypto"
	"almasu/exchange"
)

func TestIntendedRecipients(t *testing.T) {
	c := people()
	for _, tc := range []struct {
		name        string
		intended    []*openpgp.Entity
		us, notUs   bool
		hash        bool // break the signature
		wantVerdict exchange.SignatureState
	}{
		{"us", []*openpgp.Entity{c.self}, true, false, false, exchange.SignatureValid},
		{"us among others", []*openpgp.Entity{c.beta, c.self}, true, false, false, exchange.SignatureValid},
		{"somebody else", []*openpgp.Entity{c.beta}, false, true, false, exchange.SignatureValid},
		{"nobody", nil, false, false, false, exchange.SignatureValid},
		{"us, but the signature is wrong", []*openpgp.Entity{c.self}, false, false, true, exchange.SignatureIsInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := signing{by: c.alfa, intended: tc.intended}.message(entity())
			if tc.hash {
				m = bytes.Replace(m, []byte("R-1"), []byte("R-2"), 1)
			}
			s := open(t, mail(pgpMIME(toUs(m)))).Security
			if s.IntendedForUs != tc.us || s.IntendedForOthers != tc.notUs || s.Signature != tc.wantVerdict {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestIntendedOutsideTheHashedArea: whoever adds the subpacket where the
// signature does not reach must gain no binding by it.
func TestIntendedOutsideTheHashedArea(t *testing.T) {
	c := people()
	sig := by(c.alfa).packet(entity())
	_, body := cutPacket(sig)
	hashed := int(body[4])<<8 | int(body[5])
	at := 6 + hashed
	n := int(body[at])<<8 | int(body[at+1])
	add := append([]byte{22, 35, 4}, c.self.PrimaryKey.Fingerprint...)
	forged := bytes.Join([][]byte{body[:at], {byte((n + len(add)) >> 8), byte(n + len(add))}, add, body[at+2:]}, nil)
	m := append(literal(entity()), pkt(2, forged)...)
	s := open(t, mail(pgpMIME(toUs(m)))).Security
	if s.Signature != exchange.SignatureValid || s.IntendedForUs || s.IntendedForOthers {
		t.Errorf("%+v", s)
	}
}

// cutPacket takes a packet with a one- or two-octet new-format length apart.
func cutPacket(b []byte) (tag byte, body []byte) {
	tag = b[0] & 0x3f
	if b[1] < 192 {
		return tag, b[2 : 2+int(b[1])]
	}
	n := int(b[1]-192)<<8 + int(b[2]) + 192
	return tag, b[3 : 3+n]
}

func TestKeyStates(t *testing.T) {
	expired := freshKey(t, "expired", now.AddDate(0, -2, 0), 30*24*time.Hour)
	ending := freshKey(t, "ending", now.AddDate(0, 0, -30), 30*24*time.Hour-time.Hour) // ended an hour before arrival
	revoked := freshKey(t, "revoked", now.AddDate(-1, 0, 0), 0)
	if err := revoked.Revoke(packet.KeyCompromised, "", &packet.Config{Time: func() time.Time { return now.AddDate(0, 0, -1) }}); err != nil {
		t.Fatal(err)
	}
	retired := freshKey(t, "retired", now.AddDate(-1, 0, 0), 0)
	if err := retired.Revoke(packet.KeyRetired, "", &packet.Config{Time: func() time.Time { return now.Add(-10 * time.Minute) }}); err != nil {
		t.Fatal(err)
	}
	listed := freshKey(t, "listed", now.AddDate(-1, 0, 0), 0)
	fresh := freshKey(t, "fresh", now.AddDate(-1, 0, 0), 0)
	soon := freshKey(t, "soon", now.AddDate(-1, 0, 0), 365*24*time.Hour+2*time.Minute)
	set := crypto.KeySet{Revoked: map[string][]string{"listed": {strings.ToLower(hex.EncodeToString(listed.PrimaryKey.Fingerprint))}}}
	set.OpenPGP = append(set.OpenPGP, crypto.KeyFile{Owner: exchange.SelfSigner, File: "self", Data: people().selfFile.private})
	for name, e := range map[string]*openpgp.Entity{"expired": expired, "ending": ending, "revoked": revoked, "retired": retired, "listed": listed, "fresh": fresh, "soon": soon} {
		set.OpenPGP = append(set.OpenPGP, crypto.KeyFile{Owner: name, File: name, Data: publicOf(t, e)})
	}
	ring, err := crypto.NewKeyring(set)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		s    signing
		want exchange.SignatureState
	}{
		{"valid", signing{by: fresh}, exchange.SignatureValid},
		{"key expired when it signed", signing{by: expired}, exchange.SignatureExpired},
		{"key valid when it signed, expired at arrival", signing{by: expired, at: now.AddDate(0, -2, 5)}, exchange.SignatureExpired},
		{"key valid when it signed, ended since", signing{by: ending, at: now.Add(-2 * time.Hour)}, exchange.SignatureExpired},
		{"key valid at arrival, signed ahead of it past the end of the key", signing{by: soon, at: now.Add(5 * time.Minute)}, exchange.SignatureExpired},
		{"key about to end", signing{by: soon}, exchange.SignatureValid},
		{"revoked as compromised, signed before", signing{by: revoked, at: now.AddDate(0, 0, -3)}, exchange.SignatureRevoked},
		{"retired, signed before", signing{by: retired, at: now.Add(-time.Hour)}, exchange.SignatureRevoked},
		{"retired, signed after", signing{by: retired}, exchange.SignatureRevoked},
		{"listed as revoked", signing{by: listed}, exchange.SignatureRevoked},
		{"signed before the key was made", signing{by: fresh, at: now.AddDate(-2, 0, 0)}, exchange.SignatureIsInvalid},
		{"the signature has a lifetime, and it is over", signing{by: fresh, at: now.Add(-time.Hour), edit: lifetime(600)}, exchange.SignatureExpired},
		{"the signature has a lifetime", signing{by: fresh, at: now.Add(-time.Hour), edit: lifetime(7200)}, exchange.SignatureValid},
		{"unknown critical notation", signing{by: fresh, edit: notation(true)}, exchange.SignatureIsInvalid},
		{"unknown notation", signing{by: fresh, edit: notation(false)}, exchange.SignatureValid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, err := crypto.Open(mail(pgpMIME(toUs(tc.s.message(entity())))), ring, crypto.Limits{}, now)
			if err != nil || o.Security.Signature != tc.want {
				t.Errorf("%v %+v", err, o.Security)
			}
		})
	}
	if err := ring.CanSeal("listed", now); err == nil {
		t.Error("a letter can be sealed to a key listed as revoked")
	}
	if err := ring.CanSeal("expired", now); err == nil || !strings.Contains(err.Error(), "prolong") {
		t.Errorf("expired: %v", err)
	}
	if err := ring.CanSeal("revoked", now); err == nil {
		t.Error("a letter can be sealed to a revoked key")
	}
	if err := ring.CanSeal("fresh", now); err != nil {
		t.Error(err)
	}
}

func lifetime(seconds uint32) func(*packet.Signature) {
	return func(s *packet.Signature) { s.SigLifetimeSecs = &seconds }
}

func notation(critical bool) func(*packet.Signature) {
	return func(s *packet.Signature) {
		s.Notations = []*packet.Notation{{Name: "x@example.org", Value: []byte("1"), IsHumanReadable: true, IsCritical: critical}}
	}
}

func freshKey(t testing.TB, name string, at time.Time, life time.Duration) *openpgp.Entity {
	t.Helper()
	private, _, _, err := crypto.NewOpenPGP(name, name+"@keys.example", nil, at, life)
	if err != nil {
		t.Fatal(err)
	}
	return entityOf(private)
}

func publicOf(t testing.TB, e *openpgp.Entity) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := e.Serialize(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestProtectedHeaders: only what a verified signature inside the encryption
// covers is a protected header (RFC 9788).
func TestProtectedHeaders(t *testing.T) {
	c := people()
	const fields = "From: Duty <alfa@alfa.example>\r\nTo: nccis@nccis.example\r\nSubject: =?utf-8?q?=D0=98=D0=BD=D1=86?=\r\n"
	hp := strings.Replace(entity(fields), "boundary=in", `boundary=in; hp="cipher"`, 1)
	legacy := strings.Replace(entity("Subject: only\r\n"), "boundary=in", `boundary=in; protected-headers="v1"`, 1)
	signed := signedMIME(hp, by(c.alfa).packet(hp))
	for _, tc := range []struct {
		name string
		mail string
		want bool
	}{
		{"hp=cipher", pgpMIME(toUs(by(c.alfa).message(hp))), true},
		{"plain From and To in the signed root", pgpMIME(toUs(by(c.alfa).message(entity(fields)))), true},
		{"protected-headers=v1", pgpMIME(toUs(by(c.alfa).message(legacy))), true},
		{"inside multipart/signed", pgpMIME(toUs(literal(signed))), true},
		{"none", pgpMIME(toUs(by(c.alfa).message(entity()))), false},
		{"unsigned", pgpMIME(toUs(literal(hp))), false},
		{"signed by a stranger", pgpMIME(toUs(by(c.stranger).message(hp))), false},
		{"signature broken", pgpMIME(toUs(bytes.Replace(by(c.alfa).message(hp), []byte("R-1"), []byte("R-2"), 1))), false},
		{"on the multipart/signed, where no signature reaches", pgpMIME(toUs(literal(fields + signedMIME(entity(), by(c.alfa).packet(entity()))))), false},
		{"on a multipart/signed with a third part", pgpMIME(toUs(literal(fields + strings.Replace(signedMIME(entity(), by(c.alfa).packet(entity())), "\r\n--sig--", "\r\n--sig\r\n\r\nx\r\n--sig--", 1)))), false},
		{"signed outside only", outsideSigned(c.alfa, pgpMIME(toUs(literal(hp)))), false},
		{"in an encrypted attachment", attachment("mail.gpg", toUs(by(c.alfa).message(hp))), true},
		{"in an encrypted attachment, unsigned", attachment("mail.gpg", toUs(literal(hp))), false},
		{"in an encrypted attachment of a stranger", attachment("mail.gpg", toUs(by(c.stranger).message(hp))), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := open(t, mail(tc.mail))
			if o.Protected.Present != tc.want {
				t.Fatalf("%+v %+v", o.Protected, o.Security)
			}
			if tc.want && tc.name != "protected-headers=v1" &&
				(!slices.Equal(o.Protected.From, []string{"alfa@alfa.example"}) || !slices.Equal(o.Protected.To, []string{"nccis@nccis.example"}) || o.Protected.Subject != "Инц") {
				t.Errorf("%+v", o.Protected)
			}
		})
	}
}

// TestDigests: the message integrity check is what the sender can compute, and
// the content digest recognises the same signed content in any envelope.
func TestDigests(t *testing.T) {
	c := people()
	content := entity()
	sum := sha256.Sum256([]byte(content))
	mic := base64.StdEncoding.EncodeToString(sum[:])
	m := by(c.alfa).message(content)
	detached := by(c.alfa).packet(content)
	first := open(t, mail(pgpMIME(toUs(m))))
	if first.Digest != (exchange.Digest{Algorithm: "sha256", Value: mic, Over: "entity"}) || first.ContentDigest != hex.EncodeToString(sum[:]) {
		t.Fatalf("%+v %s", first.Digest, first.ContentDigest)
	}
	for name, again := range map[string][]byte{
		"sealed anew":              mail(pgpMIME(toUs(m))),
		"under another From":       bytes.Replace(mail(pgpMIME(toUs(m))), []byte("alfa@"), []byte("beta@"), 1),
		"as an attachment":         mail(attachment("m.gpg", toUs(m))),
		"as multipart/signed":      mail(pgpMIME(toUs(literal(signedMIME(content, detached))))),
		"signature in front":       mail(pgpMIME(toUs(append(detached, literal(content)...)))),
		"compressed":               mail(pgpMIME(toUs(zipped(m)))),
		"wrapped by an outer hand": mail(outsideSigned(c.beta, pgpMIME(toUs(m)))),
	} {
		if o := open(t, again); o.ContentDigest != first.ContentDigest {
			t.Errorf("%s: another content digest (%+v)", name, o.Security)
		}
	}
	text := signing{by: c.alfa, text: true}
	crlf, bare := toUs(text.message(content)), toUs(append(literal(strings.ReplaceAll(content, "\r\n", "\n")), text.packet(content)...))
	if a, b := open(t, mail(pgpMIME(crlf))), open(t, mail(pgpMIME(bare))); a.ContentDigest != b.ContentDigest || a.Security.Signature != exchange.SignatureValid || b.Security.Signature != exchange.SignatureValid {
		t.Error("a text signature with other line ends passes for new content")
	}
	if o := open(t, mail(pgpMIME(toUs(literal(content))))); o.ContentDigest != "" || o.Digest.Value != mic {
		t.Errorf("unsigned: %+v %q", o.Digest, o.ContentDigest)
	}
	lf := strings.ReplaceAll(content, "\r\n", "\n") // as gpg signs a file with LF
	if o := open(t, mail(pgpMIME(toUs(by(c.alfa).message(lf))))); o.Digest.Value != mic {
		t.Errorf("the message integrity check is not over the canonical form: %+v", o.Digest)
	}
	file := sha256.Sum256([]byte(report))
	if o := open(t, mail(attachment("r.json.pgp", sealedReport()))); o.Digest.Over != "file" || o.Digest.Value != base64.StdEncoding.EncodeToString(file[:]) {
		t.Errorf("%+v", o.Digest)
	}
}

// TestSeveralSignatures: the valid one of a participant counts, wherever it
// stands; the others are findings.
func TestSeveralSignatures(t *testing.T) {
	c := people()
	stranger, alfa := by(c.stranger).packet(entity()), by(c.alfa).packet(entity())
	for _, order := range [][][]byte{{literal(entity()), stranger, alfa}, {literal(entity()), alfa, stranger}, {stranger, literal(entity()), alfa}} {
		o := open(t, mail(pgpMIME(toUs(bytes.Join(order, nil)))))
		checkFacts(t, o, goodFacts)
		if !slices.ContainsFunc(o.Security.Findings, func(f string) bool { return strings.HasPrefix(f, "other-signature: unknown-signer") }) {
			t.Error(o.Security.Findings)
		}
	}
	nested := signedMIME(entity(), alfa)
	o := open(t, mail(pgpMIME(toUs(by(c.stranger).message(nested)))))
	checkFacts(t, o, goodFacts)
	outer := open(t, mail(outsideSigned(c.beta, pgpMIME(toUs(by(c.alfa).message(entity()))))))
	checkFacts(t, outer, goodFacts)
	if !slices.Contains(outer.Security.Findings, "signature-outside") {
		t.Error(outer.Security.Findings)
	}
	rescued := open(t, mail(outsideSigned(c.alfa, pgpMIME(toUs(bytes.Replace(by(c.alfa).message(entity()), []byte("R-1"), []byte("R-2"), 1))))))
	checkFacts(t, rescued, invalidAll)
}

// TestClearMail: a mail that is not encrypted has no payload, and its
// signature is judged all the same.
func TestClearMail(t *testing.T) {
	c := people()
	text := clearSigned("report\n-- \nduty", signing{by: c.alfa, text: true})
	signed := signedMIME(entity(), by(c.alfa).packet(entity()))
	for _, tc := range []struct {
		name, mail string
		state      exchange.SignatureState
		covers     exchange.Coverage
	}{
		{"nothing", "Content-Type: text/plain\r\n\r\nhello\r\n", exchange.SignatureNone, exchange.CoversNone},
		{"multipart/signed", signed, exchange.SignatureValid, exchange.CoversAll},
		{"multipart/signed with LF", strings.ReplaceAll(signed, "\r\n", "\n"), exchange.SignatureValid, exchange.CoversAll},
		{"multipart/signed, changed", strings.Replace(signed, "R-1", "R-2", 1), exchange.SignatureIsInvalid, exchange.CoversAll},
		{"cleartext-signed", "Content-Type: text/plain\r\n\r\n" + text, exchange.SignatureValid, exchange.CoversAll},
		{"cleartext-signed, words before", "Content-Type: text/plain\r\n\r\nhi\r\n" + text, exchange.SignatureIsPartial, exchange.CoversPart},
		{"cleartext-signed, changed", "Content-Type: text/plain\r\n\r\n" + strings.Replace(text, "report", "Report", 1), exchange.SignatureIsInvalid, exchange.CoversAll},
		{"signed message in armor", "Content-Type: text/plain\r\n\r\n" + armored("PGP MESSAGE", by(c.alfa).message("hi")), exchange.SignatureValid, exchange.CoversAll},
		{"signed part under a footer", beside(signed), exchange.SignatureIsPartial, exchange.CoversPart},
		{"signed part alone in a multipart", "Content-Type: multipart/mixed; boundary=one\r\n\r\n--one\r\n" + signed + "\r\n--one--\r\n", exchange.SignatureValid, exchange.CoversAll},
		{"S/MIME signature", "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=s\r\n\r\n--s\r\n\r\nhi\r\n--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nMIIB\r\n--s--\r\n",
			exchange.SignatureIsInvalid, exchange.CoversAll},
		{"S/MIME signed-data", "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\nMIIB\r\n", exchange.SignatureIsInvalid, exchange.CoversAll},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := open(t, mail(tc.mail))
			s := o.Security
			if s.Encrypted || s.Encryption != exchange.EncryptionNone || s.Form != exchange.FormClear || o.Payload != nil {
				t.Fatalf("%+v %v", s, o.Payload)
			}
			if s.Signature != tc.state || s.Covers != tc.covers || s.Signed != (tc.state != exchange.SignatureNone) {
				t.Errorf("%+v", s)
			}
			if tc.state == exchange.SignatureValid && (s.Owner != "soc-alfa" || s.SignedAt.IsZero()) {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestSMIMEIsSeenAndNotOpened(t *testing.T) {
	for _, m := range []string{
		"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\nMIIB\r\n",
		"Content-Type: application/x-pkcs7-mime; smime-type=authEnveloped-data\r\n\r\nMIIB\r\n",
		"Content-Type: application/octet-stream; name=\"report.json.p7m\"\r\n\r\nMIIB\r\n",
		"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nhi\r\n--m\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=r.p7m\r\n\r\nMIIB\r\n--m--\r\n",
	} {
		o := open(t, mail(m))
		if s := o.Security; !s.Encrypted || s.Encryption != exchange.EncryptionSMIME || !strings.Contains(s.DecryptError, "S/MIME") || o.Payload != nil {
			t.Errorf("%+v", s)
		}
	}
}
