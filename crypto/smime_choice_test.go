package crypto_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/crypto/smime"
	"almasu/exchange"
)

// TestWhichWayToSeal: OpenPGP where both sides have it, unless the participant
// says otherwise; what cannot seal gives way to what can.
func TestWhichWayToSeal(t *testing.T) {
	o, c := staff(), people()
	pgpSelf := crypto.KeyFile{Owner: exchange.SelfSigner, File: "self.asc", Data: c.selfFile.private}
	pgpAlfa := crypto.KeyFile{Owner: "soc-alfa", File: "alfa.asc", Data: c.alfaFile.public}
	own := crypto.KeyFile{Owner: exchange.SelfSigner, File: "self.pem", Data: o.self.private()}
	alfa := crypto.KeyFile{Owner: "soc-alfa", File: "alfa.pem", Data: o.alfa.pem()}
	gone := crypto.KeyFile{Owner: "soc-alfa", File: "gone.pem", Data: o.expired.pem()}
	files := func(f ...crypto.KeyFile) []crypto.KeyFile { return f }
	for _, tc := range []struct {
		name     string
		pgp, x   []crypto.KeyFile
		prefer   bool
		want     string // content type
		seals    bool
		sealsTo  string
		mentions string
	}{
		{"both", files(pgpSelf, pgpAlfa), files(own, alfa), false, "multipart/encrypted", true, "", ""},
		{"both, S/MIME preferred", files(pgpSelf, pgpAlfa), files(own, alfa), true, "application/pkcs7-mime", true, smime.Fingerprint(o.alfa.cert), ""},
		{"both, its certificate expired", files(pgpSelf, pgpAlfa), files(own, gone), true, "multipart/encrypted", true, "", ""},
		{"certificate alone", files(pgpSelf), files(own, alfa), false, "application/pkcs7-mime", true, smime.Fingerprint(o.alfa.cert), ""},
		{"we have a certificate alone", files(pgpAlfa), files(own, alfa), false, "application/pkcs7-mime", true, smime.Fingerprint(o.alfa.cert), ""},
		{"no certificate of ours", files(pgpSelf), files(alfa), false, "", false, "", "keys.smime"},
		{"its certificate alone, expired", files(pgpSelf), files(own, gone), false, "", false, "", "validity"},
		{"OpenPGP alone", files(pgpSelf, pgpAlfa), nil, true, "multipart/encrypted", true, "", ""},
		{"nothing of it", files(pgpSelf), files(own), false, "", false, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			k := certRing(crypto.KeySet{OpenPGP: tc.pgp, SMIME: tc.x, Profiles: map[string]crypto.Profile{"soc-alfa": {PreferSMIME: tc.prefer}}})
			err := k.CanSeal("soc-alfa", now)
			if (err == nil) != tc.seals || err != nil && !strings.Contains(err.Error(), tc.mentions) {
				t.Errorf("CanSeal: %v", err)
			}
			if got := k.SealsTo("soc-alfa", now); tc.sealsTo != "" && got != tc.sealsTo || !tc.seals && got != "" {
				t.Errorf("seals to %q", got)
			}
			sealed, err := crypto.Seal([]byte(entity()), "soc-alfa", k, now)
			if (err == nil) != tc.seals || !bytes.Contains(sealed.Header, []byte(tc.want)) {
				t.Errorf("Seal: %v %s", err, sealed.Header)
			}
		})
	}
}

// TestSealToACertificate seals to the one that is named, the older one here.
func TestSealToACertificate(t *testing.T) {
	o := staff()
	set := o.keySet()
	newer := certify(o.root, "Alfa", curveKey(), nil)
	set.SMIME = append(set.SMIME, crypto.KeyFile{Owner: "soc-alfa", File: "newer.pem", Data: newer.pem()})
	k := certRing(set)
	sealed, err := crypto.SealTo([]byte(entity()), "soc-alfa", smime.Fingerprint(o.alfa.cert), k, now)
	if err != nil {
		t.Fatal(err)
	}
	message := append(append(append([]byte("From: a@b.example\r\n"), sealed.Header...), "\r\n"...), sealed.Body...)
	for h, opens := range map[*holder]bool{o.alfa: true, newer: false} {
		theirs := certRing(crypto.KeySet{SMIME: []crypto.KeyFile{{Owner: exchange.SelfSigner, Data: h.private()}, {Owner: "nccis", Data: o.self.pem()}}})
		if s := openWith(t, message, theirs).Security; (s.DecryptError == "") != opens {
			t.Errorf("%+v", s)
		}
	}
}

// TestRollover: a participant signs with the old and the new certificate, and
// we open what is sealed to either of ours.
func TestRolloverOfCertificates(t *testing.T) {
	o := staff()
	set := o.keySet()
	newer := certify(o.root, "Alfa", curveKey(), nil)
	own := certify(o.root, "NCCIS", curveKey(), nil)
	set.SMIME = append(set.SMIME, crypto.KeyFile{Owner: "soc-alfa", File: "newer.pem", Data: newer.pem()},
		crypto.KeyFile{Owner: exchange.SelfSigner, File: "own.pem", Data: own.private()})
	k := certRing(set)
	for _, by := range []*holder{o.alfa, newer} {
		for _, to := range []*holder{o.self, own} {
			checkFacts(t, openWith(t, mail(pkcs7("authEnveloped-data", enveloped(opaqueEntity(entity(), by), "", to))), k), goodFacts)
		}
	}
}

// TestCertificatesAreListed with what people need to compare.
func TestCertificatesAreListed(t *testing.T) {
	o := staff()
	set := o.keySet()
	set.Trust.Domestic = set.Trust.Anchors
	set.Revoked = map[string][]string{"soc-beta": {smime.Fingerprint(o.beta.cert)}}
	var seen int
	for _, i := range certRing(set).Keys() {
		if !i.SMIME || !i.Domestic || i.Issuer == "" || i.Expires.IsZero() {
			t.Errorf("%+v", i)
		}
		switch i.Owner {
		case exchange.SelfSigner:
			seen++
			if !i.Private || i.Algorithm != "rsa2048" || i.Fingerprint != smime.Fingerprint(o.self.cert) {
				t.Errorf("%+v", i)
			}
		case "soc-beta":
			seen++
			if !i.Revoked || i.Private || i.Algorithm != "p256" {
				t.Errorf("%+v", i)
			}
		}
	}
	if seen != 2 {
		t.Errorf("%d", seen)
	}
}

// TestSignEntityByCertificate where there is no OpenPGP key of ours.
func TestSignEntityByCertificate(t *testing.T) {
	o := staff()
	k := certRing(crypto.KeySet{SMIME: []crypto.KeyFile{{Owner: exchange.SelfSigner, Data: o.alfa.private()}}})
	signed, err := crypto.SignEntity([]byte(entity()), k, now)
	if err != nil {
		t.Fatal(err)
	}
	s := openWith(t, mail(string(signed)), officeRing()).Security
	if s.Signature != exchange.SignatureValid || s.Owner != "soc-alfa" || !s.SignedAt.Equal(now) {
		t.Errorf("%+v", s)
	}
	if err := k.CanSign(now.AddDate(2, 0, 0)); err == nil {
		t.Error("an expired certificate signs")
	}
	if _, err := crypto.SignEntity([]byte(entity()), k, now.Add(3*365*24*time.Hour)); err == nil {
		t.Error("an expired certificate signed")
	}
}
