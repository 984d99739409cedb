package testpeer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// CA is a certificate authority made for one test, and one server certificate
// of it, valid for localhost, 127.0.0.1, ::1 and the names it was made with.
type CA struct {
	CAFile, CertFile, KeyFile string // PEM
	Pool                      *x509.CertPool
	Server                    tls.Certificate
}

// NewCA makes an authority with a server certificate for loopback and for the
// host names given, valid for a day.
func NewCA(tb testing.TB, names ...string) *CA {
	tb.Helper()
	now := time.Now()
	root, rootKey := issue(tb, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Almasu test authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, nil, nil)
	leaf, leafKey := issue(tb, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		DNSNames:    append([]string{"localhost"}, names...),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage:    x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, root, rootKey)

	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		tb.Fatalf("encode the server key: %v", err)
	}
	dir := tb.TempDir()
	c := &CA{CAFile: filepath.Join(dir, "ca.pem"), CertFile: filepath.Join(dir, "server.pem"),
		KeyFile: filepath.Join(dir, "server.key"), Pool: x509.NewCertPool()}
	c.Pool.AddCert(root)
	writePEM(tb, c.CAFile, "CERTIFICATE", root.Raw, 0o644)
	writePEM(tb, c.CertFile, "CERTIFICATE", leaf.Raw, 0o644)
	writePEM(tb, c.KeyFile, "PRIVATE KEY", keyDER, 0o600)
	c.Server = tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: leafKey, Leaf: leaf}
	return c
}

// issue makes a P-256 key and a certificate for it, self-signed where there is
// no parent.
func issue(tb testing.TB, template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatalf("make a key: %v", err)
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		tb.Fatalf("issue %s: %v", template.Subject.CommonName, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatalf("read the certificate just issued: %v", err)
	}
	return cert, key
}

func writePEM(tb testing.TB, path, kind string, der []byte, mode os.FileMode) {
	tb.Helper()
	write(tb, path, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})), mode)
}
