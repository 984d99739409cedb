package algid

import (
	gocrypto "crypto"
	"fmt"

	"almasu/crypto/cms/ber"
)

// PSS are the parameters of RSASSA-PSS (RFC 4055 section 3.1). The mask is made
// with the same digest; a different one is ErrParameters.
type PSS struct {
	Hash gocrypto.Hash
	Salt int // bytes
}

// maxSalt is above what any key in use has room for.
const maxSalt = 1024

// parsePSS reads RSASSA-PSS-params; what is absent is SHA-1, 20 and 1.
func parsePSS(params []byte) (*PSS, error) {
	p := PSS{Hash: gocrypto.SHA1, Salt: 20}
	mask := gocrypto.SHA1
	trailer := 1
	r := ber.NewReader(params)
	in := r.Enter(ber.Sequence)
	if in.Is(ber.Context(0)) {
		p.Hash = readDigest(in.Enter(ber.Context(0)))
	}
	if in.Is(ber.Context(1)) {
		mask = readMask(in.Enter(ber.Context(1)))
	}
	if in.Is(ber.Context(2)) {
		salt := in.Enter(ber.Context(2))
		p.Salt = salt.Int()
		salt.End()
	}
	if in.Is(ber.Context(3)) {
		t := in.Enter(ber.Context(3))
		trailer = t.Int()
		t.End()
	}
	in.End()
	r.End()
	switch {
	case r.Err() != nil:
		return nil, fmt.Errorf("%w: RSASSA-PSS: %w", ErrParameters, r.Err())
	case mask != p.Hash:
		return nil, fmt.Errorf("%w: RSASSA-PSS: MGF1 with another digest than the signature", ErrParameters)
	case trailer != 1:
		return nil, fmt.Errorf("%w: RSASSA-PSS: trailer field %d", ErrParameters, trailer)
	case p.Salt < 0 || p.Salt > maxSalt:
		return nil, fmt.Errorf("%w: RSASSA-PSS: a salt of %d bytes", ErrParameters, p.Salt)
	}
	return &p, nil
}

// readDigest reads a digest's identifier, the only value in r.
func readDigest(r *ber.Reader) gocrypto.Hash {
	a := Read(r, ber.Sequence)
	r.End()
	if r.Err() != nil {
		return 0
	}
	h, err := Digest(a)
	if err != nil {
		r.Fail(err)
	}
	return h
}

// readMask reads MGF1 and its digest (RFC 4055 section 2.2).
func readMask(r *ber.Reader) gocrypto.Hash {
	a := Read(r, ber.Sequence)
	r.End()
	if r.Err() == nil && a.ID != MGF1 {
		r.Fail(fmt.Errorf("%w: mask generation %s", ErrUnsupported, a.ID))
	}
	if r.Err() != nil {
		return 0
	}
	in := ber.NewReader(a.Params)
	h := readDigest(in)
	if in.Err() != nil {
		r.Fail(in.Err())
	}
	return h
}

// node writes the parameters; defaults are left out, as DER demands.
func (p PSS) node() ber.Node {
	if p.Hash == gocrypto.SHA1 {
		return ber.Seq(ber.Explicit(2, ber.Int(p.Salt)))
	}
	return ber.Seq(ber.Explicit(0, DigestNode(p.Hash)), ber.Explicit(1, maskNode(p.Hash)), ber.Explicit(2, ber.Int(p.Salt)))
}

func maskNode(h gocrypto.Hash) ber.Node { return Node(MGF1, DigestNode(h)) }
