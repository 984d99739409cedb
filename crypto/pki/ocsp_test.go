package pki

import (
	"bytes"
	gocrypto "crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// answer is an OCSP answer made by hand.
type answer struct {
	cert, issuer *x509.Certificate
	by           *authority
	status       ber.Node
	this, next   time.Time
	nonce        []byte
	byKey        bool
	carry        []*x509.Certificate
	hash         gocrypto.Hash
	spoil        func([]byte) []byte
}

func (a answer) bytes() []byte {
	key, err := algid.KeyOf(a.issuer)
	must(err)
	id := ber.Seq(algid.DigestNode(a.hash), ber.Octets(algid.Sum(a.hash, a.issuer.RawSubject)), ber.Octets(algid.Sum(a.hash, key.Bits)), ber.Big(a.cert.SerialNumber))
	time := func(t time.Time) ber.Node { return ber.Raw(generalized(t)) }
	next := ber.Node{}
	if !a.next.IsZero() {
		next = ber.Explicit(0, time(a.next))
	}
	responder := ber.Explicit(1, ber.Raw(a.by.cert.RawSubject))
	byKey, err := algid.KeyOf(a.by.cert)
	must(err)
	if a.byKey {
		responder = ber.Explicit(2, ber.Octets(algid.Sum(gocrypto.SHA1, byKey.Bits)))
	}
	extra := ber.Node{}
	if a.nonce != nil {
		extra = ber.Explicit(1, ber.Seq(ber.Seq(ber.ID(idNonce), ber.Octets(ber.Octets(a.nonce).Bytes()))))
	}
	tbs := ber.Seq(responder, time(a.this), ber.Seq(ber.Seq(id, a.status, time(a.this), next)), extra).Bytes()
	scheme, err := algid.Choose(byKey, 0, false)
	must(err)
	signature, err := scheme.Sign(rand.Reader, a.by.key, tbs)
	must(err)
	if a.spoil != nil {
		signature = a.spoil(signature)
	}
	certs := ber.Node{}
	if a.carry != nil {
		var nodes []ber.Node
		for _, c := range a.carry {
			nodes = append(nodes, ber.Raw(c.Raw))
		}
		certs = ber.Explicit(0, ber.Seq(nodes...))
	}
	basic := ber.Seq(ber.Raw(tbs), scheme.Node(), ber.Bits(signature), certs).Bytes()
	return ber.Seq(ber.Raw([]byte{10, 1, 0}), ber.Explicit(0, ber.Seq(ber.ID(idBasicOCSP), ber.Octets(basic)))).Bytes()
}

func generalized(t time.Time) []byte {
	return append([]byte{24, 15}, t.UTC().Format("20060102150405Z")...)
}

func TestOCSP(t *testing.T) {
	w := newWorld(nil)
	signs := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} }
	responder := w.middle.issue("responder", signs)
	expired := w.middle.issue("responder", func(c *x509.Certificate) { signs(c); c.NotAfter = noon.Add(-time.Minute) })
	plain := w.middle.issue("responder", nil)
	foreign := w.root.issue("responder", signs)
	good, bad := ber.Implicit(0, nil), ber.Explicit(1, ber.Raw(generalized(noon.Add(-time.Minute))), ber.Explicit(0, ber.Raw([]byte{10, 1, 1})))
	base := answer{cert: w.leaf.cert, issuer: w.middle.cert, by: w.middle, status: good, this: noon.Add(-time.Minute), next: noon.Add(time.Hour), hash: gocrypto.SHA1}
	by := func(r *authority) func(*answer) {
		return func(a *answer) { a.by, a.carry = r, []*x509.Certificate{w.root.cert, r.cert} }
	}
	cases := []struct {
		name   string
		change func(*answer)
		want   error
	}{
		{"good, by the issuer", func(*answer) {}, nil},
		{"good, SHA-256", func(a *answer) { a.hash = gocrypto.SHA256 }, nil},
		{"good, by a responder", by(responder), nil},
		{"good, by the key of a responder", func(a *answer) { by(responder)(a); a.byKey = true }, nil},
		{"revoked", func(a *answer) { a.status = bad }, ErrRevoked},
		{"unknown to the responder", func(a *answer) { a.status = ber.Implicit(2, nil) }, ErrRevocationUnknown},
		{"too old", func(a *answer) { a.this, a.next = noon.Add(-2*time.Hour), noon.Add(-time.Hour) }, ErrRevocationExpired},
		{"without end, of a day", func(a *answer) { a.this, a.next = noon.Add(-25*time.Hour), time.Time{} }, ErrRevocationExpired},
		{"without end, fresh", func(a *answer) { a.next = time.Time{} }, nil},
		{"from the future", func(a *answer) { a.this = noon.Add(time.Hour / 2) }, ErrRevocationExpired},
		{"about another certificate", func(a *answer) { a.cert = w.middle.cert }, ErrRevocationUnknown},
		{"of another issuer", func(a *answer) { a.issuer = w.root.cert }, ErrRevocationUnknown},
		{"a responder whose certificate is not for it", by(plain), ErrRevocationUnknown},
		{"a responder of somebody else", by(foreign), ErrRevocationUnknown},
		{"a responder that has expired", by(expired), ErrRevocationUnknown},
		{"a responder whose certificate is not there", func(a *answer) { a.by = responder }, ErrRevocationUnknown},
		{"a spoilt signature", func(a *answer) { a.spoil = func(b []byte) []byte { b[len(b)-1] ^= 1; return b } }, ErrRevocationUnknown},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := base
			c.change(&a)
			o, err := ParseOCSP(a.bytes())
			if err != nil {
				t.Fatal(err)
			}
			q := w.query()
			q.Revocation, q.Snapshot = Require, Snapshot{CRLs: []*CRL{w.root.crl(nil)}, OCSP: []*OCSP{o}}
			if chain, err := Validate(w.leaf.cert, q); !errors.Is(err, c.want) {
				t.Errorf("%v %+v", err, chain.Statuses)
			}
		})
	}
	base.nonce = []byte("12345678")
	o, err := ParseOCSP(base.bytes())
	must(err)
	if err := o.CheckNonce([]byte("12345678")); err != nil {
		t.Error(err)
	}
	if err := o.CheckNonce([]byte("12345679")); !errors.Is(err, ErrNonce) {
		t.Error(err)
	}
	if _, err := ParseOCSP([]byte{0x30, 3, 10, 1, 3}); !errors.Is(err, ErrTryLater) {
		t.Error(err)
	}
	if _, err := ParseOCSP([]byte{0x30, 3, 10, 1, 6}); !errors.Is(err, ErrUnusable) {
		t.Error(err)
	}
}

// openssl reads our question and answers it; we read its answer.
func TestOCSPOfOpenssl(t *testing.T) {
	d := newDesk(t)
	now := time.Now()
	ca := (*authority)(nil).issue("ca", isCA)
	leaf, gone := ca.issue("leaf", nil), ca.issue("gone", nil)
	d.put("ca", ca)
	line := func(kind string, c *x509.Certificate) string {
		at := ""
		if kind == "R" {
			at = now.Add(-time.Hour).UTC().Format("060102150405Z") + ",keyCompromise"
		}
		return fmt.Sprintf("%s\t%s\t%s\t%04X\tunknown\t/CN=%s\n", kind, c.NotAfter.UTC().Format("060102150405Z"), at, c.SerialNumber, c.Subject.CommonName)
	}
	d.write("index.txt", []byte(line("V", leaf.cert)+line("R", gone.cert)))
	for who, want := range map[*authority]State{leaf: Good, gone: Revoked} {
		for _, hash := range []gocrypto.Hash{gocrypto.SHA1, gocrypto.SHA256} {
			nonce := []byte("a nonce of 16 by")
			request, err := OCSPRequest(who.cert, ca.cert, hash, nonce)
			must(err)
			d.write("request", request)
			cmd := exec.Command("openssl", "ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key", "-reqin", "request", "-respout", "response", "-ndays", "1")
			cmd.Dir = d.dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v %s", err, out)
			}
			o, err := ParseOCSP(d.read("response"))
			if err != nil {
				t.Fatal(err)
			}
			if err := o.CheckNonce(nonce); err != nil {
				t.Error(err)
			}
			s := Snapshot{OCSP: []*OCSP{o}}.about(who.cert, ca.cert, clock{now, now})
			if s.State != want || s.Source != "ocsp" || want == Revoked && s.Revocation.Reason != 1 {
				t.Errorf("%+v", s)
			}
		}
	}
	cmd := exec.Command("openssl", "ocsp", "-reqin", "request", "-req_text", "-noverify")
	cmd.Dir = d.dir
	out, _ := cmd.CombinedOutput()
	if !strings.Contains(string(out), "sha256") || !bytes.Contains(out, []byte("OCSP Nonce")) {
		t.Errorf("%s", out)
	}
}
