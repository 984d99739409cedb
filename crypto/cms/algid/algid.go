// Package algid owns what an AlgorithmIdentifier means: digests, public keys
// and signatures as X.509 and CMS name them. It verifies and makes signatures
// by those names. It refuses to guess: an algorithm, a parameter or a key that
// does not fit its name is an error with a name of its own, and whether a
// digest is good enough is told (Weak), not decided.
package algid

import (
	"bytes"
	gocrypto "crypto"
	_ "crypto/md5" // verified and marked weak
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"errors"
	"fmt"

	"almasu/crypto/cms/ber"
)

// The errors of this package.
var (
	ErrUnsupported = errors.New("an algorithm that is not supported")
	ErrParameters  = errors.New("wrong parameters of an algorithm")
	ErrKeyMismatch = errors.New("the signature algorithm does not belong to the key")
	ErrSignature   = errors.New("the signature is wrong")
)

// Object identifiers of keys, signatures and key transport.
const (
	RSA        = "1.2.840.113549.1.1.1"
	RSAOAEP    = "1.2.840.113549.1.1.7"
	MGF1       = "1.2.840.113549.1.1.8"
	PSpecified = "1.2.840.113549.1.1.9"
	RSAPSS     = "1.2.840.113549.1.1.10"
	EC         = "1.2.840.10045.2.1"
	Ed25519    = "1.3.101.112"
	X25519     = "1.3.101.110"
)

// Algorithm is an AlgorithmIdentifier.
type Algorithm struct {
	ID     string // dotted
	Params []byte // the encoded parameters, nil if there are none
	Raw    []byte // all of it, as it stood
}

// Read reads an AlgorithmIdentifier under its tag (SEQUENCE, or an implicit one).
func Read(r *ber.Reader, tag ber.Tag) Algorithm {
	e := r.Element(tag)
	if r.Err() == nil && !e.Constructed {
		r.Fail(fmt.Errorf("%w: an algorithm identifier", ber.ErrSyntax))
	}
	in := r.Sub(e)
	a := Algorithm{Raw: e.Raw, ID: in.OID()}
	if in.More() {
		a.Params = in.Any().Raw
	}
	in.End()
	return a
}

// NoParams says whether the parameters are absent or NULL, which receivers
// treat alike (RFC 5754 section 2).
func (a Algorithm) NoParams() bool { return a.Params == nil || bytes.Equal(a.Params, []byte{5, 0}) }

// Node is an AlgorithmIdentifier to be written; the zero Node for no parameters.
func Node(id string, params ber.Node) ber.Node { return ber.Seq(ber.ID(id), params) }

// digests are the ones that are known, with the signature algorithms that name
// them (RFC 5754, RFC 3370).
var digests = []struct {
	hash            gocrypto.Hash
	id, name        string
	withRSA, withEC string
}{
	{gocrypto.SHA256, "2.16.840.1.101.3.4.2.1", "sha256", "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2"},
	{gocrypto.SHA384, "2.16.840.1.101.3.4.2.2", "sha384", "1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3"},
	{gocrypto.SHA512, "2.16.840.1.101.3.4.2.3", "sha512", "1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4"},
	{gocrypto.SHA224, "2.16.840.1.101.3.4.2.4", "sha224", "1.2.840.113549.1.1.14", "1.2.840.10045.4.3.1"},
	{gocrypto.SHA1, "1.3.14.3.2.26", "sha1", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"},
	{gocrypto.MD5, "1.2.840.113549.2.5", "md5", "1.2.840.113549.1.1.4", ""},
}

// Digest is the digest an identifier names; ErrUnsupported, or ErrParameters
// where it has parameters other than NULL.
func Digest(a Algorithm) (gocrypto.Hash, error) {
	for _, d := range digests {
		if d.id == a.ID {
			if !a.NoParams() {
				return 0, fmt.Errorf("%w: digest %s", ErrParameters, d.name)
			}
			return d.hash, nil
		}
	}
	return 0, fmt.Errorf("%w: digest %s", ErrUnsupported, a.ID)
}

// DigestName is the name of a digest in lower case, such as "sha256".
func DigestName(h gocrypto.Hash) string {
	for _, d := range digests {
		if d.hash == h {
			return d.name
		}
	}
	return ""
}

// DigestNode names a digest, without parameters (RFC 5754 section 2).
func DigestNode(h gocrypto.Hash) ber.Node {
	for _, d := range digests {
		if d.hash == h {
			return Node(d.id, ber.Node{})
		}
	}
	return ber.Node{}
}

// WeakDigest says whether collisions of a digest can be made.
func WeakDigest(h gocrypto.Hash) bool { return h == gocrypto.SHA1 || h == gocrypto.MD5 }

// Sum is the digest of a message.
func Sum(h gocrypto.Hash, message []byte) []byte {
	d := h.New()
	d.Write(message)
	return d.Sum(nil)
}
