package cms

import (
	"bytes"
	gocrypto "crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"almasu/crypto/cms/ber"
)

// segmented is the message as a streaming sender writes it: all lengths
// indefinite, strings in pieces. [0] and [1] stay as they are where they are
// primitive.
func segmented(t testing.TB, raw []byte) []byte {
	t.Helper()
	e, rest, err := ber.Parse(raw)
	if err != nil || len(rest) > 0 {
		t.Fatal(err)
	}
	if e.Tag == ber.OctetString && !e.Constructed && len(e.Body) > 20 {
		out := []byte{0x24, 0x80}
		for piece := range slices.Chunk(e.Body, 7) {
			out = append(append(out, 4, byte(len(piece))), piece...)
		}
		return append(out, 0, 0)
	}
	if !e.Constructed {
		return raw
	}
	out := []byte{raw[0], 0x80}
	for rest := e.Body; len(rest) > 0; {
		kid, after, err := ber.Parse(rest)
		if err != nil {
			t.Fatal(err)
		}
		if kid.Tag == ber.Sequence && bytes.HasPrefix(kid.Body, []byte{0xa0, 3, 2, 1}) {
			out = append(out, kid.Raw...) // a certificate stays as it was signed
		} else {
			out = append(out, segmented(t, kid.Raw)...)
		}
		rest = after
	}
	return append(out, 0, 0)
}

func TestRoundTrip(t *testing.T) {
	for _, cipher := range []Cipher{AES128GCM, AES192GCM, AES256GCM, AES128CBC, AES192CBC, AES256CBC} {
		for _, who := range []string{"rsa", "rsa3072", "p256", "p384", "p521", "x25519"} {
			for _, r := range []Recipient{{}, {PKCS1v15: true}, {ByKeyID: true}} {
				for _, kind := range []ContentType{Data, SignedData} {
					r.Certificate = people()[who].cert
					raw, err := Encrypt(content, []Recipient{r}, EncryptOptions{Cipher: cipher, Type: kind})
					if err != nil {
						t.Fatal(err)
					}
					if !ber.IsDER(raw) {
						t.Error("not DER")
					}
					for _, raw := range [][]byte{raw, segmented(t, raw)} {
						got, err := Open(raw, []Key{people()[who].key()}, OpenOptions{})
						if err != nil || !bytes.Equal(got.Content, content) || got.Type != kind || got.Cipher != cipher ||
							got.TypeProtected != (kind == Data || got.Authenticated) {
							t.Errorf("%s %s: %+v, %v", cipher, who, got, err)
						}
					}
				}
			}
		}
	}
}

func TestEmptyContent(t *testing.T) {
	for _, cipher := range []Cipher{AES256GCM, AES256CBC} {
		raw, err := Encrypt(nil, []Recipient{{Certificate: people()["p256"].cert}}, EncryptOptions{Cipher: cipher})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Open(raw, []Key{people()["p256"].key()}, OpenOptions{}); err != nil || len(got.Content) != 0 {
			t.Errorf("%+v %v", got, err)
		}
	}
	raw, err := Sign([]byte{}, []SigningKey{people()["p256"].signs()}, SignOptions{Time: noon, Detached: true})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := Verify(raw, []byte{}, nil, Limits{}); err != nil || s.Signatures[0].Err != nil {
		t.Errorf("%+v %v", s, err)
	}
}

func TestSignRoundTrip(t *testing.T) {
	for _, who := range []string{"rsa", "pss", "p256", "p384", "p521", "ed25519"} {
		for _, o := range []SignOptions{{}, {Detached: true}, {OmitAttributes: true}, {OmitCertificates: true}, {Type: EnvelopedData}} {
			for _, byKeyID := range []bool{false, true} {
				o.Time = noon
				k := people()[who].signs()
				k.ByKeyID, k.Chain = byKeyID, []*x509.Certificate{people()["ca"].cert}
				raw, err := Sign(content, []SigningKey{k}, o)
				if err != nil {
					t.Fatal(who, err)
				}
				if !ber.IsDER(raw) {
					t.Error("not DER")
				}
				var detached []byte
				if o.Detached {
					detached = content
				}
				for i, raw := range [][]byte{raw, segmented(t, raw)} {
					s, err := Verify(raw, detached, []*x509.Certificate{people()["rsa2"].cert, people()[who].cert}, Limits{})
					if err != nil || s.Signatures[0].Err != nil {
						t.Fatalf("%s %+v: %v %+v", who, o, err, s.Signatures)
					}
					g := s.Signatures[0]
					if g.FromMessage || !g.Certificate.Equal(k.Certificate) || !o.OmitAttributes && !g.SigningTime.Equal(noon) ||
						slices.Contains(g.Findings, AttributesNotDER) != (i == 1 && !o.OmitAttributes) || !o.OmitAttributes && len(g.Capabilities) != 6 {
						t.Errorf("%+v", g)
					}
					if want := map[bool]int{true: 0, false: 2}[o.OmitCertificates]; len(s.Certificates) != want {
						t.Errorf("%d certificates", len(s.Certificates))
					}
				}
			}
		}
	}
}

// A key of the wrong certificate, or none, never signs or seals.
func TestMisuse(t *testing.T) {
	k := people()["p256"].signs()
	wrong := k
	wrong.Certificate = people()["ca"].cert
	nobody := people()["x25519"].cert
	weak := people()["rsa"].signs()
	weak.Hash = gocrypto.SHA1
	cases := map[string]func() error{
		"signing with somebody else's certificate": func() error { _, err := Sign(content, []SigningKey{wrong}, SignOptions{Time: noon}); return err },
		"signing without a time":                   func() error { _, err := Sign(content, []SigningKey{k}, SignOptions{}); return err },
		"signing as nobody":                        func() error { _, err := Sign(content, nil, SignOptions{Time: noon}); return err },
		"signing with SHA-1":                       func() error { _, err := Sign(content, []SigningKey{weak}, SignOptions{Time: noon}); return err },
		"another type without attributes": func() error {
			_, err := Sign(content, []SigningKey{k}, SignOptions{Time: noon, OmitAttributes: true, Type: "1.2.3"})
			return err
		},
		"signing with a key for agreement": func() error {
			_, err := Sign(content, []SigningKey{{Certificate: nobody, Private: k.Private}}, SignOptions{Time: noon})
			return err
		},
		"encrypting to nobody": func() error { _, err := Encrypt(content, nil, EncryptOptions{}); return err },
		"encrypting with 3DES": func() error {
			_, err := Encrypt(content, []Recipient{{Certificate: nobody}}, EncryptOptions{Cipher: TripleDES})
			return err
		},
		"encrypting to a CA": func() error {
			_, err := Encrypt(content, []Recipient{{Certificate: people()["ca"].cert}}, EncryptOptions{})
			return err
		},
		"encrypting to Ed25519": func() error {
			_, err := Encrypt(content, []Recipient{{Certificate: people()["ed25519"].cert}}, EncryptOptions{})
			return err
		},
		"encrypting to a PSS key": func() error {
			_, err := Encrypt(content, []Recipient{{Certificate: people()["pss"].cert}}, EncryptOptions{})
			return err
		},
		"encrypting without a certificate": func() error { _, err := Encrypt(content, []Recipient{{}}, EncryptOptions{}); return err },
		"signing without a certificate":    func() error { _, err := Sign(content, []SigningKey{{}}, SignOptions{Time: noon}); return err },
		"opening without a certificate": func() error {
			raw, err := Encrypt(content, []Recipient{{Certificate: nobody}}, EncryptOptions{})
			must(err)
			_, err = Open(raw, []Key{{}}, OpenOptions{})
			return err
		},
		"randomness that ends": func() error {
			_, err := Encrypt(content, []Recipient{{Certificate: nobody}}, EncryptOptions{Rand: bytes.NewReader([]byte("short"))})
			return err
		},
	}
	for name, f := range cases {
		if f() == nil {
			t.Error(name)
		}
	}
}

// token is an RSA key that only knows plain PKCS#1 v1.5, as hardware does.
type token struct {
	*rsa.PrivateKey
	gone bool
}

func (k token) Decrypt(random io.Reader, c []byte, o gocrypto.DecrypterOpts) ([]byte, error) {
	if k.gone {
		return nil, errors.Join(errors.New("no answer"), ErrUnavailable)
	}
	//lint:ignore SA1019 a session key of the right length is what is tested
	if p, ok := o.(*rsa.PKCS1v15DecryptOptions); ok && p.SessionKeyLen != 0 {
		return nil, errors.New("unsupported option")
	}
	return k.PrivateKey.Decrypt(random, c, o)
}

func TestToken(t *testing.T) {
	private := people()["rsa"].private.(*rsa.PrivateKey)
	for _, pkcs1 := range []bool{false, true} {
		raw, err := Encrypt(content, []Recipient{{Certificate: people()["rsa"].cert, PKCS1v15: pkcs1}}, EncryptOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := Open(raw, []Key{{people()["rsa"].cert, struct{ gocrypto.Decrypter }{token{PrivateKey: private}}}}, OpenOptions{})
		if err != nil || !bytes.Equal(got.Content, content) {
			t.Errorf("%+v %v", got, err)
		}
		if _, err := Open(raw, []Key{{people()["rsa"].cert, struct{ gocrypto.Decrypter }{token{private, true}}}}, OpenOptions{}); !errors.Is(err, ErrUnavailable) {
			t.Errorf("gone: %v", err)
		}
		// Another key under our certificate: not told apart from damage.
		if _, err := Open(raw, []Key{{people()["rsa"].cert, people()["rsa2"].private}}, OpenOptions{}); !errors.Is(err, ErrDecrypt) {
			t.Errorf("wrong key: %v", err)
		}
	}
}

func TestSigningTimeFarAhead(t *testing.T) {
	at := time.Date(2071, 1, 2, 3, 4, 5, 0, time.UTC)
	raw, err := Sign(content, []SigningKey{people()["p256"].signs()}, SignOptions{Time: at})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := Verify(raw, nil, nil, Limits{}); err != nil || s.Signatures[0].Err != nil || !s.Signatures[0].SigningTime.Equal(at) {
		t.Errorf("%+v, %v", s, err)
	}
}
