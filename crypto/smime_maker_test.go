package crypto_test

import (
	"bytes"
	gocrypto "crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/crypto/cms"
	"almasu/exchange"
)

// holder is somebody with a certificate.
type holder struct {
	cert *x509.Certificate
	key  gocrypto.Signer
}

// office are the people with certificates: an authority, ourselves, two
// participants, and others that are known to nobody here.
type office struct {
	root, self, alfa, beta, stranger, expired, rogueRoot, rogue, lookalike, short *holder
}

var serial struct {
	sync.Mutex
	n int64
}

func nextSerial() *big.Int {
	serial.Lock()
	defer serial.Unlock()
	serial.n++
	return big.NewInt(0x1000 + serial.n)
}

// certify makes a certificate; change may make it odd. by nil signs itself.
func certify(by *holder, name string, key gocrypto.Signer, change func(*x509.Certificate)) *holder {
	number := nextSerial()
	c := &x509.Certificate{SerialNumber: number, SubjectKeyId: append([]byte(name), number.Bytes()...), Subject: pkix.Name{CommonName: name, Organization: []string{"Алмасу"}},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0), BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}, EmailAddresses: []string{"alfa@alfa.example"}}
	if by == nil {
		c.IsCA, c.KeyUsage, c.ExtKeyUsage, c.EmailAddresses = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, nil, nil
	}
	if change != nil {
		change(c)
	}
	if by == nil {
		by = &holder{c, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by.cert, key.Public(), by.key)
	must(err)
	cert, err := x509.ParseCertificate(der)
	must(err)
	return &holder{cert, key}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func curveKey() gocrypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	return key
}

// rsaKey reads an RSA key made for these tests alone: to make one takes long,
// longest in a fuzzing worker.
func rsaKey(name string) gocrypto.Signer {
	text, err := os.ReadFile(filepath.Join("testdata", "smime", name+".key"))
	must(err)
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	must(err)
	return key.(*rsa.PrivateKey)
}

var staff = sync.OnceValue(func() *office {
	o := &office{root: certify(nil, "Root", curveKey(), nil)}
	o.self = certify(o.root, "NCCIS", rsaKey("self"), nil)
	o.alfa = certify(o.root, "Alfa", rsaKey("alfa"), nil)
	o.beta = certify(o.root, "Beta", curveKey(), nil)
	o.stranger = certify(o.root, "Stranger", curveKey(), nil)
	o.expired = certify(o.root, "Gamma", curveKey(), func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, -1) })
	o.short = certify(o.root, "Short", rsaKey("short"), nil)
	o.rogueRoot = certify(nil, "Root", curveKey(), nil)
	o.rogue = certify(o.rogueRoot, "Alfa", curveKey(), nil)
	o.lookalike = certify(o.rogueRoot, "Alfa", curveKey(), func(c *x509.Certificate) { c.SerialNumber = o.alfa.cert.SerialNumber })
	return o
})

func (h *holder) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.cert.Raw})
}

func (h *holder) private() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(h.key)
	must(err)
	return append(h.pem(), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
}

// keySet is the ring of the office, with the root as anchor.
func (o *office) keySet() crypto.KeySet {
	return crypto.KeySet{
		SMIME: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "self.pem", Data: o.self.private()},
			{Owner: "soc-alfa", File: "alfa.pem", Data: o.alfa.pem()},
			{Owner: "soc-beta", File: "beta.pem", Data: o.beta.pem()},
			{Owner: "soc-gamma", File: "gamma.pem", Data: o.expired.pem()},
			{Owner: "soc-short", File: "short.pem", Data: o.short.pem()}},
		Trust: crypto.TrustSet{Anchors: []crypto.TrustFile{{File: "root.pem", Data: o.root.pem()}}},
	}
}

func certRing(set crypto.KeySet) *crypto.Keyring {
	k, err := crypto.NewKeyring(set)
	must(err)
	return k
}

var officeRing = sync.OnceValue(func() *crypto.Keyring { return certRing(staff().keySet()) })

func openWith(t testing.TB, raw []byte, k *crypto.Keyring) crypto.Opened {
	t.Helper()
	o, err := crypto.Open(raw, k, crypto.Limits{}, now)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// cmsSigned is a signed-data of the content by each of the people.
func cmsSigned(content string, o cms.SignOptions, by ...*holder) []byte {
	if o.Time.IsZero() {
		o.Time = now.Add(-time.Minute)
	}
	var keys []cms.SigningKey
	for _, h := range by {
		keys = append(keys, cms.SigningKey{Certificate: h.cert, Private: h.key})
	}
	out, err := cms.Sign([]byte(content), keys, o)
	must(err)
	return out
}

func base64Lines(b []byte) string {
	var out bytes.Buffer
	text := base64.StdEncoding.EncodeToString(b)
	for len(text) > 64 {
		out.WriteString(text[:64] + "\r\n")
		text = text[64:]
	}
	return out.String() + text + "\r\n"
}

func pkcs7(kind string, der []byte) string {
	return "Content-Type: application/pkcs7-mime; smime-type=" + kind + "; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64Lines(der)
}

// opaqueEntity is an entity signed as signed-data.
func opaqueEntity(entity string, by ...*holder) string {
	return pkcs7("signed-data", cmsSigned(entity, cms.SignOptions{}, by...))
}

// clearEntity is multipart/signed around an entity with this signature.
func clearEntity(entity string, signature []byte) string {
	return "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=cs\r\n\r\n--cs\r\n" + entity +
		"\r\n--cs\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64Lines(signature) + "--cs--\r\n"
}

func splitSigned(entity string, by ...*holder) string {
	return clearEntity(entity, cmsSigned(entity, cms.SignOptions{Detached: true}, by...))
}

// enveloped encrypts to the people.
func enveloped(content string, cipher cms.Cipher, to ...*holder) []byte {
	var list []cms.Recipient
	for _, h := range to {
		list = append(list, cms.Recipient{Certificate: h.cert})
	}
	out, err := cms.Encrypt([]byte(content), list, cms.EncryptOptions{Cipher: cipher})
	must(err)
	return out
}

// gcm and cbc are S/MIME mails to us.
func gcm(content string) string {
	return pkcs7("authEnveloped-data", enveloped(content, cms.AES256GCM, staff().self))
}
func cbc(content string) string {
	return pkcs7("enveloped-data", enveloped(content, cms.AES256CBC, staff().self))
}

func fileAttached(name string, der []byte) string {
	return strings.Replace(attachment(name, der), "application/octet-stream", "application/pkcs7-mime", 1)
}
