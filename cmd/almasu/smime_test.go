package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/gateway"
)

// paper is a certificate with its key and the root above it, as PEM.
type paper struct{ cert, private, root []byte }

func newPapers(t *testing.T, at time.Time, names ...string) map[string]paper {
	t.Helper()
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	issue := func(c, by *x509.Certificate, public, signer any) []byte {
		der, err := x509.CreateCertificate(rand.Reader, c, by, public, signer)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	rootKey := key()
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	rootPEM := issue(root, root, rootKey.Public(), rootKey)
	out := map[string]paper{}
	for i, name := range names {
		k := key()
		c := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 2)), Subject: pkix.Name{CommonName: name}, NotBefore: root.NotBefore, NotAfter: root.NotAfter,
			KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement}
		der, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		p := paper{cert: issue(c, root, k.Public(), rootKey), root: rootPEM}
		p.private = append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), p.cert...)
		out[name] = p
	}
	return out
}

func TestCertificatesFromConfigurationToExplanation(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s := newSite(t, "nccis", "nccis", nil, now)
	papers := newPapers(t, now, "nccis", "soc-alfa")
	put(t, s.path("keys", "nccis.pem"), string(papers["nccis"].private))
	put(t, s.path("root.pem"), string(papers["nccis"].root))
	put(t, s.path("participants", "alfa.pem"), string(papers["soc-alfa"].cert))
	put(t, s.path("participants", "alfa.yaml"), "id: soc-alfa\nkind: soc\naddresses: [exchange@soc-alfa.example]\nsmime: [alfa.pem]\nsmime_cipher: aes256-cbc\nunbound: accept\n")
	s.edit(t, "keys:\n", "keys:\n  smime: [{file: keys/nccis.pem}]\n")
	s.edit(t, `platform_reference: ""`, "platform_reference: letter 7")
	s.add(t, "\ntrust: {anchors: [root.pem], domestic: [root.pem]}\n")

	list := s.must(t, newKeysCommand, "list")
	if !strings.Contains(list, "CN=nccis; S/MIME, domestic: yes") || strings.Contains(strings.ToLower(list), "complies") {
		t.Errorf("keys list:\n%s", list)
	}
	theirs := s.must(t, newParticipantsCommand, "keys", "soc-alfa")
	if !strings.Contains(theirs, "p256") || !strings.Contains(theirs, "domestic: yes") {
		t.Errorf("participants keys:\n%s", theirs)
	}
	s.g.JSON = true
	var keys []keyView
	if err := json.Unmarshal([]byte(s.must(t, newKeysCommand, "list")), &keys); err != nil || len(keys) != 2 || keys[1].Type != "smime" || keys[1].Issuer != "CN=Root+2" {
		t.Fatalf("%v %+v", err, keys)
	}
	s.g.JSON = false
	if out := s.must(t, newKeysCommand, "export", keys[1].Fingerprint); out != string(papers["nccis"].cert) {
		t.Errorf("export:\n%s", out)
	}
	lines, _ := s.checks(t)
	if find(lines, levelOK, "counts as domestic") == nil || find(lines, levelOK, "participant soc-alfa") == nil {
		t.Errorf("check: %+v", lines)
	}

	k, err := crypto.NewKeyring(crypto.KeySet{SMIME: []crypto.KeyFile{{Owner: exchange.SelfSigner, Data: papers["soc-alfa"].private}, {Owner: "nccis", Data: papers["nccis"].cert}}})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := crypto.Seal([]byte("Content-Type: text/plain\r\nFrom: exchange@soc-alfa.example\r\n\r\nno report\r\n"), "nccis", k, now)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s.path("x.eml"), "From: exchange@soc-alfa.example\r\n"+string(sealed.Header)+"\r\n"+string(sealed.Body))
	s.g.JSON = false
	out := s.must(t, newExplainCommand, s.path("x.eml"))
	for _, want := range []string{"smime aes256-gcm", "CN=Root+3", "(soc-alfa)", "no-report", "domestic certificate: yes; the platform is not covered by this channel; platform_reference: letter 7", "true, valid, covers all"} {
		if !strings.Contains(out, want) {
			t.Errorf("explain lacks %q:\n%s", want, out)
		}
	}
	s.g.JSON = true
	var e gateway.Explanation
	if err := json.Unmarshal([]byte(s.must(t, newExplainCommand, s.path("x.eml"))), &e); err != nil || e.Clause16 == nil ||
		*e.Clause16 != (gateway.ExplainedClause16{Domestic: true, PlatformReference: "letter 7"}) {
		t.Errorf("%v %+v", err, e.Clause16)
	}
}
