package cms

import (
	"bytes"
	gocrypto "crypto"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"io"
	"testing"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// Every bit of what is authenticated, flipped: nothing but the genuine content
// ever comes out, and no error tells more than its name.
func TestEveryBitOfASealedMessage(t *testing.T) {
	for _, who := range []string{"p256", "x25519"} {
		raw, err := Encrypt([]byte("short"), []Recipient{{Certificate: people()[who].cert}}, EncryptOptions{})
		if err != nil {
			t.Fatal(err)
		}
		opened := 0
		for i := range raw {
			for bit := range 8 {
				bad := bytes.Clone(raw)
				bad[i] ^= 1 << bit
				got, err := Open(bad, []Key{people()[who].key()}, OpenOptions{})
				if err == nil {
					opened++
					if string(got.Content) != "short" || !got.Authenticated {
						t.Fatalf("byte %d bit %d: %+v", i, bit, got)
					}
				} else if got.Content != nil || !known(err) {
					t.Fatalf("byte %d bit %d: %v", i, bit, err)
				}
			}
		}
		// Versions, the issuer's name (the serial number is enough to try a key), the inner type.
		t.Logf("%s: of %d flips %d did no harm", who, len(raw)*8, opened)
	}
}

func TestEveryBitOfASignedMessage(t *testing.T) {
	for _, o := range []SignOptions{{}, {OmitAttributes: true}, {Detached: true}} {
		o.Time, o.OmitCertificates = noon, true
		raw, err := Sign([]byte("short"), []SigningKey{people()["p256"].signs()}, o)
		if err != nil {
			t.Fatal(err)
		}
		var detached []byte
		if o.Detached {
			detached = []byte("short")
		}
		for i := range raw {
			for bit := range 8 {
				bad := bytes.Clone(raw)
				bad[i] ^= 1 << bit
				s, err := Verify(bad, detached, []*x509.Certificate{people()["p256"].cert}, Limits{})
				if err != nil {
					if !known(err) {
						t.Fatalf("byte %d bit %d: %v", i, bit, err)
					}
					continue
				}
				for _, g := range s.Signatures {
					if g.Err == nil && (!o.Detached && string(s.Content) != "short" || !o.OmitAttributes && !g.SigningTime.Equal(noon) || s.Type != Data) {
						t.Fatalf("byte %d bit %d: %+v %+v", i, bit, s, g)
					}
				}
			}
		}
	}
}

// known: every error has one of the names.
func known(err error) bool {
	for _, name := range []error{ErrMalformed, ErrTrailingData, ErrTooLarge, ErrWrongType, ErrUnsupported, ErrParameters, ErrDecrypt, ErrNotForUs,
		ErrInsecureCipher, ErrNoSigners, ErrBothContents, ErrNoContent, ErrAttribute, ErrAttributeMissing, ErrDuplicateAttribute, ErrContentType} {
		if errors.Is(err, name) {
			return true
		}
	}
	return false
}

// envelopeOf rebuilds a message of one RSA recipient from its parts.
type parts struct {
	kind       ContentType
	recipients []ber.Node
	inner      []ber.Node
	behind     []ber.Node
}

func (p parts) bytes() []byte {
	fields := append([]ber.Node{ber.Int(0), ber.SetOf(p.recipients...), ber.Seq(p.inner...)}, p.behind...)
	return wrapped(p.kind, ber.Seq(fields...))
}

func partsOf(t *testing.T, raw []byte) parts {
	t.Helper()
	kind, in, err := open(raw, EnvelopedData, AuthEnvelopedData)
	if err != nil {
		t.Fatal(err)
	}
	p := parts{kind: kind}
	in.Int()
	for set := in.Enter(ber.Set); set.More(); {
		p.recipients = append(p.recipients, ber.Raw(set.Any().Raw))
	}
	for inner := in.Enter(ber.Sequence); inner.More(); {
		p.inner = append(p.inner, ber.Raw(inner.Any().Raw))
	}
	for in.More() {
		p.behind = append(p.behind, ber.Raw(in.Any().Raw))
	}
	return p
}

func TestTricksOfEnvelopes(t *testing.T) {
	seal := func(o EncryptOptions) parts {
		raw, err := Encrypt(content, []Recipient{{Certificate: people()["rsa"].cert}}, o)
		if err != nil {
			t.Fatal(err)
		}
		return partsOf(t, raw)
	}
	gcm := contentCipher{name: AES256GCM, aead: true, keySize: 32, iv: make([]byte, 12), tag: 16}
	cases := []struct {
		name   string
		from   EncryptOptions
		change func(*parts)
		want   error
	}{
		{"nothing wrong", EncryptOptions{}, func(*parts) {}, nil},
		{"AES-GCM in a plain envelope", EncryptOptions{}, func(p *parts) { p.kind, p.behind = EnvelopedData, nil }, ErrMalformed},
		{"AES-CBC in an authenticated one", EncryptOptions{Cipher: AES256CBC}, func(p *parts) { p.kind, p.behind = AuthEnvelopedData, []ber.Node{ber.Octets(make([]byte, 16))} }, ErrMalformed},
		{"GCM taken for CBC", EncryptOptions{}, func(p *parts) {
			p.kind, p.behind = EnvelopedData, nil
			p.inner[1] = contentCipher{name: AES256CBC, iv: make([]byte, 16)}.node()
		}, ErrDecrypt},
		{"no tag", EncryptOptions{}, func(p *parts) { p.behind = nil }, ErrMalformed},
		{"an empty tag", EncryptOptions{}, func(p *parts) { p.behind = []ber.Node{ber.Octets(nil)} }, ErrMalformed},
		{"a tag of 4 bytes announced", EncryptOptions{}, func(p *parts) {
			c := gcm
			c.tag = 4
			p.inner[1], p.behind = c.node(), []ber.Node{ber.Octets(make([]byte, 4))}
		}, ErrParameters},
		{"a tag shorter than announced", EncryptOptions{}, func(p *parts) { p.behind = []ber.Node{ber.Octets(make([]byte, 12))} }, ErrMalformed},
		{"another nonce", EncryptOptions{}, func(p *parts) { p.inner[1] = gcm.node() }, ErrDecrypt},
		{"the type changed", EncryptOptions{}, func(p *parts) { p.inner[0] = ber.ID("1.2.3.4") }, nil},
		{"the protected type changed", EncryptOptions{Type: SignedData}, func(p *parts) { p.inner[0] = ber.ID("1.2.3.4") }, ErrContentType},
		{"the protected type taken away", EncryptOptions{Type: SignedData}, func(p *parts) { p.behind = p.behind[1:] }, ErrDecrypt},
		{"attributes added", EncryptOptions{}, func(p *parts) {
			p.behind = append([]ber.Node{ber.ImplicitSetOf(1, attribute1(attrContentType, ber.ID(string(Data))))}, p.behind...)
		}, ErrDecrypt},
		{"no content", EncryptOptions{}, func(p *parts) { p.inner = p.inner[:2] }, ErrMalformed},
		{"no recipients", EncryptOptions{}, func(p *parts) { p.recipients = nil }, ErrNotForUs},
		{"a crowd of recipients", EncryptOptions{}, func(p *parts) {
			for range 2000 {
				p.recipients = append(p.recipients, p.recipients[0])
			}
		}, ErrTooLarge},
		{"other kinds of recipients beside", EncryptOptions{}, func(p *parts) {
			p.recipients = append(p.recipients, ber.Explicit(2, ber.Int(4)), ber.Explicit(3, ber.Int(0)), ber.Explicit(4, ber.ID("1.2.3")))
		}, nil},
		{"an initial vector that is too short", EncryptOptions{Cipher: AES128CBC}, func(p *parts) { p.inner[1] = contentCipher{name: AES128CBC, iv: make([]byte, 8)}.node() }, ErrParameters},
		{"half a block", EncryptOptions{Cipher: AES128CBC}, func(p *parts) { p.inner[2] = ber.Implicit(0, make([]byte, 24)) }, ErrDecrypt},
		{"a cipher that is not known", EncryptOptions{}, func(p *parts) { p.inner[1] = algid.Node("1.2.3.4", ber.Node{}) }, ErrUnsupported},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := seal(c.from)
			c.change(&p)
			got, err := Open(p.bytes(), []Key{people()["rsa"].key()}, OpenOptions{})
			if !errors.Is(err, c.want) || (err == nil) != (got.Content != nil) {
				t.Errorf("%+v, %v", got, err)
			}
			if c.name == "the type changed" && got.TypeProtected {
				t.Error("nothing protects that type")
			}
		})
	}
}

// A wrong key and a damaged message cannot be told apart: same error, same text.
func TestNoOracle(t *testing.T) {
	raw, err := Encrypt(content, []Recipient{{Certificate: people()["rsa"].cert, PKCS1v15: true}}, EncryptOptions{Cipher: AES256CBC})
	if err != nil {
		t.Fatal(err)
	}
	p := partsOf(t, raw)
	texts := map[string]int{}
	try := func(p parts) {
		for range 20 {
			if _, err := Open(p.bytes(), []Key{people()["rsa"].key()}, OpenOptions{}); err != nil {
				texts[err.Error()]++
				if !errors.Is(err, ErrDecrypt) {
					t.Error(err)
				}
			}
		}
	}
	id := Identifier{Issuer: people()["rsa"].cert.RawIssuer, Serial: people()["rsa"].cert.SerialNumber}.node()
	for _, size := range []int{256, 255, 1, 0} { // no padding, impossible lengths
		encrypted := make([]byte, size)
		_, _ = rand.Read(encrypted)
		if size == 256 {
			encrypted[0] = 0
		}
		q := p
		q.recipients = []ber.Node{ber.Seq(ber.Int(0), id, algid.Node(algid.RSA, ber.Nil()), ber.Octets(encrypted))}
		try(q)
	}
	q := p
	q.inner = []ber.Node{p.inner[0], p.inner[1], ber.Implicit(0, make([]byte, 64))}
	try(q)
	if len(texts) != 1 {
		t.Errorf("%v", texts)
	}
}

// Points that are not on our curve, or of small order, agree on nothing.
func TestInvalidPoints(t *testing.T) {
	cases := []struct {
		name, who string
		algorithm ber.Node
		point     []byte
	}{
		{"off the curve", "p256", algid.Node(algid.EC, ber.Node{}), append([]byte{4}, make([]byte, 64)...)},
		{"at infinity", "p256", algid.Node(algid.EC, ber.Node{}), []byte{0}},
		{"of another curve", "p256", algid.Node(algid.EC, ber.ID("1.3.132.0.34")), append([]byte{4}, make([]byte, 64)...)},
		{"compressed, off the curve", "p256", algid.Node(algid.EC, ber.Node{}), append([]byte{2}, bytes.Repeat([]byte{0xff}, 32)...)},
		{"nothing", "p256", algid.Node(algid.EC, ber.Node{}), nil},
		{"zero on X25519", "x25519", algid.Node(algid.X25519, ber.Node{}), make([]byte, 32)},
		{"an EC key for X25519", "x25519", algid.Node(algid.EC, ber.Node{}), make([]byte, 32)},
	}
	for _, c := range cases {
		p := people()[c.who]
		raw, err := Encrypt(content, []Recipient{{Certificate: p.cert}}, EncryptOptions{})
		if err != nil {
			t.Fatal(err)
		}
		q := partsOf(t, raw)
		id := Identifier{Issuer: p.cert.RawIssuer, Serial: p.cert.SerialNumber}
		scheme := algid.Node(agreements[0].id, algid.Node(wraps[0].id, ber.Node{}))
		q.recipients = []ber.Node{ber.Explicit(1, ber.Int(3), ber.Explicit(0, ber.Explicit(1, c.algorithm, ber.Bits(c.point))), scheme,
			ber.Seq(ber.Seq(id.node(), ber.Octets(make([]byte, 40)))))}
		if got, err := Open(q.bytes(), []Key{p.key()}, OpenOptions{}); !errors.Is(err, ErrDecrypt) && !errors.Is(err, ErrParameters) || got.Content != nil {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

// The sender's point may be compressed, its parameters NULL or the curve.
func TestCompressedPoint(t *testing.T) {
	for _, who := range []string{"p256", "p384", "p521"} {
		p := people()[who]
		ours, _ := exchanger(p.private)
		sender, err := ours.Curve().GenerateKey(rand.Reader)
		must(err)
		full := sender.PublicKey().Bytes()
		size := (len(full) - 1) / 2
		point := append([]byte{2 + full[len(full)-1]&1}, full[1:1+size]...)
		public, err := ephemeral(ours.Curve(), &agreement{algorithm: algid.Algorithm{ID: algid.EC, Params: []byte{5, 0}}, public: point})
		if err != nil || !public.Equal(sender.PublicKey()) {
			t.Errorf("%s: %v", who, err)
		}
	}
	if _, err := exchanger(people()["ed25519"].private); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
	var _ ecdh.KeyExchanger = people()["x25519"].private.(*ecdh.PrivateKey)
}

// The vectors of RFC 3394 section 4 and a KDF that is asked for several blocks.
func TestKeyWrap(t *testing.T) {
	kek := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	key := []byte{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF}
	want := []byte{0x1F, 0xA6, 0x8B, 0x0A, 0x81, 0x12, 0xB4, 0x47, 0xAE, 0xF3, 0x4B, 0xD8, 0xFB, 0x5A, 0x7B, 0x82, 0x9D, 0x3E, 0x86, 0x23, 0x71, 0xD2, 0xCF, 0xE5}
	got, err := wrap(kek, key)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x %v", got, err)
	}
	back, err := unwrap(kek, want)
	if err != nil || !bytes.Equal(back, key) {
		t.Errorf("%x %v", back, err)
	}
	for i := range want {
		bad := bytes.Clone(want)
		bad[i] ^= 1
		if _, err := unwrap(kek, bad); !errors.Is(err, ErrDecrypt) {
			t.Error(i, err)
		}
	}
	for _, n := range []int{0, 8, 16, 23, 136} {
		if _, err := unwrap(kek, make([]byte, n)); !errors.Is(err, ErrDecrypt) {
			t.Error(n, err)
		}
	}
	if _, err := wrap(kek, make([]byte, 8)); err == nil {
		t.Error("a key of 8 bytes")
	}
}

func TestLimitOfContent(t *testing.T) {
	raw, err := Encrypt(make([]byte, 5000), []Recipient{{Certificate: people()["p256"].cert}}, EncryptOptions{})
	must(err)
	if _, err := Open(raw, []Key{people()["p256"].key()}, OpenOptions{Limits: Limits{Content: 4000}}); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	raw, err = Sign(make([]byte, 5000), []SigningKey{people()["p256"].signs()}, SignOptions{Time: noon})
	must(err)
	if _, err := Verify(raw, nil, nil, Limits{Content: 4000}); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

// A key of ours that the message names many times is not tried for ever.
func TestLimitOfAttempts(t *testing.T) {
	raw, err := Encrypt(content, []Recipient{{Certificate: people()["rsa"].cert}}, EncryptOptions{})
	must(err)
	p := partsOf(t, raw)
	for range 500 {
		p.recipients = append(p.recipients, p.recipients[0])
	}
	p.behind = []ber.Node{ber.Octets(make([]byte, 16))}
	tries := 0
	counter := counting{people()["rsa"].private.(gocrypto.Decrypter), &tries}
	if _, err := Open(p.bytes(), []Key{{people()["rsa"].cert, counter}}, OpenOptions{}); !errors.Is(err, ErrDecrypt) || tries != 8 {
		t.Errorf("%d tries: %v", tries, err)
	}
}

// counting counts how often a key is used.
type counting struct {
	gocrypto.Decrypter
	n *int
}

func (c counting) Decrypt(random io.Reader, m []byte, o gocrypto.DecrypterOpts) ([]byte, error) {
	*c.n++
	return c.Decrypter.Decrypt(random, m, o)
}
