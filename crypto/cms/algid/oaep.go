package algid

import (
	gocrypto "crypto"
	"crypto/rsa"
	"fmt"

	"almasu/crypto/cms/ber"
)

// maxLabel bounds the label of RSAES-OAEP.
const maxLabel = 4096

// ParseOAEP reads RSAES-OAEP-params (RFC 4055 section 4.1); what is absent is
// SHA-1 and an empty label.
func ParseOAEP(a Algorithm) (*rsa.OAEPOptions, error) {
	o := rsa.OAEPOptions{Hash: gocrypto.SHA1, MGFHash: gocrypto.SHA1}
	if a.NoParams() {
		return &o, nil
	}
	r := ber.NewReader(a.Params)
	in := r.Enter(ber.Sequence)
	if in.Is(ber.Context(0)) {
		o.Hash = readDigest(in.Enter(ber.Context(0)))
	}
	if in.Is(ber.Context(1)) {
		o.MGFHash = readMask(in.Enter(ber.Context(1)))
	}
	if in.Is(ber.Context(2)) {
		o.Label = readLabel(in.Enter(ber.Context(2)))
	}
	in.End()
	r.End()
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("%w: RSAES-OAEP: %w", ErrParameters, err)
	}
	return &o, nil
}

func readLabel(r *ber.Reader) []byte {
	in := r.Enter(ber.Sequence)
	id, label := in.OID(), in.Octets()
	in.End()
	r.End()
	if r.Err() == nil && (id != PSpecified || len(label) > maxLabel) {
		r.Fail(fmt.Errorf("%w: a label of kind %s, %d bytes", ErrUnsupported, id, len(label)))
	}
	return label
}

// OAEPNode names RSAES-OAEP with one digest for both uses and no label.
func OAEPNode(h gocrypto.Hash) ber.Node {
	if h == gocrypto.SHA1 {
		return Node(RSAOAEP, ber.Seq())
	}
	return Node(RSAOAEP, ber.Seq(ber.Explicit(0, DigestNode(h)), ber.Explicit(1, maskNode(h))))
}
