package cms

import (
	"bytes"
	"compress/zlib"
	gocrypto "crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"slices"
	"testing"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// forge is a SignedData put together by hand: each field can be wrong, and the
// signature is made over what it then says.
type forge struct {
	who        string
	kind       ContentType
	content    []byte
	outside    bool
	hash       gocrypto.Hash
	digest     ber.Node // instead of the one of hash
	attributes []ber.Node
	unsorted   bool // on the wire
	bare       bool // no attributes
	scheme     ber.Node
	signer     ber.Node
	signature  func([]byte) []byte
	signers    int
	certs      []*x509.Certificate
}

func attribute1(id string, values ...ber.Node) ber.Node {
	return ber.Seq(ber.ID(id), ber.SetOf(values...))
}

func (f forge) digestAttribute() ber.Node {
	return attribute1(attrMessageDigest, ber.Octets(algid.Sum(f.hash, f.content)))
}

func newForge(who string) forge {
	f := forge{who: who, kind: Data, content: content, hash: gocrypto.SHA256, signers: 1, signature: func(b []byte) []byte { return b }}
	f.attributes = []ber.Node{f.digestAttribute(), attribute1(attrContentType, ber.ID(string(Data)))}
	return f
}

func (f forge) bytes(t testing.TB) []byte {
	t.Helper()
	p := people()[f.who]
	key, err := algid.KeyOf(p.cert)
	if err != nil {
		t.Fatal(err)
	}
	scheme, err := algid.Choose(key, f.hash, false)
	if err != nil {
		t.Fatal(err)
	}
	covered, wire := f.content, ber.Node{}
	if !f.bare {
		covered, wire = ber.SetOf(f.attributes...).Bytes(), ber.ImplicitSetOf(0, f.attributes...)
		if f.unsorted {
			sorted := slices.Clone(f.attributes)
			slices.SortFunc(sorted, func(a, b ber.Node) int { return -bytes.Compare(a.Bytes(), b.Bytes()) })
			wire = ber.Explicit(0, sorted...)
		}
	}
	signature, err := scheme.Sign(rand.Reader, p.private.(gocrypto.Signer), covered)
	if err != nil {
		t.Fatal(err)
	}
	or := func(n, other ber.Node) ber.Node {
		if n.Bytes() == nil || len(n.Bytes()) == 0 {
			return other
		}
		return n
	}
	digest := or(f.digest, algid.DigestNode(f.hash))
	signer := or(f.signer, Identifier{Issuer: p.cert.RawIssuer, Serial: p.cert.SerialNumber}.node())
	info := ber.Seq(ber.Int(1), signer, digest, wire, or(f.scheme, scheme.Node()), ber.Octets(f.signature(signature)))
	inner := ber.Node{}
	if !f.outside {
		inner = ber.Explicit(0, ber.Octets(f.content))
	}
	certs := ber.Node{}
	if f.certs != nil {
		var nodes []ber.Node
		for _, c := range f.certs {
			nodes = append(nodes, ber.Raw(c.Raw))
		}
		certs = ber.ImplicitSetOf(0, nodes...)
	}
	return wrapped(SignedData, ber.Seq(ber.Int(1), ber.SetOf(digest), ber.Seq(ber.ID(string(f.kind)), inner), certs,
		ber.SetOf(slices.Repeat([]ber.Node{info}, f.signers)...)))
}

// Each trick beside the same message without it.
func TestTricksOfSigners(t *testing.T) {
	sum := func(b []byte) ber.Node {
		return attribute1(attrMessageDigest, ber.Octets(algid.Sum(gocrypto.SHA256, b)))
	}
	dataType := attribute1(attrContentType, ber.ID(string(Data)))
	cases := []struct {
		name   string
		who    string
		change func(*forge)
		want   error
	}{
		{"nothing wrong", "rsa", func(*forge) {}, nil},
		{"wrong content type attribute", "rsa", func(f *forge) { f.attributes[1] = attribute1(attrContentType, ber.ID(string(SignedData))) }, ErrContentType},
		{"no content type attribute", "rsa", func(f *forge) { f.attributes = f.attributes[:1] }, ErrAttributeMissing},
		{"no message digest", "rsa", func(f *forge) { f.attributes = f.attributes[1:] }, ErrAttributeMissing},
		{"digest of another content", "rsa", func(f *forge) { f.attributes[0] = sum([]byte("other")) }, ErrMessageDigest},
		{"digest of nothing", "rsa", func(f *forge) { f.attributes[0] = attribute1(attrMessageDigest, ber.Octets(nil)) }, ErrMessageDigest},
		{"two digests in two attributes", "rsa", func(f *forge) { f.attributes = append(f.attributes, sum([]byte("other"))) }, ErrDuplicateAttribute},
		{"the same attribute twice", "rsa", func(f *forge) { f.attributes = append(f.attributes, dataType) }, ErrDuplicateAttribute},
		{"an unknown attribute twice", "rsa", func(f *forge) {
			f.attributes = append(f.attributes, attribute1("1.2.3.4", ber.Int(1)), attribute1("1.2.3.4", ber.Int(2)))
		}, ErrDuplicateAttribute},
		{"an unknown attribute", "rsa", func(f *forge) { f.attributes = append(f.attributes, attribute1("1.2.3.4", ber.Int(1))) }, nil},
		{"two values of the digest", "rsa", func(f *forge) {
			f.attributes[0] = attribute1(attrMessageDigest, ber.Octets(algid.Sum(f.hash, f.content)), ber.Octets([]byte("x")))
		}, ErrAttribute},
		{"an attribute without values", "rsa", func(f *forge) { f.attributes[0] = attribute1(attrMessageDigest) }, ErrAttribute},
		{"two signing times in one", "rsa", func(f *forge) {
			f.attributes = append(f.attributes, attribute1(attrSigningTime, ber.Time(noon), ber.Time(noon.AddDate(1, 0, 0))))
		}, ErrAttribute},
		{"a signing time that is none", "rsa", func(f *forge) { f.attributes = append(f.attributes, attribute1(attrSigningTime, ber.Int(1))) }, ErrAttribute},
		{"no attributes at all, id-data", "rsa", func(f *forge) { f.bare = true }, nil},
		{"no attributes, another type", "rsa", func(f *forge) { f.bare, f.kind = true, "1.2.3.4" }, ErrAttributeMissing},
		{"an empty set of attributes", "rsa", func(f *forge) { f.attributes = []ber.Node{} }, ErrAttribute},
		{"attributes passed off as content", "rsa", func(f *forge) { f.bare, f.content = true, ber.SetOf(f.attributes...).Bytes() }, ErrAmbiguous},
		{"content that merely begins like attributes", "rsa", func(f *forge) { f.bare, f.content = true, []byte("1\x02no") }, nil},
		{"RSA signature with a byte behind", "rsa", func(f *forge) { f.signature = func(b []byte) []byte { return append(b, 0) } }, ErrSignature},
		{"RSA signature with a byte before", "rsa", func(f *forge) { f.signature = func(b []byte) []byte { return append([]byte{0}, b...) } }, ErrSignature},
		{"ECDSA signature with bytes behind", "p256", func(f *forge) { f.signature = func(b []byte) []byte { return append(b, 5, 0) } }, ErrSignature},
		{"ECDSA signature that is BER", "p256", func(f *forge) { f.signature = func(b []byte) []byte { return append([]byte{0x30, 0x81}, b[1:]...) } }, ErrSignature},
		{"an empty signature", "p256", func(f *forge) { f.signature = func([]byte) []byte { return nil } }, ErrSignature},
		{"Ed25519 cut off", "ed25519", func(f *forge) {
			f.hash = gocrypto.SHA512
			f.attributes[0] = f.digestAttribute()
			f.signature = func(b []byte) []byte { return b[:63] }
		}, ErrSignature},
		{"ECDSA said, RSA key", "rsa", func(f *forge) { f.scheme = algid.Node("1.2.840.10045.4.3.2", ber.Node{}) }, ErrKeyMismatch},
		{"RSA said, EC key", "p256", func(f *forge) { f.scheme = algid.Node(algid.RSA, ber.Nil()) }, ErrKeyMismatch},
		{"Ed25519 said, EC key", "p256", func(f *forge) { f.scheme = algid.Node(algid.Ed25519, ber.Node{}) }, ErrKeyMismatch},
		{"sha512WithRSA over SHA-256", "rsa", func(f *forge) { f.scheme = algid.Node("1.2.840.113549.1.1.13", ber.Nil()) }, ErrParameters},
		{"sha256WithRSA over SHA-256", "rsa", func(f *forge) { f.scheme = algid.Node("1.2.840.113549.1.1.11", ber.Nil()) }, nil},
		{"id-ecPublicKey as the signature", "p256", func(f *forge) { f.scheme = algid.Node(algid.EC, ber.Node{}) }, nil},
		{"rsaEncryption with odd parameters", "rsa", func(f *forge) { f.scheme = algid.Node(algid.RSA, ber.Int(1)) }, ErrParameters},
		{"a signature algorithm that is not known", "rsa", func(f *forge) { f.scheme = algid.Node("1.2.3.4", ber.Node{}) }, ErrUnsupported},
		{"a digest that is not known", "rsa", func(f *forge) { f.digest = algid.Node("1.2.3.4", ber.Node{}) }, ErrUnsupported},
		{"PSS with a key that is not bound, PKCS#1 with one that is", "pss", func(f *forge) { f.scheme = algid.Node(algid.RSA, ber.Nil()) }, ErrKeyMismatch},
		{"PSS without parameters", "pss", func(f *forge) { f.scheme = algid.Node(algid.RSAPSS, ber.Node{}) }, ErrParameters},
		{"PSS of another digest", "pss", func(f *forge) { f.scheme = pssNode(gocrypto.SHA384, gocrypto.SHA384, 32, 1) }, ErrParameters},
		{"PSS with another MGF digest", "pss", func(f *forge) { f.scheme = pssNode(gocrypto.SHA256, gocrypto.SHA1, 32, 1) }, ErrParameters},
		{"PSS with another salt length", "pss", func(f *forge) { f.scheme = pssNode(gocrypto.SHA256, gocrypto.SHA256, 20, 1) }, ErrSignature},
		{"PSS with a negative salt", "pss", func(f *forge) { f.scheme = pssNode(gocrypto.SHA256, gocrypto.SHA256, -1, 1) }, ErrParameters},
		{"PSS with an odd trailer", "pss", func(f *forge) { f.scheme = pssNode(gocrypto.SHA256, gocrypto.SHA256, 32, 2) }, ErrParameters},
		{"PSS as it should be", "pss", func(f *forge) { f.scheme = pssNode(gocrypto.SHA256, gocrypto.SHA256, 32, 1) }, nil},
		{"a serial number of nobody", "rsa", func(f *forge) {
			f.signer = Identifier{Issuer: people()["rsa"].cert.RawIssuer, Serial: noonSerial()}.node()
		}, ErrNoCertificate},
		{"the issuer's name only alike", "rsa", func(f *forge) {
			f.signer = Identifier{Issuer: people()["rsa"].cert.RawSubject, Serial: people()["rsa"].cert.SerialNumber}.node()
		}, ErrNoCertificate},
		{"named as somebody else", "rsa", func(f *forge) { f.signer = Identifier{KeyID: people()["rsa2"].cert.SubjectKeyId}.node() }, ErrSignature},
		{"signing certificate of somebody else", "rsa", func(f *forge) {
			f.attributes = append(f.attributes, signingCertificate(people()["rsa2"].cert))
		}, ErrSigningCertificate},
		{"signing certificate as it should be", "rsa", func(f *forge) { f.attributes = append(f.attributes, signingCertificate(people()["rsa"].cert)) }, nil},
		{"a broken signing certificate", "rsa", func(f *forge) { f.attributes = append(f.attributes, attribute1(attrCertificateV2, ber.Int(1))) }, ErrAttribute},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := newForge(c.who)
			c.change(&f)
			known := []*x509.Certificate{people()[c.who].cert, people()["rsa2"].cert}
			s, err := Verify(f.bytes(t), nil, known, Limits{})
			if err != nil || len(s.Signatures) != 1 || !errors.Is(s.Signatures[0].Err, c.want) {
				t.Errorf("%v, %+v", err, s.Signatures)
			}
		})
	}
}

func pssNode(hash, mask gocrypto.Hash, salt, trailer int) ber.Node {
	return algid.Node(algid.RSAPSS, ber.Seq(ber.Explicit(0, algid.DigestNode(hash)), ber.Explicit(1, algid.Node(algid.MGF1, algid.DigestNode(mask))),
		ber.Explicit(2, ber.Int(salt)), ber.Explicit(3, ber.Int(trailer))))
}

func noonSerial() *big.Int { return big.NewInt(424242) }

func signingCertificate(cert *x509.Certificate) ber.Node {
	return attribute1(attrCertificateV2, ber.Seq(ber.Seq(ber.Seq(ber.Octets(algid.Sum(gocrypto.SHA256, cert.Raw))))))
}

// Attributes in another order on the wire are verified over their DER form.
func TestAttributesOutOfOrder(t *testing.T) {
	f := newForge("rsa")
	f.unsorted = true
	s, err := Verify(f.bytes(t), nil, []*x509.Certificate{people()["rsa"].cert}, Limits{})
	if err != nil || s.Signatures[0].Err != nil || !slices.Contains(s.Signatures[0].Findings, AttributesNotDER) {
		t.Errorf("%v %+v", err, s.Signatures)
	}
}

// A certificate in the mail that bears the name of a known one changes nothing.
func TestCertificateSubstitution(t *testing.T) {
	genuine := people()["p256"]
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	evil := issue("p256", key, people()["ca"].cert, key.Public(), people()["ca"].private, genuine.cert.SerialNumber.Int64())
	raw, err := Sign(content, []SigningKey{evil.signs()}, SignOptions{Time: noon})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Verify(raw, nil, []*x509.Certificate{genuine.cert}, Limits{})
	if err != nil || !errors.Is(s.Signatures[0].Err, ErrSignature) || !s.Signatures[0].Certificate.Equal(genuine.cert) {
		t.Errorf("%v %+v", err, s.Signatures)
	}
	if s, err = Verify(raw, nil, nil, Limits{}); err != nil || s.Signatures[0].Err != nil || !s.Signatures[0].FromMessage {
		t.Errorf("alone it is right, and said to be from the message: %v %+v", err, s.Signatures)
	}
	f := newForge("p256")
	f.certs = []*x509.Certificate{evil.cert, genuine.cert}
	s, err = Verify(f.bytes(t), nil, nil, Limits{})
	if err != nil || s.Signatures[0].Err != nil || !s.Signatures[0].Certificate.Equal(genuine.cert) || !slices.Contains(s.Signatures[0].Findings, SeveralMatch) {
		t.Errorf("two of that name: %v %+v", err, s.Signatures)
	}
}

func TestTricksOfMessages(t *testing.T) {
	good := newForge("rsa")
	detached := good
	detached.outside = true
	nobody := good
	nobody.signers = 0
	crowd := good
	crowd.signers = 33
	attributes := good
	for range 80 {
		attributes.attributes = append(slices.Clone(attributes.attributes), attribute1("1.2.3."+string(rune('0'+len(attributes.attributes)%10)), ber.Int(1)))
	}
	cases := []struct {
		name     string
		raw      []byte
		detached []byte
		want     error
	}{
		{"content inside and outside", good.bytes(t), content, ErrBothContents},
		{"content inside and an empty one outside", good.bytes(t), []byte{}, ErrBothContents},
		{"no content at all", detached.bytes(t), nil, ErrNoContent},
		{"no signers", nobody.bytes(t), nil, ErrNoSigners},
		{"a crowd of signers", crowd.bytes(t), nil, ErrTooLarge},
		{"a byte behind", append(good.bytes(t), 0), nil, ErrTrailingData},
		{"a second message behind", append(good.bytes(t), good.bytes(t)...), nil, ErrTrailingData},
		{"something else", wrapped(EnvelopedData, ber.Seq()), nil, ErrWrongType},
		{"nothing", nil, nil, ErrMalformed},
		{"cut off", good.bytes(t)[:200], nil, ErrMalformed},
		{"a field too many", wrapped(SignedData, ber.Seq(ber.Int(1), ber.SetOf(), ber.Seq(ber.ID(string(Data))), ber.SetOf(), ber.Int(1))), nil, ErrMalformed},
		{"two contents", wrapped(SignedData, ber.Seq(ber.Int(1), ber.SetOf(), ber.Seq(ber.ID(string(Data)), ber.Explicit(0, ber.Octets(content), ber.Octets(content))), ber.SetOf())), nil, ErrMalformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if s, err := Verify(c.raw, c.detached, nil, Limits{}); !errors.Is(err, c.want) || len(s.Signatures) != 0 {
				t.Errorf("%v %+v", err, s)
			}
		})
	}
	s, err := Verify(attributes.bytes(t), nil, nil, Limits{})
	if err != nil || !errors.Is(s.Signatures[0].Err, ErrDuplicateAttribute) {
		t.Errorf("%v %+v", err, s.Signatures)
	}
}

// One right signature says nothing about the other.
func TestSeveralSigners(t *testing.T) {
	raw, err := Sign(content, []SigningKey{people()["rsa"].signs(), people()["ed25519"].signs(), people()["p521"].signs()}, SignOptions{Time: noon, Detached: true})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Verify(raw, content, nil, Limits{})
	if err != nil || len(s.Signatures) != 3 || slices.ContainsFunc(s.Signatures, func(g Signature) bool { return g.Err != nil }) {
		t.Errorf("%v %+v", err, s.Signatures)
	}
	if s, _ = Verify(raw, append([]byte("x"), content...), nil, Limits{}); !slices.ContainsFunc(s.Signatures, func(g Signature) bool { return errors.Is(g.Err, ErrMessageDigest) }) {
		t.Errorf("another content: %+v", s.Signatures)
	}
	other, _ := Sign([]byte("other"), []SigningKey{people()["rsa"].signs()}, SignOptions{Time: noon, Detached: true})
	if s, _ = Verify(other, content, nil, Limits{}); !errors.Is(s.Signatures[0].Err, ErrMessageDigest) {
		t.Errorf("%+v", s.Signatures)
	}
}

func TestBundle(t *testing.T) {
	f := newForge("rsa")
	f.signers, f.outside, f.certs = 0, true, []*x509.Certificate{people()["rsa"].cert, people()["ca"].cert}
	certs, _, err := Certificates(f.bytes(t), Limits{})
	if err != nil || len(certs) != 2 {
		t.Errorf("%v %v", certs, err)
	}
	if _, _, err := Certificates(f.bytes(t), Limits{Certificates: 1}); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

func compressed(id string, b []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(b)
	_ = w.Close()
	return wrapped(CompressedData, ber.Seq(ber.Int(0), algid.Node(id, ber.Node{}), ber.Seq(ber.ID(string(Data)), ber.Explicit(0, ber.Octets(z.Bytes())))))
}

func TestDecompress(t *testing.T) {
	raw := compressed(zlibCompress, content)
	for _, raw := range [][]byte{raw, segmented(t, raw)} {
		if kind, got, err := Decompress(raw, Limits{}); err != nil || kind != Data || !bytes.Equal(got, content) {
			t.Errorf("%s %q %v", kind, got, err)
		}
	}
	bomb := compressed(zlibCompress, make([]byte, 20<<20))
	if _, _, err := Decompress(bomb, Limits{Content: 1 << 20}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a bomb of %d bytes: %v", len(bomb), err)
	}
	if _, _, err := Decompress(compressed("1.2.3", content), Limits{}); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
	if _, _, err := Decompress(wrapped(CompressedData, ber.Seq(ber.Int(0), algid.Node(zlibCompress, ber.Node{}),
		ber.Seq(ber.ID(string(Data)), ber.Explicit(0, ber.Octets([]byte("no zlib")))))), Limits{}); !errors.Is(err, ErrMalformed) {
		t.Error(err)
	}
}

// The key of a certificate that is bound to RSASSA-PSS with parameters.
func TestBoundPSSKey(t *testing.T) {
	ca := people()["ca"].private.(*ecdsa.PrivateKey)
	params := ber.Seq(ber.Explicit(0, algid.DigestNode(gocrypto.SHA512)), ber.Explicit(1, algid.Node(algid.MGF1, algid.DigestNode(gocrypto.SHA512))), ber.Explicit(2, ber.Int(64)))
	p := people()["pss"]
	p.cert = withKey(p.cert, pssKey(p.private.(*rsa.PrivateKey), params), ca)
	k := p.signs()
	raw, err := Sign(content, []SigningKey{k}, SignOptions{Time: noon})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := Verify(raw, nil, nil, Limits{}); err != nil || s.Signatures[0].Err != nil || s.Signatures[0].Digest != gocrypto.SHA512 {
		t.Errorf("%v %+v", err, s.Signatures)
	}
	k.Hash = gocrypto.SHA256
	if _, err := Sign(content, []SigningKey{k}, SignOptions{Time: noon}); !errors.Is(err, ErrKeyMismatch) {
		t.Errorf("another digest than the key's: %v", err)
	}
}
