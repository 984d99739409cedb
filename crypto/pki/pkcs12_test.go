package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What authorities of Kazakhstan hand out: BER, RC2-40, 3DES, GOST keys.
func TestPKCS12OfKazakhstan(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/vectors/kz-pki/*.p12")
	if len(files) == 0 {
		t.Skip("the vectors of the national authority are not here")
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		s, err := PKCS12(raw, []byte("Qwerty12"))
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		ids, err := s.Identities()
		if err != nil || len(ids) != 1 {
			t.Errorf("%s: %v", f, err)
			continue
		}
		gost := !strings.Contains(f, "RSA256")
		if key, ok := ids[0].Private.Key.(*rsa.PrivateKey); ok == gost || ok && !key.PublicKey.Equal(ids[0].Certificate.PublicKey) {
			t.Errorf("%s: %T", f, ids[0].Private.Key)
		}
		if gost && (ids[0].Private.Algorithm != "1.2.398.3.10.1.1.2.2" || len(ids[0].Private.PKCS8) < 64) {
			t.Errorf("%s: %+v", f, ids[0].Private.Algorithm)
		}
		if _, err := PKCS12(raw, []byte("qwerty12")); !errors.Is(err, ErrPassphrase) {
			t.Errorf("%s with a wrong passphrase: %v", f, err)
		}
	}
}

func TestPKCS12OfOpenssl(t *testing.T) {
	d := newDesk(t)
	ca := (*authority)(nil).issue("ca", isCA)
	d.put("ca", ca)
	d.put("rsa", ca.issueFor(rsaKey(), "rsa", nil))
	d.put("ec", ca.issue("ec", nil))
	for name, args := range map[string][]string{
		"today's": nil, "legacy": {"-legacy"}, "descert": {"-legacy", "-descert"},
		"RC2-128":        {"-legacy", "-certpbe", "PBE-SHA1-RC2-128", "-keypbe", "PBE-SHA1-2DES"},
		"AES-128":        {"-certpbe", "AES-128-CBC", "-keypbe", "AES-192-CBC"},
		"PBES2 3DES":     {"-certpbe", "DES-EDE3-CBC", "-keypbe", "DES-EDE3-CBC"},
		"MAC of SHA-1":   {"-macalg", "sha1"},
		"MAC of SHA-512": {"-macalg", "sha512"},
		"in clear":       {"-certpbe", "NONE", "-keypbe", "NONE"},
		"one iteration":  {"-noiter", "-nomaciter"},
	} {
		for _, who := range []string{"rsa", "ec"} {
			for _, pass := range []string{"Құпия сөз 𝄞", "x", ""} {
				if name == "PBES2 3DES" || name == "today's" {
					if pass == "Құпия сөз 𝄞" {
						pass = "plain"
					}
				}
				d.openssl(append([]string{"pkcs12", "-export", "-in", who + ".pem", "-inkey", who + ".key", "-certfile", "ca.pem", "-out", "out.p12", "-passout", "pass:" + pass}, args...)...)
				raw := d.read("out.p12")
				s, err := Load(raw, []byte(pass))
				if err != nil {
					t.Errorf("%s, %q: %v", name, pass, err)
					continue
				}
				ids, err := s.Identities()
				if err != nil || len(ids) != 1 || len(s.Certificates) != 2 || ids[0].Certificate.Subject.CommonName != who {
					t.Errorf("%s, %q: %v %+v", name, pass, err, ids)
				}
				if _, err := Load(raw, []byte("wrong")); !errors.Is(err, ErrPassphrase) {
					t.Errorf("%s: %v", name, err)
				}
				for i := range raw {
					bad := bytes.Clone(raw)
					bad[i] ^= 0x20
					if i%7 == 0 && name == "one iteration" {
						_, _ = Load(bad, []byte(pass)) // no panic
					}
				}
			}
		}
	}
	d.openssl("pkcs12", "-export", "-in", "rsa.pem", "-inkey", "rsa.key", "-out", "out.p12", "-passout", "pass:x", "-nomac")
	if _, err := Load(d.read("out.p12"), []byte("x")); !errors.Is(err, ErrNoMAC) {
		t.Error(err)
	}
}

func TestLoad(t *testing.T) {
	ca := (*authority)(nil).issue("ca", isCA)
	leaf := ca.issueFor(rsaKey(), "leaf", nil)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(leaf.key)
	must(err)
	ec := ca.issue("ec", nil)
	sec1, err := x509.MarshalECPrivateKey(ec.key.(*ecdsa.PrivateKey))
	must(err)
	pem := bytes.Join([][]byte{[]byte("some words\n"), block("CERTIFICATE", leaf.cert.Raw), block("CERTIFICATE", ec.cert.Raw),
		block("PRIVATE KEY", pkcs8), []byte("\nmore words\n"), block("EC PARAMETERS", []byte{5, 0}), block("EC PRIVATE KEY", sec1),
		block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey()))}, nil)
	s, err := Load(pem, nil)
	must(err)
	if ids, err := s.Identities(); err != nil || len(ids) != 3 || ids[2].Certificate.Subject.CommonName != "leaf" || ids[1].Certificate.Subject.CommonName != "ec" {
		t.Errorf("%v %+v", err, ids)
	}
	if certs, err := Certificates(block("TRUSTED CERTIFICATE", append(bytes.Clone(leaf.cert.Raw), 0x30, 0))); err != nil || len(certs) != 1 {
		t.Errorf("with openssl's own data behind it: %v", err)
	}
	two := append(bytes.Clone(leaf.cert.Raw), ca.cert.Raw...)
	if certs, err := Certificates(two); err != nil || len(certs) != 2 {
		t.Errorf("DER: %v", err)
	}
	for name, bad := range map[string][]byte{"nothing": nil, "text": []byte("hello"), "half a certificate": leaf.cert.Raw[:100],
		"a key alone": block("PRIVATE KEY", pkcs8), "an old PEM key": []byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-CBC,0000000000000000\n\nAAAA\n-----END RSA PRIVATE KEY-----\n")} {
		if certs, err := Certificates(bad); err == nil {
			t.Errorf("%s: %v", name, certs)
		}
	}
	if s, err := Load(block("PRIVATE KEY", pkcs8), nil); err != nil {
		t.Error(err)
	} else if _, err := s.Identities(); !errors.Is(err, ErrMalformed) {
		t.Error(err)
	}
}

func TestLoadOfOpenssl(t *testing.T) {
	d := newDesk(t)
	ca := (*authority)(nil).issue("ca", isCA)
	d.put("ca", ca)
	d.put("rsa", ca.issueFor(rsaKey(), "rsa", nil))
	for _, form := range []string{"PEM", "DER"} {
		d.openssl("crl2pkcs7", "-nocrl", "-certfile", "ca.pem", "-certfile", "rsa.pem", "-outform", form, "-out", "out.p7b")
		if certs, err := Certificates(d.read("out.p7b")); err != nil || len(certs) != 2 {
			t.Errorf("%s: %v", form, err)
		}
	}
	for _, args := range [][]string{{"-v2", "aes-256-cbc"}, {"-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"}, {"-v2", "des3"}, {"-v1", "PBE-SHA1-3DES"}, {"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"}} {
		d.openssl(append([]string{"pkcs8", "-topk8", "-in", "rsa.key", "-out", "out.key", "-passout", "pass:secret"}, args...)...)
		both := append(d.read("rsa.pem"), d.read("out.key")...)
		s, err := Load(both, []byte("secret"))
		if err != nil {
			t.Errorf("%q: %v", args, err)
			continue
		}
		if ids, err := s.Identities(); err != nil || len(ids) != 1 {
			t.Errorf("%q: %v", args, err)
		}
		if _, err := Load(both, []byte("wrong")); !errors.Is(err, ErrPassphrase) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	ca := (*authority)(nil).issue("ca", isCA)
	f.Add(ca.cert.Raw)
	f.Add(block("CERTIFICATE", ca.cert.Raw))
	f.Add(ca.crl(nil, revoked(ca.cert, noon, 1)).tbs)
	files, _ := filepath.Glob("../../../shared/vectors/kz-pki/*.p12")
	for _, name := range files {
		if raw, err := os.ReadFile(name); err == nil && len(raw) < 4000 {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 8000 {
			return
		}
		s, err := Load(raw, []byte("Qwerty12"))
		if err == nil {
			_, _ = s.Identities()
		}
		if c, err := ParseCRL(raw); err == nil {
			_, _, _ = c.find(ca.cert.SerialNumber)
		}
		if o, err := ParseOCSP(raw); err == nil {
			_ = o.CheckResponder(ca.cert, noon)
		}
	})
}
