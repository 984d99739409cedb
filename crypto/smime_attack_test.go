package crypto_test

import (
	"bytes"
	gocrypto "crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/crypto/cms"
	"almasu/crypto/cms/ber"
	"almasu/crypto/smime"
	"almasu/exchange"
)

// forgery is one S/MIME mail an attacker sends, or a mistake a partner makes,
// beside the same mail left alone.
type forgery struct {
	name, control, attack string
	want                  wanted
}

var (
	noPayload    = wanted{true, true, exchange.SignatureNone, exchange.CoversNone, "", false}
	strangerFact = wanted{true, true, exchange.SignatureUnknownSigner, exchange.CoversAll, "", true}
)

func withState(s exchange.SignatureState, owner string) wanted {
	return wanted{true, true, s, exchange.CoversAll, owner, true}
}

// signedWith is signed-data with a digest that nobody should use any more.
func signedWith(content string, by *holder, hash gocrypto.Hash, id string) []byte {
	h := hash.New()
	h.Write([]byte(content))
	signature, err := by.key.Sign(rand.Reader, h.Sum(nil), hash)
	must(err)
	digest := ber.Seq(ber.ID(id), ber.Nil())
	signer := ber.Seq(ber.Int(1), ber.Seq(ber.Raw(by.cert.RawIssuer), ber.Big(by.cert.SerialNumber)), digest,
		ber.Seq(ber.ID("1.2.840.113549.1.1.1"), ber.Nil()), ber.Octets(signature))
	return ber.Seq(ber.ID(string(cms.SignedData)), ber.Explicit(0, ber.Seq(ber.Int(1), ber.SetOf(digest),
		ber.Seq(ber.ID(string(cms.Data)), ber.Explicit(0, ber.Octets([]byte(content)))), ber.SetOf(signer)))).Bytes()
}

// swapIssuerSerial names another certificate as the signer's.
func swapIssuerSerial(der []byte, from, to *holder) []byte {
	a := ber.Seq(ber.Raw(from.cert.RawIssuer), ber.Big(from.cert.SerialNumber)).Bytes()
	b := ber.Seq(ber.Raw(to.cert.RawIssuer), ber.Big(to.cert.SerialNumber)).Bytes()
	if !bytes.Contains(der, a) {
		panic("it is not named")
	}
	return bytes.ReplaceAll(der, a, b)
}

func forgeries() []forgery {
	o := staff()
	body := entity()
	changed := strings.Replace(body, "R-1", "R-2", 1)
	opaque := opaqueEntity(body, o.alfa)
	detachedBy := func(h *holder) []byte { return cmsSigned(body, cms.SignOptions{Detached: true}, h) }
	good := gcm(opaque)
	sealed := enveloped(opaque, cms.AES256GCM, o.self)
	cbcSealed := enveloped(opaque, cms.AES256CBC, o.self)
	valid := func(by ...*holder) string { return gcm(opaqueEntity(body, by...)) }
	var out []forgery
	add := func(name, attack string, want wanted) { out = append(out, forgery{name, good, attack, want}) }
	// Signature wrapping.
	mixed := func(parts ...string) string {
		return "Content-Type: multipart/mixed; boundary=w\r\n\r\n--w\r\n" + strings.Join(parts, "\r\n--w\r\n") + "\r\n--w--\r\n"
	}
	evil := "Content-Type: application/json\r\n\r\n" + strings.Replace(report, "R-1", "R-9", 1)
	split := splitSigned(body, o.alfa)
	add("signed part first, another report after it", gcm(mixed(split, evil)), partialFact)
	add("signed part last", gcm(mixed(evil, split)), partialFact)
	add("opaque signed part beside another report", gcm(mixed(opaque, evil)), partialFact)
	add("signed part in message/rfc822", gcm("Content-Type: message/rfc822\r\n\r\n"+split), wanted{true, true, exchange.SignatureNone, exchange.CoversNone, "", true})
	add("a third part in multipart/signed", gcm(strings.Replace(split, "--cs--", "--cs\r\n"+evil+"\r\n--cs--", 1)), partialFact)
	add("signature over another entity", gcm(clearEntity(changed, detachedBy(o.alfa))), withState(exchange.SignatureIsInvalid, "soc-alfa"))
	add("signature removed", gcm(body), unsignedFact)
	add("signed outside alone", splitSigned(gcm(body), o.alfa), wanted{true, true, exchange.SignatureValid, exchange.CoversPart, "soc-alfa", true})
	// Attachments.
	out = append(out, forgery{"a captured envelope beside text", fileAttached("report.json.p7m", sealed),
		fileAttached("report.json.p7m", enveloped(body, cms.AES256GCM, o.self)), noPayload})
	add("two envelopes by two signers", attachment("a.p7m", sealed, "Content-Type: application/pkcs7-mime; name=b.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n"+
		base64Lines(enveloped(opaqueEntity(body, o.beta), cms.AES256GCM, o.self))), wanted{true, true, exchange.SignatureIsPartial, exchange.CoversPart, "soc-beta", false})
	// CBC gadgets, GCM damage.
	add("CBC, unsigned", cbc(body), noPayload)
	add("CBC, a block changed", pkcs7("enveloped-data", damaged(cbcSealed, 60)), wanted{true, true, exchange.SignatureIsInvalid, exchange.CoversAll, "", false})
	add("CBC, signature over a part", cbc(mixed(split, evil)), wanted{true, true, exchange.SignatureIsPartial, exchange.CoversPart, "soc-alfa", false})
	add("CBC, signature wrong", cbc(clearEntity(changed, detachedBy(o.alfa))), wanted{true, true, exchange.SignatureIsInvalid, exchange.CoversAll, "soc-alfa", false})
	add("CBC, signed outside", splitSigned(cbc(body), o.alfa), wanted{true, true, exchange.SignatureValid, exchange.CoversPart, "soc-alfa", false})
	add("CBC in an attachment, unsigned", fileAttached("r.json.p7m", enveloped(report, cms.AES256CBC, o.self)), noPayload)
	add("GCM, one bit of the ciphertext", pkcs7("authEnveloped-data", damaged(sealed, 60)), undecrypted)
	add("GCM, one bit of the tag", pkcs7("authEnveloped-data", damaged(sealed, 1)), undecrypted)
	add("GCM, cut off", pkcs7("authEnveloped-data", sealed[:len(sealed)-40]), undecrypted)
	add("GCM relabelled as EnvelopedData", pkcs7("enveloped-data", relabelled(sealed)), undecrypted)
	add("octets behind the envelope", pkcs7("authEnveloped-data", append(bytes.Clone(sealed), 5, 0)), undecrypted)
	add("encrypted to somebody else", pkcs7("authEnveloped-data", enveloped(opaque, cms.AES256GCM, o.beta)), undecrypted)
	add("no recipient info for us, cut PEM", "Content-Type: application/pkcs7-mime\r\n\r\n-----BEGIN PKCS7-----\r\nMIIB\r\n", undecrypted)
	// Certificates and names.
	add("a stranger of the same authority", valid(o.stranger), strangerFact)
	add("a certificate of another authority of the same name", valid(o.rogue), withState(exchange.SignatureUntrusted, ""))
	add("issuer and serial number of a participant, another key", valid(o.lookalike), withState(exchange.SignatureIsInvalid, "soc-alfa"))
	add("our own certificate", valid(o.self), withState(exchange.SignatureValid, exchange.SelfSigner))
	add("another participant", valid(o.beta), withState(exchange.SignatureValid, "soc-beta"))
	add("expired", valid(o.expired), withState(exchange.SignatureExpired, "soc-gamma"))
	add("RSA of 1024 bits", valid(o.short), withState(exchange.SignatureWeak, "soc-short"))
	add("SHA-1", gcm(pkcs7("signed-data", signedWith(body, o.alfa, gocrypto.SHA1, "1.3.14.3.2.26"))), withState(exchange.SignatureWeak, "soc-alfa"))
	add("MD5", gcm(pkcs7("signed-data", signedWith(body, o.alfa, gocrypto.MD5, "1.2.840.113549.2.5"))), withState(exchange.SignatureWeak, "soc-alfa"))
	add("another's certificate substituted in the name", gcm(pkcs7("signed-data", swapIssuerSerial(cmsSigned(body, cms.SignOptions{OmitCertificates: true}, o.stranger), o.stranger, o.beta))),
		withState(exchange.SignatureIsInvalid, "soc-beta"))
	add("no certificate, an unknown signer", gcm(pkcs7("signed-data", cmsSigned(body, cms.SignOptions{OmitCertificates: true}, o.stranger))), strangerFact)
	// Structure of the signature.
	add("detached, but the content is inside, too", gcm(clearEntity(body, cmsSigned(body, cms.SignOptions{}, o.alfa))), withState(exchange.SignatureIsInvalid, ""))
	add("opaque without content", gcm(pkcs7("signed-data", detachedBy(o.alfa))), withState(exchange.SignatureIsInvalid, ""))
	add("one bit of the signature", gcm(pkcs7("signed-data", damaged(cmsSigned(body, cms.SignOptions{}, o.alfa), 20))), withState(exchange.SignatureIsInvalid, "soc-alfa"))
	add("octets behind the signed-data", gcm(pkcs7("signed-data", append(cmsSigned(body, cms.SignOptions{}, o.alfa), 5, 0))), withState(exchange.SignatureIsInvalid, ""))
	add("signed-data labelled as encrypted, in clear", strings.Replace(opaque, "signed-data", "enveloped-data", 1), wanted{false, true, exchange.SignatureValid, exchange.CoversAll, "soc-alfa", false})
	add("only signed", split, wanted{false, true, exchange.SignatureValid, exchange.CoversAll, "soc-alfa", false})
	add("a bundle of certificates", gcm(pkcs7("certs-only", []byte("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x00\x00\x00\x00"))), withState(exchange.SignatureIsInvalid, ""))
	add("encrypted twice", gcm(good), wanted{true, true, exchange.SignatureNone, exchange.CoversNone, "", true})
	return out
}

func relabelled(sealed []byte) []byte {
	return bytes.Replace(sealed, []byte("\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17"), []byte("\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x16"), 1)
}

func TestSMIMEForgeries(t *testing.T) {
	for _, f := range forgeries() {
		t.Run(f.name, func(t *testing.T) {
			checkFacts(t, openWith(t, mail(f.control), officeRing()), goodFacts)
			checkFacts(t, openWith(t, mail(f.attack), officeRing()), f.want)
		})
	}
}

// TestTwoSigners: a second signature beside a participant's changes nothing,
// and is told.
func TestTwoSigners(t *testing.T) {
	o := staff()
	for _, second := range []*holder{o.stranger, o.rogue, o.expired} {
		for _, by := range [][]*holder{{o.alfa, second}, {second, o.alfa}} {
			opened := openWith(t, mail(gcm(opaqueEntity(entity(), by...))), officeRing())
			checkFacts(t, opened, goodFacts)
			if !strings.Contains(strings.Join(opened.Security.Findings, "\n"), "other-signature: ") {
				t.Errorf("findings %q", opened.Security.Findings)
			}
		}
	}
}

// TestSigningTime is handed on as the signer claims it; exchange.Trust bounds it.
func TestSigningTime(t *testing.T) {
	o := staff()
	for _, at := range []time.Time{now.AddDate(0, 1, 0), now.AddDate(0, 0, -30), now.Add(-time.Minute)} {
		signed := pkcs7("signed-data", cmsSigned(entity(), cms.SignOptions{Time: at}, o.alfa))
		if s := openWith(t, mail(gcm(signed)), officeRing()).Security; !s.SignedAt.Equal(at) || s.Signature != exchange.SignatureValid {
			t.Errorf("%s: %+v", at, s)
		}
	}
	none := pkcs7("signed-data", cmsSigned(entity(), cms.SignOptions{OmitAttributes: true}, o.alfa))
	if s := openWith(t, mail(gcm(none)), officeRing()).Security; !s.SignedAt.IsZero() {
		t.Errorf("%+v", s)
	}
	early := cmsSigned(entity(), cms.SignOptions{Time: now.AddDate(-2, 0, 0)}, o.alfa)
	if s := openWith(t, mail(gcm(pkcs7("signed-data", early))), officeRing()).Security; s.Signature != exchange.SignatureExpired {
		t.Errorf("before its certificate: %+v", s)
	}
}

func crlOf(by *holder, age time.Duration, revoked ...*holder) crypto.TrustFile {
	l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-age), NextUpdate: now.Add(-age).Add(24 * time.Hour)}
	for _, h := range revoked {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: h.cert.SerialNumber, RevocationTime: now.Add(-time.Hour), ReasonCode: 1})
	}
	der, err := x509.CreateRevocationList(rand.Reader, l, by.cert, by.key)
	must(err)
	return crypto.TrustFile{File: "crl", Data: der}
}

// TestSMIMETrust: what the snapshot of trust makes of one and the same mail.
func TestSMIMETrust(t *testing.T) {
	o := staff()
	short := hex.EncodeToString(o.alfa.cert.SerialNumber.Bytes())
	root := o.keySet().Trust.Anchors
	for name, tc := range map[string]struct {
		trust   crypto.TrustSet
		revoked string
		want    exchange.SignatureState
		finding string
	}{
		"pinned, no anchors":                      {crypto.TrustSet{}, "", exchange.SignatureValid, "certificate-pinned"},
		"chain holds, nothing known":              {crypto.TrustSet{Anchors: root}, "", exchange.SignatureValid, "revocation-unknown"},
		"chain holds, known good":                 {crypto.TrustSet{Anchors: root, CRLs: []crypto.TrustFile{crlOf(o.root, time.Hour)}, Revocation: "require"}, "", exchange.SignatureValid, "domestic: no"},
		"another anchor":                          {crypto.TrustSet{Anchors: []crypto.TrustFile{{Data: o.rogueRoot.pem()}}}, "", exchange.SignatureUntrusted, ""},
		"revoked by CRL":                          {crypto.TrustSet{Anchors: root, CRLs: []crypto.TrustFile{crlOf(o.root, time.Hour, o.alfa)}}, "", exchange.SignatureRevoked, ""},
		"revoked by CRL, off":                     {crypto.TrustSet{Anchors: root, Revocation: "off", CRLs: []crypto.TrustFile{crlOf(o.root, time.Hour, o.alfa)}}, "", exchange.SignatureValid, ""},
		"CRL of an impostor":                      {crypto.TrustSet{Anchors: root, CRLs: []crypto.TrustFile{crlOf(o.rogueRoot, time.Hour, o.alfa)}}, "", exchange.SignatureValid, "revocation-unknown"},
		"expired CRL is a negative result":        {crypto.TrustSet{Anchors: root, CRLs: []crypto.TrustFile{crlOf(o.root, 48*time.Hour)}}, "", exchange.SignatureUntrusted, ""},
		"pinned, revoked by a CRL of its issuer":  {crypto.TrustSet{Intermediates: root, CRLs: []crypto.TrustFile{crlOf(o.root, time.Hour, o.alfa)}}, "", exchange.SignatureRevoked, ""},
		"revoked list, SHA-256":                   {crypto.TrustSet{Anchors: root}, smime.Fingerprint(o.alfa.cert), exchange.SignatureRevoked, ""},
		"revoked list, serial number":             {crypto.TrustSet{Anchors: root}, "SERIAL:" + short, exchange.SignatureRevoked, ""},
		"revoked list, another's":                 {crypto.TrustSet{Anchors: root}, smime.Fingerprint(o.beta.cert), exchange.SignatureValid, ""},
		"domestic by anchor":                      {crypto.TrustSet{Anchors: root, Domestic: root}, "", exchange.SignatureValid, "domestic: yes"},
		"domestic anchor is not a trusted anchor": {crypto.TrustSet{Anchors: []crypto.TrustFile{{Data: o.rogueRoot.pem()}}, Domestic: root}, "", exchange.SignatureUntrusted, "domestic: yes"},
		"a policy nobody bears":                   {crypto.TrustSet{Anchors: root, DomesticPolicies: []string{"1.2.398.3.3.2"}}, "", exchange.SignatureValid, "domestic: no"},
	} {
		t.Run(name, func(t *testing.T) {
			set := o.keySet()
			set.Trust = tc.trust
			set.Revoked = map[string][]string{"soc-alfa": {tc.revoked}}
			s := openWith(t, mail(gcm(opaqueEntity(entity(), o.alfa))), certRing(set)).Security
			if s.Signature != tc.want || s.Owner != "soc-alfa" || !strings.Contains(strings.Join(s.Findings, "\n"), tc.finding) {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestRevocationRequired: nothing known is transient, until it is known.
func TestRevocationRequired(t *testing.T) {
	o := staff()
	set := o.keySet()
	set.Trust.Revocation = "require"
	k := certRing(set)
	message := mail(gcm(opaqueEntity(entity(), o.alfa)))
	opened, err := crypto.Open(message, k, crypto.Limits{}, now)
	if !errors.Is(err, crypto.ErrRevocation) || len(opened.Needs) != 1 || !opened.Needs[0].Certificate.Equal(o.alfa.cert) {
		t.Fatalf("%v %+v", err, opened.Needs)
	}
	answer, err := crypto.ListAt("").Read(crlOf(o.root, time.Hour).Data, now, true)
	if err != nil {
		t.Fatal(err)
	}
	checkFacts(t, openWith(t, message, k.WithAnswers([]crypto.Answer{answer}, now)), goodFacts)
	if s := openWith(t, mail(gcm(opaqueEntity(entity(), o.stranger))), k).Security; s.Signature != exchange.SignatureUnknownSigner {
		t.Errorf("a stranger must not make us wait: %+v", s)
	}
}

// TestRenewedCertificate: a new certificate for a pinned key is its owner's.
func TestRenewedCertificate(t *testing.T) {
	o := staff()
	renewed := certify(o.root, "Alfa", o.alfa.key, nil)
	checkFacts(t, openWith(t, mail(gcm(opaqueEntity(entity(), renewed))), officeRing()), goodFacts)
	set := o.keySet()
	set.Revoked = map[string][]string{"soc-alfa": {smime.Fingerprint(o.alfa.cert)}}
	checkFacts(t, openWith(t, mail(gcm(opaqueEntity(entity(), renewed))), certRing(set)), withState(exchange.SignatureRevoked, "soc-alfa"))
}

// TestOneOwner: a certificate, its key, or its number under two owners is an error.
func TestOneOwner(t *testing.T) {
	o := staff()
	renewed := certify(o.root, "Alfa", o.alfa.key, nil)
	for name, data := range map[string][]byte{"the same": o.alfa.pem(), "the same key": renewed.pem(), "ours": o.self.pem()} {
		set := o.keySet()
		set.SMIME = append(set.SMIME, crypto.KeyFile{Owner: "soc-other", File: "other.pem", Data: data})
		if _, err := crypto.NewKeyring(set); err == nil || !strings.Contains(err.Error(), "other.pem") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
