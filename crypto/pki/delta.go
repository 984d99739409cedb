package pki

import (
	"crypto/x509"

	"almasu/crypto/cms/ber"
)

// delta: the list says only what changed since another one (RFC 5280 section
// 5.2.4).
func (c *CRL) delta() bool { return c.base != nil }

// status looks a certificate up in a list, with the newest list of changes that
// goes with it: both together are as fresh as the fresher one.
func (s Snapshot) status(list *CRL, cert, issuer *x509.Certificate, at clock) (Status, error) {
	v, found, err := list.find(cert.SerialNumber)
	out := Status{State: Good, Source: "crl", Revocation: v, Until: list.NextUpdate}
	made := list.ThisUpdate
	if d := s.changes(list, cert, issuer); d != nil && err == nil {
		changed, listed, broken := d.find(cert.SerialNumber)
		if err = broken; listed {
			out.Revocation, found = changed, true
		}
		if d.NextUpdate.After(out.Until) {
			out.Until, made = d.NextUpdate, d.ThisUpdate
		}
	}
	if found && out.Revocation.Reason != removeFromCRL {
		out.State = Revoked
	}
	return out.judged(made, at), err
}

const removeFromCRL = 8 // RFC 5280 section 5.3.1

// changes is the newest list of changes since the list, or since an older one.
func (s Snapshot) changes(list *CRL, cert, issuer *x509.Certificate) *CRL {
	var newest *CRL
	for _, d := range s.CRLs {
		if !d.delta() || list.Number == nil || d.Number == nil || d.base.Cmp(list.Number) > 0 || d.Number.Cmp(list.Number) < 0 ||
			newest != nil && !d.ThisUpdate.After(newest.ThisUpdate) {
			continue
		}
		if d.CheckIssuer(issuer) == nil && d.covers(cert) == nil {
			newest = d
		}
	}
	return newest
}

// freshest are the places of lists of changes that a certificate names (RFC 5280
// section 4.2.1.15).
func freshest(cert *x509.Certificate) []string {
	var out []string
	for _, e := range cert.Extensions {
		if e.Id.String() != "2.5.29.46" {
			continue
		}
		for list := ber.NewReader(e.Value).Enter(ber.Sequence); list.More(); {
			point := list.Enter(ber.Sequence)
			if !point.Is(ber.Context(0)) {
				continue
			}
			if name := point.Enter(ber.Context(0)); name.Is(ber.Context(0)) {
				out = append(out, uris(name.Enter(ber.Context(0)))...)
			}
		}
	}
	return out
}

// uris are the URIs among GeneralNames.
func uris(names *ber.Reader) []string {
	out := []string{}
	for names.More() {
		if name := names.Any(); name.Tag == ber.Context(6) {
			out = append(out, string(name.Body))
		}
	}
	return out
}
