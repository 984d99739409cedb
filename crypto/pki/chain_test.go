package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"almasu/crypto/cms/ber"
)

type world struct{ root, middle, leaf *authority }

func newWorld(change func(middle, leaf *x509.Certificate)) world {
	if change == nil {
		change = func(_, _ *x509.Certificate) {}
	}
	var w world
	w.root = (*authority)(nil).issue("root", isCA)
	w.middle = w.root.issue("middle", func(c *x509.Certificate) { isCA(c); change(c, &x509.Certificate{}) })
	w.leaf = w.middle.issue("leaf", func(c *x509.Certificate) { change(&x509.Certificate{}, c) })
	return w
}

func (w world) query() Query {
	return Query{At: noon, Anchors: []*x509.Certificate{w.root.cert}, Intermediates: []*x509.Certificate{w.middle.cert}, Revocation: Off}
}

func TestChains(t *testing.T) {
	cases := []struct {
		name   string
		change func(middle, leaf *x509.Certificate)
		query  func(*Query)
		want   error
	}{
		{"as it should be", nil, nil, nil},
		{"the leaf has expired", func(_, l *x509.Certificate) { l.NotAfter = noon.Add(-time.Second) }, nil, ErrExpired},
		{"the leaf is not valid yet", func(_, l *x509.Certificate) { l.NotBefore = noon.Add(time.Second) }, nil, ErrNotYetValid},
		{"it was valid at the time", func(_, l *x509.Certificate) { l.NotAfter = noon.Add(time.Second) }, func(q *Query) { q.Now = noon.AddDate(5, 0, 0) }, nil},
		{"the authority between has expired", func(m, _ *x509.Certificate) { m.NotAfter = noon.Add(-time.Hour) }, nil, ErrExpired},
		{"the root has expired", nil, func(q *Query) { q.At = noon.AddDate(1, 0, 1) }, ErrExpired},
		{"the authority between is unknown", nil, func(q *Query) { q.Intermediates = nil }, ErrUntrusted},
		{"no anchors", nil, func(q *Query) { q.Anchors = nil }, ErrUntrusted},
		{"not an authority", func(m, _ *x509.Certificate) { m.IsCA = false }, nil, ErrUntrusted},
		{"an authority without keyCertSign", func(m, _ *x509.Certificate) { m.KeyUsage = x509.KeyUsageDigitalSignature }, nil, ErrUntrusted},
		{"not for mail", func(_, l *x509.Certificate) { l.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, nil, ErrUsage},
		{"the authority not for mail", func(m, _ *x509.Certificate) { m.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, nil, ErrUsage},
		{"not for mail, but any will do", func(_, l *x509.Certificate) { l.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, func(q *Query) { q.ExtKeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }, nil},
		{"for anything", func(_, l *x509.Certificate) { l.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }, nil, nil},
		{"not for signing", func(_, l *x509.Certificate) { l.KeyUsage = x509.KeyUsageKeyEncipherment }, func(q *Query) { q.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment }, ErrUsage},
		{"for non-repudiation", func(_, l *x509.Certificate) { l.KeyUsage = x509.KeyUsageContentCommitment }, func(q *Query) { q.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment }, nil},
		{"no key usage at all", func(_, l *x509.Certificate) { l.KeyUsage = 0 }, func(q *Query) { q.KeyUsage = x509.KeyUsageDigitalSignature }, nil},
		{"an address outside the name constraints", func(m, l *x509.Certificate) {
			m.PermittedEmailAddresses, m.PermittedDNSDomainsCritical, l.EmailAddresses = []string{"kz.example"}, true, []string{"a@other.example"}
		}, nil, ErrConstraint},
		{"an address inside them", func(m, l *x509.Certificate) {
			m.PermittedEmailAddresses, l.EmailAddresses = []string{"kz.example"}, []string{"a@kz.example"}
		}, nil, nil},
		{"an address that is excluded", func(m, l *x509.Certificate) {
			m.ExcludedEmailAddresses, l.EmailAddresses = []string{"kz.example"}, []string{"a@kz.example"}
		}, nil, ErrConstraint},
		{"an address number outside", func(m, l *x509.Certificate) {
			m.ExcludedIPRanges, l.IPAddresses = []*net.IPNet{{IP: net.IP{10, 0, 0, 0}, Mask: net.CIDRMask(8, 32)}}, []net.IP{{10, 1, 1, 1}}
		}, nil, ErrConstraint},
		{"a critical extension nobody knows", func(_, l *x509.Certificate) {
			l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		}, nil, ErrConstraint},
		{"the policy that is asked for", func(m, l *x509.Certificate) {
			m.Policies, l.Policies = policy("1.2.398.3.3.2"), policy("1.2.398.3.3.2")
		}, func(q *Query) { q.Policies = policy("1.2.398.3.3.2") }, nil},
		{"another policy", func(m, l *x509.Certificate) { m.Policies, l.Policies = policy("1.2.3"), policy("1.2.3") }, func(q *Query) { q.Policies = policy("1.2.398.3.3.2") }, ErrConstraint},
		{"the policy only below", func(_, l *x509.Certificate) { l.Policies = policy("1.2.398.3.3.2") }, func(q *Query) { q.Policies = policy("1.2.398.3.3.2") }, ErrConstraint},
		{"any policy above", func(m, l *x509.Certificate) { m.Policies, l.Policies = policy("2.5.29.32.0"), policy("1.2.398.3.3.2") }, func(q *Query) { q.Policies = policy("1.2.398.3.3.2") }, nil},
		{"no time given", nil, func(q *Query) { q.At = time.Time{} }, errAny},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(c.change)
			q := w.query()
			if c.query != nil {
				c.query(&q)
			}
			chain, err := Validate(w.leaf.cert, q)
			if c.want == errAny && err != nil {
				return
			}
			if !errors.Is(err, c.want) || err == nil && len(chain.Certificates) != 3 {
				t.Errorf("%v, %d certificates", err, len(chain.Certificates))
			}
			if errors.Is(err, ErrUntrusted) && len(chain.Needs) == 1 && !slices.Equal(chain.Needs[0].Issuers, []string{"http://ca.example/ca.cer"}) {
				t.Errorf("needs %+v", chain.Needs)
			}
		})
	}
}

var errAny = errors.New("any error")

func policy(s string) []x509.OID {
	id, err := x509.ParseOID(s)
	must(err)
	return []x509.OID{id}
}

func TestPathLength(t *testing.T) {
	root := (*authority)(nil).issue("root", func(c *x509.Certificate) { isCA(c); c.MaxPathLenZero = true })
	middle := root.issue("middle", isCA)
	leaf := middle.issue("leaf", nil)
	_, err := Validate(leaf.cert, Query{At: noon, Revocation: Off, Anchors: []*x509.Certificate{root.cert}, Intermediates: []*x509.Certificate{middle.cert}})
	if !errors.Is(err, ErrConstraint) {
		t.Error(err)
	}
	if _, err := Validate(root.issue("leaf", nil).cert, Query{At: noon, Revocation: Off, Anchors: []*x509.Certificate{root.cert}}); err != nil {
		t.Error(err)
	}
}

func TestRevocation(t *testing.T) {
	w := newWorld(nil)
	stranger := (*authority)(nil).issue("middle", isCA)
	rootList := w.root.crl(nil)
	leaf := w.leaf.cert
	critical := func(id asn1.ObjectIdentifier, value []byte) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: id, Critical: true, Value: value}}
		}
	}
	scope := func(n ber.Node) func(*x509.RevocationList) {
		return critical(asn1.ObjectIdentifier{2, 5, 29, 28}, ber.Seq(n).Bytes())
	}
	yes := []byte{0xff}
	old := func(l *x509.RevocationList) {
		l.ThisUpdate, l.NextUpdate = noon.Add(-3*time.Hour), noon.Add(-time.Second)
	}
	entry := revoked(leaf, noon.Add(-time.Minute), 1)
	cases := []struct {
		name            string
		list            *CRL
		require, prefer error
	}{
		{"good", w.middle.crl(nil), nil, nil},
		{"somebody else revoked", w.middle.crl(nil, revoked(w.middle.cert, noon, 1)), nil, nil},
		{"revoked", w.middle.crl(nil, entry), ErrRevoked, ErrRevoked},
		{"revoked later", w.middle.crl(nil, revoked(leaf, noon.Add(time.Minute), 1)), nil, nil},
		{"removed from the list", w.middle.crl(nil, revoked(leaf, noon.Add(-time.Minute), 8)), nil, nil},
		{"an old list", w.middle.crl(old), ErrRevocationExpired, ErrRevocationExpired},
		{"revoked on an old list", w.middle.crl(old, entry), ErrRevoked, ErrRevoked},
		{"a list from the future", w.middle.crl(func(l *x509.RevocationList) { l.ThisUpdate = noon.Add(time.Hour / 2) }), ErrRevocationExpired, ErrRevocationExpired},
		{"nothing", nil, ErrRevocationUnknown, nil},
		{"of somebody of that name", stranger.crl(nil, entry), ErrRevocationUnknown, nil},
		{"for other users", w.middle.crl(scope(ber.Implicit(2, yes))), ErrRevocationUnknown, nil},
		{"for users", w.middle.crl(scope(ber.Implicit(1, yes))), nil, nil},
		{"for some reasons alone", w.middle.crl(scope(ber.Implicit(3, []byte{1, 2}))), ErrRevocationUnknown, nil},
		{"indirect", w.middle.crl(scope(ber.Implicit(4, yes))), ErrRevocationUnknown, nil},
		{"of our distribution point", w.middle.crl(scope(ber.Explicit(0, ber.Explicit(0, ber.Implicit(6, []byte("http://crl.example/leaf.crl")))))), nil, nil},
		{"of another distribution point", w.middle.crl(scope(ber.Explicit(0, ber.Explicit(0, ber.Implicit(6, []byte("http://crl.example/other.crl")))))), ErrRevocationUnknown, nil},
		{"a delta", w.middle.crl(critical(asn1.ObjectIdentifier{2, 5, 29, 27}, []byte{2, 1, 1})), ErrRevocationUnknown, nil},
		{"a critical extension nobody knows", w.middle.crl(critical(asn1.ObjectIdentifier{1, 2, 3}, []byte{5, 0})), ErrRevocationUnknown, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for mode, want := range map[Mode]error{Require: c.require, Prefer: c.prefer, Off: nil, "": c.require} {
				q := w.query()
				q.Revocation, q.Snapshot.CRLs = mode, []*CRL{rootList}
				if c.list != nil {
					q.Snapshot.CRLs = append(q.Snapshot.CRLs, c.list)
				}
				chain, err := Validate(leaf, q)
				if !errors.Is(err, want) || chain.Unknown != (mode == Prefer && c.require != nil && c.prefer == nil) {
					t.Errorf("%s: %v %+v", mode, err, chain.Statuses)
				}
				needed := mode != Off && (errors.Is(c.require, ErrRevocationUnknown) || errors.Is(c.require, ErrRevocationExpired))
				if needed != (len(chain.Needs) == 1) || needed && (chain.Needs[0].Issuer != chain.Certificates[1] || len(chain.Needs[0].CRLs) != 1 || len(chain.Needs[0].OCSP) != 1) {
					t.Errorf("%s: needs %+v", mode, chain.Needs)
				}
			}
		})
	}
}

func TestRevokedAuthority(t *testing.T) {
	w := newWorld(nil)
	q := w.query()
	q.Revocation = Require
	q.Snapshot.CRLs = []*CRL{w.middle.crl(nil), w.root.crl(nil, revoked(w.middle.cert, noon, 2))}
	if _, err := Validate(w.leaf.cert, q); !errors.Is(err, ErrRevoked) {
		t.Error(err)
	}
}

// invalidityDate before the revocation date counts.
func TestInvalidityDate(t *testing.T) {
	w := newWorld(nil)
	e := revoked(w.leaf.cert, noon.Add(time.Hour), 1)
	value, err := asn1.MarshalWithParams(noon.Add(-time.Hour), "generalized")
	must(err)
	e.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 24}, Value: value}}
	q := w.query()
	q.Revocation, q.Snapshot.CRLs = Require, []*CRL{w.root.crl(nil), w.middle.crl(nil, e)}
	if _, err := Validate(w.leaf.cert, q); !errors.Is(err, ErrRevoked) {
		t.Error(err)
	}
}

// The list of the national authority, which the standard library refuses.
func TestCRLOfKazakhstan(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/vectors/kz-pki/nca_gost2022_test.crl")
	if err != nil {
		t.Skip("the vectors of the national authority are not here")
	}
	c, err := ParseCRL(raw)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := os.ReadFile("../../../shared/vectors/kz-pki/nca_gost2022_test.cer")
	must(err)
	certs, err := Certificates(issuer)
	must(err)
	if err := c.CheckIssuer(certs[0]); !errors.Is(err, ErrUnsupported) {
		t.Errorf("GOST is not known here: %v", err)
	}
	if c.ThisUpdate.IsZero() || c.NextUpdate.IsZero() {
		t.Errorf("%+v", c)
	}
}

func TestURLs(t *testing.T) {
	got := urls([]string{"http://crl.example/gost.crl\r\n URL=http://crl1.example/gost.crl", "ldap://x/", "http://crl.example/gost.crl", "file:///etc/passwd", "https:"})
	if !slices.Equal(got, []string{"http://crl.example/gost.crl", "http://crl1.example/gost.crl"}) {
		t.Errorf("%q", got)
	}
}
