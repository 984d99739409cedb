package pki

import (
	"bytes"
	gocrypto "crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// authority is a certificate with its key.
type authority struct {
	cert *x509.Certificate
	key  gocrypto.Signer
}

var serials = func() func() *big.Int {
	var lock sync.Mutex
	n := int64(1000)
	return func() *big.Int {
		lock.Lock()
		defer lock.Unlock()
		n++
		return big.NewInt(n)
	}
}()

// issue makes a certificate; change may make it odd. nil signs itself.
func (a *authority) issue(name string, change func(*x509.Certificate)) *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	return a.issueFor(key, name, change)
}

func (a *authority) issueFor(key gocrypto.Signer, name string, change func(*x509.Certificate)) *authority {
	id := sha1.Sum([]byte(name))
	c := &x509.Certificate{
		SerialNumber: serials(), Subject: pkix.Name{CommonName: name}, SubjectKeyId: id[:], BasicConstraintsValid: true,
		NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
		CRLDistributionPoints: []string{"http://crl.example/" + name + ".crl"}, OCSPServer: []string{"http://ocsp.example/"},
		IssuingCertificateURL: []string{"http://ca.example/ca.cer"},
	}
	if change != nil {
		change(c)
	}
	if a == nil {
		a = &authority{c, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, key.Public(), a.key)
	must(err)
	cert, err := x509.ParseCertificate(der)
	must(err)
	return &authority{cert, key}
}

func isCA(c *x509.Certificate) {
	c.IsCA, c.KeyUsage, c.ExtKeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// crl is a list of an authority, fresh at noon unless changed.
func (a *authority) crl(change func(*x509.RevocationList), revoked ...x509.RevocationListEntry) *CRL {
	l := &x509.RevocationList{Number: big.NewInt(7), ThisUpdate: noon.Add(-time.Hour), NextUpdate: noon.Add(time.Hour), RevokedCertificateEntries: revoked}
	if change != nil {
		change(l)
	}
	der, err := x509.CreateRevocationList(rand.Reader, l, a.cert, a.key)
	must(err)
	c, err := ParseCRL(der)
	must(err)
	return c
}

func revoked(c *x509.Certificate, at time.Time, reason int) x509.RevocationListEntry {
	return x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: at, ReasonCode: reason}
}

func block(kind string, b []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}) }

// desk is a folder in which openssl runs.
type desk struct {
	t   *testing.T
	dir string
}

func newDesk(t *testing.T) desk {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	return desk{t, t.TempDir()}
}

func (d desk) write(name string, b []byte) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), b, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d desk) read(name string) []byte {
	d.t.Helper()
	b, err := os.ReadFile(filepath.Join(d.dir, name))
	if err != nil {
		d.t.Fatal(err)
	}
	return b
}

func (d desk) put(name string, a *authority) {
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	must(err)
	d.write(name+".pem", block("CERTIFICATE", a.cert.Raw))
	d.write(name+".key", block("PRIVATE KEY", der))
}

func (d desk) openssl(args ...string) {
	d.t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Dir = d.dir
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil {
		d.t.Fatalf("openssl %q: %v\n%s", args, err, errs.Bytes())
	}
}

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	return key
})
