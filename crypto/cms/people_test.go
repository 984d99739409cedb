package cms

import (
	"bytes"
	gocrypto "crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
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

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// person is a certificate with its key.
type person struct {
	cert    *x509.Certificate
	private gocrypto.PrivateKey
}

func (p person) key() Key { return Key{p.cert, p.private} }
func (p person) signs() SigningKey {
	return SigningKey{Certificate: p.cert, Private: p.private.(gocrypto.Signer)}
}
func (p person) certPEM() []byte         { return block("CERTIFICATE", p.cert.Raw) }
func block(kind string, b []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}) }

var (
	noon    = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	content = []byte("Content-Type: text/plain\r\n\r\n\xd1\x82\xd0\xb5\xd1\x81\xd1\x82, one report\r\n")
)

// people are made once: a root "ca", and one person for each kind of key.
var people = sync.OnceValue(func() map[string]person {
	out := map[string]person{}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	out["ca"] = issue("ca", caKey, nil, caKey.Public(), caKey, 1)
	keys := map[string]gocrypto.PrivateKey{}
	for name, curve := range map[string]elliptic.Curve{"p256": elliptic.P256(), "p384": elliptic.P384(), "p521": elliptic.P521()} {
		keys[name], err = ecdsa.GenerateKey(curve, rand.Reader)
		must(err)
	}
	for name, bits := range map[string]int{"rsa": 2048, "rsa2": 2048, "rsa3072": 3072, "rsa1024": 1024} {
		keys[name], err = rsa.GenerateKey(rand.Reader, bits)
		must(err)
	}
	_, keys["ed25519"], err = ed25519.GenerateKey(rand.Reader)
	must(err)
	keys["x25519"], err = ecdh.X25519().GenerateKey(rand.Reader)
	must(err)
	serial := int64(100)
	for name, key := range keys {
		serial++
		public := key.(interface{ Public() gocrypto.PublicKey }).Public()
		if name == "x25519" {
			continue
		}
		out[name] = issue(name, key, out["ca"].cert, public, caKey, serial)
	}
	// The standard library makes no certificates for these two: the key of another one is exchanged.
	spki, err := x509.MarshalPKIXPublicKey(keys["x25519"].(*ecdh.PrivateKey).Public())
	must(err)
	donor := issue("x25519", nil, out["ca"].cert, out["p256"].cert.PublicKey, caKey, 900)
	out["x25519"] = person{withKey(donor.cert, spki, caKey), keys["x25519"]}
	donor = issue("pss", nil, out["ca"].cert, out["p256"].cert.PublicKey, caKey, 901)
	out["pss"] = person{withKey(donor.cert, pssKey(keys["rsa"].(*rsa.PrivateKey), ber.Node{}), caKey), keys["rsa"]}
	return out
})

func issue(name string, private gocrypto.PrivateKey, parent *x509.Certificate, public, signer any, serial int64) person {
	id := sha1.Sum([]byte(name))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name, Organization: []string{"Алмасу"}},
		NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(20, 0, 0), SubjectKeyId: id[:], BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
	}
	if parent == nil {
		template.IsCA, template.KeyUsage, template.ExtKeyUsage, parent = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, nil, template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	must(err)
	cert, err := x509.ParseCertificate(der)
	must(err)
	return person{cert, private}
}

// withKey is a certificate with another public key, signed anew.
func withKey(cert *x509.Certificate, spki []byte, ca *ecdsa.PrivateKey) *x509.Certificate {
	var parts []ber.Node
	for r := ber.NewReader(cert.RawTBSCertificate).Enter(ber.Sequence); r.More(); {
		part := r.Any().Raw
		if bytes.Equal(part, cert.RawSubjectPublicKeyInfo) {
			part = spki
		}
		parts = append(parts, ber.Raw(part))
	}
	tbs := ber.Seq(parts...)
	sum := sha256.Sum256(tbs.Bytes())
	signature, err := ecdsa.SignASN1(rand.Reader, ca, sum[:])
	must(err)
	der := ber.Seq(tbs, algid.Node("1.2.840.10045.4.3.2", ber.Node{}), ber.Bits(signature)).Bytes()
	out, err := x509.ParseCertificate(der)
	must(err)
	return out
}

// pssKey is the public key under id-RSASSA-PSS with parameters.
func pssKey(key *rsa.PrivateKey, params ber.Node) []byte {
	return ber.Seq(algid.Node(algid.RSAPSS, params), ber.Bits(x509.MarshalPKCS1PublicKey(&key.PublicKey))).Bytes()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// desk is a folder with everybody's certificate and key as files, and openssl.
type desk struct {
	t   *testing.T
	dir string
}

func newDesk(t *testing.T) desk {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed: the matrix with it is not run")
	}
	d := desk{t, t.TempDir()}
	for name, p := range people() {
		d.write(name+".pem", p.certPEM())
		der, err := x509.MarshalPKCS8PrivateKey(p.private)
		must(err)
		d.write(name+".key", block("PRIVATE KEY", der))
	}
	d.write("content", content)
	return d
}

func (d desk) path(name string) string { return filepath.Join(d.dir, name) }

func (d desk) write(name string, b []byte) {
	d.t.Helper()
	if err := os.WriteFile(d.path(name), b, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d desk) read(name string) []byte {
	d.t.Helper()
	b, err := os.ReadFile(d.path(name))
	if err != nil {
		d.t.Fatal(err)
	}
	return b
}

// openssl runs it in the folder and returns what it printed.
func (d desk) openssl(args ...string) ([]byte, error) {
	cmd := exec.Command("openssl", args...)
	cmd.Dir = d.dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return errs.Bytes(), err
	}
	return out.Bytes(), nil
}

// made is the file "out" that openssl makes of "content".
func (d desk) made(args ...string) []byte {
	d.t.Helper()
	args = append([]string{"cms", "-binary", "-in", "content", "-outform", "DER", "-out", "out"}, args...)
	if out, err := d.openssl(args...); err != nil {
		d.t.Fatalf("openssl %q: %v\n%s", args, err, out)
	}
	return d.read("out")
}
