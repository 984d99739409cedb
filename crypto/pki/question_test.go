package pki

import (
	"bytes"
	gocrypto "crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"os"
	"slices"
	"testing"
	"time"

	"almasu/crypto/cms/ber"
)

// der is a list as it is fetched.
func (a *authority) list(change func(*x509.RevocationList), revoked ...x509.RevocationListEntry) []byte {
	l := &x509.RevocationList{Number: big.NewInt(7), ThisUpdate: noon.Add(-time.Hour), NextUpdate: noon.Add(time.Hour), RevokedCertificateEntries: revoked}
	if change != nil {
		change(l)
	}
	out, err := x509.CreateRevocationList(rand.Reader, l, a.cert, a.key)
	must(err)
	return out
}

// deltaOf makes a list one of what changed since a number.
func deltaOf(base, number int64, until time.Duration) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) {
		l.Number, l.ThisUpdate, l.NextUpdate = big.NewInt(number), noon.Add(-time.Minute), noon.Add(until)
		l.ExtraExtensions = append(l.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: ber.Int(int(base)).Bytes()})
	}
}

func freshestCRL(url string) pkix.Extension {
	point := ber.Seq(ber.Explicit(0, ber.Explicit(0, ber.Implicit(6, []byte(url)))))
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 46}, Value: ber.Seq(point).Bytes()}
}

// TestQuestions: what a certificate under an anchor makes us ask, and in which order.
func TestQuestions(t *testing.T) {
	w := newWorld(func(_, leaf *x509.Certificate) {
		leaf.CRLDistributionPoints = []string{"http://crl.example/a.crl\r\n URL=http://crl1.example/a.crl", "ldap://crl.example/"}
		leaf.ExtraExtensions = []pkix.Extension{freshestCRL("http://crl.example/delta.crl")}
	})
	q := w.query()
	q.Revocation = Require
	chain, err := Validate(w.leaf.cert, q)
	if !errors.Is(err, ErrRevocationUnknown) || len(chain.Needs) != 2 {
		t.Fatalf("%v, %d needs", err, len(chain.Needs))
	}
	var got []string
	keys := map[string]bool{}
	for _, q := range chain.Needs[0].Questions() {
		got = append(got, q.URL)
		if keys[q.Key] || (q.Body != nil) != (q.Again != nil) || q.Again != nil && (q.Again.Key != q.Key || bytes.Equal(q.Again.Body, q.Body)) {
			t.Errorf("%s: key %q", q.URL, q.Key)
		}
		keys[q.Key] = true
		if q.Changes != (q.URL == "http://crl.example/delta.crl") {
			t.Errorf("%s: changes %t", q.URL, q.Changes)
		}
	}
	want := []string{"http://ocsp.example/", "http://crl.example/a.crl", "http://crl1.example/a.crl", "http://crl.example/delta.crl"}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got, want)
		}
	}
	stranger := newWorld(nil)
	chain, err = Validate(stranger.leaf.cert, q)
	if !errors.Is(err, ErrUntrusted) || len(chain.Needs) != 1 || chain.Needs[0].Questions() != nil || chain.Needs[0].Fetchable() {
		t.Errorf("a certificate under no anchor: %v %+v", err, chain.Needs)
	}
}

// TestReadList: what is taken of what a distribution point serves.
func TestReadList(t *testing.T) {
	w := newWorld(nil)
	q := Question{URL: "http://crl.example/leaf.crl", certificate: w.leaf.cert, issuer: w.middle.cert}
	spoilt := w.middle.list(nil)
	spoilt[len(spoilt)-1] ^= 1
	for _, c := range []struct {
		name string
		body []byte
		want error
	}{
		{"good", w.middle.list(nil), nil},
		{"PEM", block("X509 CRL", w.middle.list(nil)), nil},
		{"of another authority", w.root.list(nil), ErrNotIssuer},
		{"spoilt", spoilt, nil},
		{"a page", []byte("<html>"), ErrMalformed},
		{"nothing", nil, ErrMalformed},
		{"too old", w.middle.list(func(l *x509.RevocationList) { l.NextUpdate = noon.Add(-time.Second) }), ErrStale},
		{"from the future", w.middle.list(func(l *x509.RevocationList) { l.ThisUpdate = noon.Add(6 * time.Minute) }), ErrStale},
	} {
		a, err := q.Read(c.body, noon, true)
		if c.name == "spoilt" {
			if err == nil {
				t.Error("a spoilt list was taken")
			}
			continue
		}
		if !errors.Is(err, c.want) || (a.CRL != nil) != (c.want == nil || c.want == ErrStale) {
			t.Errorf("%s: %v %v", c.name, err, a.CRL != nil)
		}
	}
}

// TestFilesOfLists: every list of a file counts, not the first alone.
func TestFilesOfLists(t *testing.T) {
	w := newWorld(nil)
	a, b := w.middle.list(nil), w.root.list(nil)
	two := append(block("X509 CRL", a), block("X509 CRL", b)...)
	among := append(block("CERTIFICATE", w.root.cert.Raw), two...)
	pkcs7 := ber.Seq(ber.ID("1.2.840.113549.1.7.2"), ber.Explicit(0, ber.Seq(ber.Int(1), ber.SetOf(), ber.Seq(ber.ID("1.2.840.113549.1.7.1")),
		ber.ImplicitSetOf(1, ber.Raw(a), ber.Raw(b)), ber.SetOf()))).Bytes()
	for name, c := range map[string]struct {
		file []byte
		want int
	}{
		"DER": {a, 1}, "PEM": {block("X509 CRL", a), 1}, "two in PEM": {two, 2}, "among certificates": {among, 2}, "PKCS#7": {pkcs7, 2},
		"PKCS#7 in PEM": {block("PKCS7", pkcs7), 2}, "a certificate alone": {block("CERTIFICATE", w.root.cert.Raw), 0}, "nothing": {nil, 0}, "text": {[]byte("x"), 0},
	} {
		lists, err := CRLs(c.file)
		if len(lists) != c.want || (err == nil) != (c.want > 0) {
			t.Errorf("%s: %d lists, %v", name, len(lists), err)
		}
	}
}

// TestReadOCSP: nonce, time and responder of what came back.
func TestReadOCSP(t *testing.T) {
	w := newWorld(nil)
	q := Need{Certificate: w.leaf.cert, Issuer: w.middle.cert, OCSP: []string{"http://ocsp.example/"}}.Questions()[0]
	base := answer{cert: w.leaf.cert, issuer: w.middle.cert, by: w.middle, status: ber.Implicit(0, nil), this: noon.Add(-time.Minute), next: noon.Add(time.Hour), hash: gocrypto.SHA256}
	for _, c := range []struct {
		name    string
		change  func(*answer)
		fetched bool
		want    error
	}{
		{"with our nonce", func(a *answer) { a.nonce = q.nonce }, true, nil},
		{"with another nonce", func(a *answer) { a.nonce = make([]byte, 16) }, true, ErrNonce},
		{"with another nonce, kept from before", func(a *answer) { a.nonce = make([]byte, 16) }, false, nil},
		{"made ahead, without a nonce", func(*answer) {}, true, nil},
		{"without nonce and end", func(a *answer) { a.next = time.Time{} }, true, ErrNonce},
		{"too old", func(a *answer) { a.nonce, a.next = q.nonce, noon.Add(-time.Second) }, true, ErrStale},
		{"about another certificate", func(a *answer) { a.nonce, a.cert = q.nonce, w.middle.cert }, true, ErrUnusable},
		{"not known to the responder", func(a *answer) { a.nonce, a.status = q.nonce, ber.Implicit(2, nil) }, true, ErrUnusable},
		{"by somebody else", func(a *answer) { a.nonce, a.by = q.nonce, w.root }, true, ErrResponder},
	} {
		a := base
		c.change(&a)
		if _, err := q.Read(a.bytes(), noon, c.fetched); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestDelta: a list of what changed counts with the list it changes, and both
// are as fresh as it is.
func TestDelta(t *testing.T) {
	w := newWorld(nil)
	old := func(l *x509.RevocationList) {
		l.ThisUpdate, l.NextUpdate = noon.Add(-3*time.Hour), noon.Add(-time.Minute)
	}
	gone := revoked(w.leaf.cert, noon.Add(-time.Minute), 1)
	lifted := revoked(w.leaf.cert, noon.Add(-time.Minute), removeFromCRL)
	held := revoked(w.leaf.cert, noon.Add(-2*time.Hour), 6)
	for _, c := range []struct {
		name string
		crls []*CRL
		want error
	}{
		{"the base alone is too old", []*CRL{w.middle.crl(old)}, ErrRevocationExpired},
		{"the delta alone", []*CRL{w.middle.crl(deltaOf(7, 8, time.Hour))}, ErrRevocationUnknown},
		{"the delta alone, revoked", []*CRL{w.middle.crl(deltaOf(7, 8, time.Hour), gone)}, ErrRevocationUnknown},
		{"both", []*CRL{w.middle.crl(deltaOf(7, 8, time.Hour)), w.middle.crl(old)}, nil},
		{"revoked since", []*CRL{w.middle.crl(nil), w.middle.crl(deltaOf(7, 8, time.Hour), gone)}, ErrRevoked},
		{"held before, lifted since", []*CRL{w.middle.crl(nil, held), w.middle.crl(deltaOf(7, 8, time.Hour), lifted)}, nil},
		{"held before, not mentioned", []*CRL{w.middle.crl(nil, held), w.middle.crl(deltaOf(7, 8, time.Hour))}, ErrRevoked},
		{"of a later base", []*CRL{w.middle.crl(old), w.middle.crl(deltaOf(8, 9, time.Hour))}, ErrRevocationExpired},
		{"older than the base", []*CRL{w.middle.crl(nil, held), w.middle.crl(deltaOf(5, 6, time.Hour), lifted)}, ErrRevoked},
		{"of another authority", []*CRL{w.middle.crl(old), w.root.crl(deltaOf(7, 8, time.Hour))}, ErrRevocationExpired},
		{"too old as well", []*CRL{w.middle.crl(old), w.middle.crl(deltaOf(7, 8, -time.Second))}, ErrRevocationExpired},
	} {
		q := w.query()
		q.Revocation, q.Snapshot.CRLs = Require, append(c.crls, w.root.crl(nil))
		if _, err := Validate(w.leaf.cert, q); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestDeposedResponder: a list at hand that revokes the responder takes its
// answers away.
func TestDeposedResponder(t *testing.T) {
	w := newWorld(nil)
	responder := w.middle.issue("responder", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} })
	o, err := ParseOCSP(answer{cert: w.leaf.cert, issuer: w.middle.cert, by: responder, carry: []*x509.Certificate{responder.cert}, status: ber.Implicit(0, nil),
		this: noon.Add(-time.Minute), next: noon.Add(time.Hour), hash: gocrypto.SHA1}.bytes())
	must(err)
	expired := func(l *x509.RevocationList) { l.NextUpdate = noon.Add(-time.Minute) }
	for _, c := range []struct {
		name string
		list *CRL
		want error
	}{
		{"in office", w.middle.crl(expired), nil},
		{"deposed", w.middle.crl(expired, revoked(responder.cert, noon.Add(-time.Hour), 1)), ErrRevocationExpired},
	} {
		q := w.query()
		q.Revocation, q.Snapshot = Require, Snapshot{OCSP: []*OCSP{o}, CRLs: []*CRL{c.list, w.root.crl(nil)}}
		if _, err := Validate(w.leaf.cert, q); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestQuestionsOfKazakhstan: what a certificate of the national authority makes
// us ask, its list of changes included.
func TestQuestionsOfKazakhstan(t *testing.T) {
	var certs []*x509.Certificate
	for _, name := range []string{"gost1.cer", "nca_gost2022_test.cer"} {
		raw, err := os.ReadFile("../../../shared/vectors/kz-pki/" + name)
		if err != nil {
			t.Skip("the vectors are not here")
		}
		list, err := Certificates(raw)
		must(err)
		certs = append(certs, list[0])
	}
	var got []string
	for _, q := range needs(certs[0], certs[1]).Questions() {
		got = append(got, q.URL)
	}
	want := []string{"http://test.pki.gov.kz/ocsp/", "http://test.pki.gov.kz/crl/nca_gost2022_test.crl", "http://test.pki.gov.kz/crl/nca_gost2022_d_test.crl"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
