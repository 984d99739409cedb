//go:build pkcs11

package hsm

import (
	"bytes"
	gocrypto "crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"almasu/crypto/cms"
	"almasu/internal/testpeer"
)

// softToken is a SoftHSM token with these keys, by their labels.
func softToken(t *testing.T, keys map[string]gocrypto.Signer) (module string) {
	t.Helper()
	testpeer.Need(t, "softhsm2-util")
	for _, path := range []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"} {
		if _, err := os.Stat(path); err == nil {
			module = path
		}
	}
	if module == "" {
		testpeer.Lacking(t, "libsofthsm2.so is not where it is looked for")
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "softhsm2.conf")
	must(t, os.WriteFile(conf, []byte("directories.tokendir = "+dir+"\nobjectstore.backend = file\nlog.level = ERROR\n"), 0o600))
	t.Setenv("SOFTHSM2_CONF", conf)
	run(t, "softhsm2-util", "--init-token", "--free", "--label", "almasu", "--pin", "1234", "--so-pin", "5678")
	id := 1
	for label, key := range keys {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		must(t, err)
		file := filepath.Join(dir, label+".pem")
		must(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
		run(t, "softhsm2-util", "--import", file, "--token", "almasu", "--label", label, "--id", fmt.Sprintf("%02x", id), "--pin", "1234")
		id++
	}
	return module
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func certify(t *testing.T, key gocrypto.Signer) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(5), Subject: pkix.Name{CommonName: "token"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return cert
}

// refused: what is wrong with the token or the settings is worth another try,
// never the fault of a message.
func refused(t *testing.T, module string, key *rsa.PrivateKey) {
	t.Helper()
	wrong := Token{Module: module, Token: "almasu", Label: "rsa", PIN: []byte("0000")}
	if k, err := New(wrong, key.Public()); err != nil || !errors.Is(k.Check(), cms.ErrUnavailable) || bytes.Contains([]byte(k.Check().Error()), wrong.PIN) {
		t.Errorf("a wrong PIN: %v", err)
	}
	for name, token := range map[string]Token{
		"no such token":  {Module: module, Token: "other", Label: "rsa", PIN: []byte("1234")},
		"no such key":    {Module: module, Token: "almasu", Label: "other", PIN: []byte("1234")},
		"no such module": {Module: module + ".gone", Token: "almasu", Label: "rsa", PIN: []byte("1234")},
		"another key":    {Module: module, Token: "almasu", Label: "ec", PIN: []byte("1234")},
	} {
		k, err := New(token, key.Public())
		must(t, err)
		digest := sha256.Sum256(nil)
		if _, err := k.Sign(rand.Reader, digest[:], gocrypto.SHA256); !errors.Is(err, cms.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSoftHSM signs and opens CMS with keys in a token.
func TestSoftHSM(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	soft := map[string]gocrypto.Signer{"rsa": rsaKey, "ec": ecKey}
	module := softToken(t, soft)
	content := []byte("report")
	refused(t, module, rsaKey) // first: who has logged in to a token once is asked for no PIN again
	for label, key := range soft {
		cert := certify(t, key)
		k, err := New(Token{Module: module, Token: "almasu", Label: label, PIN: []byte("1234")}, key.Public())
		must(t, err)
		must(t, k.Check())
		for _, pss := range []bool{false, label == "rsa"} {
			signed, err := cms.Sign(content, []cms.SigningKey{{Certificate: cert, Private: k, PSS: pss}}, cms.SignOptions{Time: time.Now()})
			must(t, err)
			s, err := cms.Verify(signed, nil, []*x509.Certificate{cert}, cms.Limits{})
			must(t, err)
			must(t, s.Signatures[0].Err)
		}
		if label == "ec" {
			continue
		}
		own := []cms.Key{{Certificate: cert, Private: k}}
		for _, cipher := range []cms.Cipher{cms.AES256GCM, cms.AES128CBC} {
			sealed, err := cms.Encrypt(content, []cms.Recipient{{Certificate: cert, PKCS1v15: true}}, cms.EncryptOptions{Cipher: cipher})
			must(t, err)
			o, err := cms.Open(sealed, own, cms.OpenOptions{})
			if err != nil || !bytes.Equal(o.Content, content) {
				t.Errorf("%s: %v %q", cipher, err, o.Content)
			}
			at := bytes.LastIndex(sealed, rsaCiphertext(t, sealed, rsaKey))
			sealed[at+100] ^= 1 // another padding
			if _, err := cms.Open(sealed, own, cms.OpenOptions{}); !errors.Is(err, cms.ErrDecrypt) {
				t.Errorf("%s, a damaged key: %v", cipher, err)
			}
		}
		oaep, err := rsa.EncryptOAEP(gocrypto.SHA1.New(), rand.Reader, &rsaKey.PublicKey, content, nil)
		must(t, err)
		plain, err := k.Decrypt(rand.Reader, oaep, &rsa.OAEPOptions{Hash: gocrypto.SHA1})
		if err != nil || !bytes.Equal(plain, content) {
			t.Errorf("OAEP: %v", err)
		}
	}
}

// rsaCiphertext finds the encrypted content key: the only 256 octets that the
// key opens.
func rsaCiphertext(t *testing.T, sealed []byte, key *rsa.PrivateKey) []byte {
	t.Helper()
	for i := 0; i+4+256 <= len(sealed); i++ {
		if !bytes.Equal(sealed[i:i+4], []byte{4, 0x82, 1, 0}) {
			continue
		}
		//lint:ignore SA1019 what partners' programs send
		if _, err := rsa.DecryptPKCS1v15(rand.Reader, key, sealed[i+4:i+260]); err == nil {
			return sealed[i+4 : i+260]
		}
	}
	t.Fatal("there is no encrypted key in it")
	return nil
}
