package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
)

// TestCheckAsksForRevocation: each place is asked and named with its remedy;
// explain asks nobody and says what would be needed.
func TestCheckAsksForRevocation(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	var list []byte
	visits := 0
	authority := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if visits++; list == nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(list)
	}))
	t.Cleanup(authority.Close)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte("root")}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey)
	must(err)
	root, err = x509.ParseCertificate(rootDER)
	must(err)
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	s := newSite(t, "nccis", "nccis", nil, now)
	put(t, s.path("root.pem"), text("CERTIFICATE", rootDER))
	files := map[string]string{}
	for i, name := range []string{"nccis", "soc-alfa"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(err)
		der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(int64(0xabc0 + i)), Subject: pkix.Name{CommonName: name},
			NotBefore: root.NotBefore, NotAfter: root.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement,
			CRLDistributionPoints: []string{authority.URL + "/list.crl"}}, root, key.Public(), rootKey)
		must(err)
		private, err := x509.MarshalPKCS8PrivateKey(key)
		must(err)
		files[name] = text("CERTIFICATE", der)
		files[name+".key"] = text("PRIVATE KEY", private)
	}
	put(t, s.path("keys", "nccis.pem"), files["nccis.key"]+files["nccis"])
	put(t, s.path("participants", "alfa.pem"), files["soc-alfa"])
	put(t, s.path("participants", "alfa.yaml"), "id: soc-alfa\nkind: soc\naddresses: [exchange@soc-alfa.example]\nsmime: [alfa.pem]\n")
	s.edit(t, "keys:\n", "keys:\n  smime: [{file: keys/nccis.pem}]\n")
	s.add(t, "\ntrust: {anchors: [root.pem], revocation: require}\n")

	lines, good := s.checks(t)
	if l := find(lines, levelWarn, "127.0.0.1"); good || l == nil || !strings.Contains(l.Remedy, "trust.fetch.networks") || visits != 0 {
		t.Errorf("a network nobody opened: %+v, %d visits", lines, visits)
	}
	s.edit(t, "revocation: require", "revocation: require, fetch: {networks: [127.0.0.0/8]}")
	lines, good = s.checks(t)
	if l := find(lines, levelWarn, "404"); good || l == nil || !strings.Contains(l.Remedy, "trust.crls") || find(lines, levelFail, "soc-alfa") == nil {
		t.Errorf("a list that is not there: %+v", lines)
	}
	revoke := func(serials ...int64) {
		l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour)}
		for _, n := range serials {
			l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(n), RevocationTime: now.Add(-time.Minute)})
		}
		list, err = x509.CreateRevocationList(rand.Reader, l, root, rootKey)
		must(err)
	}
	revoke()
	lines, _ = s.checks(t)
	if l := find(lines, levelOK, "participant soc-alfa"); l == nil {
		t.Errorf("a participant whose certificate was just found good: %+v", lines)
	}
	if find(lines, levelOK, "/list.crl answered") == nil || find(lines, levelOK, "soc-alfa: certificate") == nil {
		t.Errorf("good: %+v", lines)
	}
	revoke(0xabc0, 0xabc1)
	lines, _ = s.checks(t)
	if find(lines, levelFail, "our certificate") == nil || find(lines, levelWarn, "letters to it are held") == nil {
		t.Errorf("revoked: %+v", lines)
	}

	k, err := crypto.NewKeyring(crypto.KeySet{SMIME: []crypto.KeyFile{{Owner: exchange.SelfSigner, Data: []byte(files["soc-alfa.key"] + files["soc-alfa"])},
		{Owner: "nccis", Data: []byte(files["nccis"])}}})
	must(err)
	sealed, err := crypto.Seal([]byte("Content-Type: text/plain\r\nFrom: exchange@soc-alfa.example\r\n\r\nno report\r\n"), "nccis", k, now)
	must(err)
	put(t, s.path("x.eml"), "From: exchange@soc-alfa.example\r\n"+string(sealed.Header)+"\r\n"+string(sealed.Body))
	before := visits
	if err := s.do(newExplainCommand, s.path("x.eml")); err == nil || !strings.Contains(s.err.String(), "CRL "+authority.URL+"/list.crl") {
		t.Errorf("explain: %v %s", err, s.err.String())
	}
	s.edit(t, "revocation: require", "revocation: prefer")
	if out := s.must(t, newExplainCommand, s.path("x.eml")); !strings.Contains(out, "revocation-unknown") || !strings.Contains(out, "revocation-needed: CRL") {
		t.Errorf("explain:\n%s", out)
	}
	if visits != before {
		t.Error("explain asked the authority")
	}
}
