package testmail

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// Certificate is an X.509 certificate with its private key.
type Certificate struct {
	Role string
	X509 *x509.Certificate
	Key  crypto.Signer
}

// Name is how Almasu names the signer: issuer and serial number (docs/WIRE.md).
func (c *Certificate) Name() string {
	return c.X509.Issuer.String() + "+" + fmt.Sprintf("%X", c.X509.SerialNumber)
}

// PEM is the certificate alone.
func (c *Certificate) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.X509.Raw})
}

// PrivatePEM is the certificate and its private key, not guarded.
func (c *Certificate) PrivatePEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(c.Key)
	if err != nil {
		return nil, fmt.Errorf("write the key of %s: %w", c.X509.Subject, err)
	}
	return append(c.PEM(), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...), nil
}

// authorities are the one everybody trusts, and one that gave itself the same
// name.
type authorities struct{ root, rogue *Certificate }

// Certify gives every person a certificate beside its OpenPGP key, under an
// authority of the test. Roles: "current"; of SOC Alfa also "expired" and
// "listed"; of the stranger also "rogue" (of an authority of the same name),
// "lookalike" (that with the issuer and serial number of SOC Alfa's) and
// "alfa" (of the true authority, claiming SOC Alfa's address, as does an
// OpenPGP key of the same role). The key of the NCCIS and of SOC Gamma is RSA,
// all others P-256.
func (w *World) Certify() error {
	if w.authority.root != nil {
		return nil
	}
	var err error
	if w.authority.root, err = w.certify(nil, "Test Authority", "root", big.NewInt(1), false, nil); err != nil {
		return err
	}
	if w.authority.rogue, err = w.certify(nil, "Test Authority", "root", big.NewInt(1), false, nil); err != nil {
		return err
	}
	number := int64(0x1000)
	give := func(by *Certificate, id, role string, change func(*x509.Certificate)) error {
		p := w.Person(id)
		number++
		c, err := w.certify(by, p.Name, role, big.NewInt(number), id == SelfID || id == "soc-gamma", func(c *x509.Certificate) {
			c.EmailAddresses = []string{p.Address()}
			if change != nil {
				change(c)
			}
		})
		p.Certificates = append(p.Certificates, c)
		return err
	}
	for _, p := range w.People {
		if err := give(w.authority.root, p.ID, "current", nil); err != nil {
			return err
		}
	}
	alfa := w.Person("soc-alfa")
	for _, one := range []struct {
		by       *Certificate
		id, role string
		change   func(*x509.Certificate)
	}{
		{w.authority.root, "soc-alfa", "expired", func(c *x509.Certificate) { c.NotAfter = w.Now.Add(-time.Hour) }},
		{w.authority.root, "soc-alfa", "listed", nil},
		{w.authority.rogue, "stranger", "rogue", func(c *x509.Certificate) { c.Subject.CommonName = alfa.Name }},
		{w.authority.rogue, "stranger", "lookalike", func(c *x509.Certificate) {
			c.Subject, c.SerialNumber = alfa.Certificate("current").X509.Subject, alfa.Certificate("current").X509.SerialNumber
			c.SubjectKeyId = alfa.Certificate("current").X509.SubjectKeyId
		}},
		{w.authority.root, "stranger", "alfa", func(c *x509.Certificate) {
			c.Subject.CommonName, c.EmailAddresses = alfa.Name, []string{alfa.Address()}
		}},
	} {
		if err := give(one.by, one.id, one.role, one.change); err != nil {
			return err
		}
	}
	claiming := &Key{Role: "alfa", Algorithm: "ed25519", Maker: "gpg"}
	stranger := w.Person("stranger")
	stranger.Keys = append(stranger.Keys, claiming)
	return w.makeWithGnuPG(claiming, alfa.Name+" <"+alfa.Address()+">", w.Now.AddDate(-1, 0, 0), "never")
}

// Certificate returns the person's certificate in a role, nil if there is none.
func (p *Person) Certificate(role string) *Certificate {
	for _, c := range p.Certificates {
		if c.Role == role {
			return c
		}
	}
	return nil
}

// Anchor is the authority that is trusted.
func (w *World) Anchor() *Certificate { return w.authority.root }

// certify makes one certificate; by nil makes it an authority of its own.
func (w *World) certify(by *Certificate, name, role string, serial *big.Int, useRSA bool, change func(*x509.Certificate)) (*Certificate, error) {
	var key crypto.Signer
	var err error
	if useRSA {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return nil, fmt.Errorf("make a key for %s: %w", name, err)
	}
	c := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: []string{"Almasu test"}},
		SubjectKeyId: append([]byte(role), serial.Bytes()...), NotBefore: w.Now.AddDate(-1, 0, 0), NotAfter: w.Now.AddDate(1, 0, 0),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}}
	if by == nil {
		c.IsCA, c.KeyUsage, c.ExtKeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, nil
		by = &Certificate{X509: c, Key: key}
	}
	if change != nil {
		change(c)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by.X509, key.Public(), by.Key)
	if err != nil {
		return nil, fmt.Errorf("make the certificate of %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	return &Certificate{Role: role, X509: cert, Key: key}, err
}
