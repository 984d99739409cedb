package crypto_test

import (
	"crypto/x509"
	"encoding/asn1"
	"testing"

	"almasu/crypto"
	"almasu/exchange"
)

// TestPurposes: what the usages in a participant's certificate permit.
func TestPurposes(t *testing.T) {
	o := staff()
	role := asn1.ObjectIdentifier{1, 2, 398, 3, 3, 4, 1, 2, 6} // an information system of a legal entity
	for name, tc := range map[string]struct {
		change        func(*x509.Certificate)
		signs, sealed bool
	}{
		"mail":                       {nil, true, true},
		"no extended usage":          {func(c *x509.Certificate) { c.ExtKeyUsage = nil }, true, true},
		"role of the national CA":    {func(c *x509.Certificate) { c.ExtKeyUsage, c.UnknownExtKeyUsage = nil, []asn1.ObjectIdentifier{role} }, true, true},
		"a server":                   {func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, false, false},
		"signing only":               {func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }, true, false},
		"non-repudiation only":       {func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment }, true, false},
		"encryption only":            {func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }, false, true},
		"no key usage at all":        {func(c *x509.Certificate) { c.KeyUsage = 0 }, true, true},
		"not valid yet":              {func(c *x509.Certificate) { c.NotBefore = now.AddDate(0, 0, 1) }, false, false},
		"an authority, by the names": {func(c *x509.Certificate) { c.IsCA = true }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := certify(o.root, "Delta", curveKey(), tc.change)
			set := o.keySet()
			set.SMIME = append(set.SMIME, crypto.KeyFile{Owner: "soc-delta", File: "delta.pem", Data: h.pem()})
			for _, anchors := range [][]crypto.TrustFile{set.Trust.Anchors, nil} {
				set.Trust.Anchors = anchors
				k := certRing(set)
				s := openWith(t, mail(gcm(opaqueEntity(entity(), h))), k).Security
				if s.Owner != "soc-delta" || (s.Signature == exchange.SignatureValid) != tc.signs {
					t.Errorf("%d anchors: %+v", len(anchors), s)
				}
				if err := k.CanSeal("soc-delta", now); (err == nil) != tc.sealed {
					t.Errorf("%d anchors: CanSeal %v", len(anchors), err)
				}
			}
		})
	}
}

// TestBundles: an authority in a participant's file is a way to the anchor and
// nobody's certificate, so two participants may have the same.
func TestBundles(t *testing.T) {
	o := staff()
	sub := certify(o.root, "Sub", curveKey(), func(c *x509.Certificate) {
		c.IsCA, c.KeyUsage, c.ExtKeyUsage, c.EmailAddresses = true, x509.KeyUsageCertSign, nil, nil
	})
	one, two := certify(sub, "One", curveKey(), nil), certify(sub, "Two", curveKey(), nil)
	set := o.keySet()
	for id, h := range map[string]*holder{"soc-one": one, "soc-two": two} {
		set.SMIME = append(set.SMIME, crypto.KeyFile{Owner: id, File: id, Data: append(h.pem(), sub.pem()...)})
	}
	k := certRing(set)
	for id, h := range map[string]*holder{"soc-one": one, "soc-two": two} {
		checkFacts(t, openWith(t, mail(gcm(opaqueEntity(entity(), h))), k), withState(exchange.SignatureValid, id))
	}
	if s := openWith(t, mail(gcm(opaqueEntity(entity(), sub))), k).Security; s.Owner != "" || s.Signature == exchange.SignatureValid {
		t.Errorf("the authority itself: %+v", s)
	}
	self := certify(nil, "Alone", curveKey(), func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign })
	alone := certRing(crypto.KeySet{SMIME: []crypto.KeyFile{set.SMIME[0], {Owner: "soc-self", File: "self-signed.pem", Data: self.pem()}}})
	checkFacts(t, openWith(t, mail(gcm(opaqueEntity(entity(), self))), alone), withState(exchange.SignatureValid, "soc-self"))
}
