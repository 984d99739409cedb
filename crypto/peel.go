package crypto

import (
	"slices"

	"almasu/crypto/pgpmime"
	"almasu/crypto/smime"
	"almasu/internal/mimepart"
)

// Bounds on what a message may make us verify: layers of signature and
// compression, and signature parts in all. What is beyond them counts as invalid.
const (
	maxLayers   = 4
	maxVerified = 16
)

// peel takes the layers off that do not encrypt: multipart/signed, verified
// over the part it covers as it stands (RFC 3156 section 5, RFC 8551 section
// 3.5.3), S/MIME signed-data and compressed-data.
func (o *opening) peel(root *mimepart.Part) (*mimepart.Part, []seen) {
	var out []seen
	node := root
	for range maxLayers {
		next, signatures := o.layer(node)
		out = append(out, signatures...)
		if next == nil {
			break
		}
		node = next
	}
	return node, out
}

// layer takes one layer off. next is nil where there is none, or where what
// is inside is not what the signatures cover.
func (o *opening) layer(node *mimepart.Part) (next *mimepart.Part, signatures []seen) {
	if node.MediaType == "multipart/signed" {
		if len(node.Children) < 2 {
			return nil, nil
		}
		whole := len(node.Children) == 2
		signatures = o.detached(node, whole)
		if !whole {
			return nil, signatures // what stands beside the two parts is not signed
		}
		return fileOr(node.Children[0]), signatures
	}
	switch smime.Detect(node) {
	case smime.Signed:
		return o.opaque(node)
	case smime.Compressed:
		return o.compressed(node), nil
	}
	return nil, nil
}

// mayVerify counts the signature parts.
func (o *opening) mayVerify() bool {
	o.verified++
	return o.verified <= maxVerified
}

// detached verifies the signature of a multipart/signed over its first part in
// canonical form, or, as some programs sign it, as it stands.
func (o *opening) detached(p *mimepart.Part, whole bool) []seen {
	if !o.mayVerify() {
		return []seen{seenPGP(pgpmime.Signature{Reason: "more signatures than are verified"}, whole)}
	}
	signature, _ := p.Children[1].Decode(1 << 20)
	verify := func(content []byte) (out []seen) {
		for _, s := range o.ring.VerifyDetached(signature, content, o.at) {
			out = append(out, seenPGP(s, whole))
		}
		return out
	}
	if smime.Detect(p) == smime.Signed || smime.Sniff(signature) == smime.Signed {
		verify = func(content []byte) []seen {
			list, _ := o.smime.Verify(signature, content, o.limits.Decompressed, o.at)
			return allSMIME(list, whole)
		}
	}
	raw := p.Children[0].Raw
	canonical := mimepart.Canonical(raw)
	out := verify(canonical)
	right := func(s seen) bool { return s.Right }
	if len(canonical) == len(raw) || slices.ContainsFunc(out, right) {
		return out
	}
	if asIs := verify(raw); slices.ContainsFunc(asIs, right) {
		return asIs
	}
	return out
}

func allSMIME(list []smime.Signature, whole bool) []seen {
	var out []seen
	for _, s := range list {
		out = append(out, seenSMIME(s, whole))
	}
	return out
}

// opaque opens S/MIME signed-data: the entity in it is what was signed.
func (o *opening) opaque(node *mimepart.Part) (*mimepart.Part, []seen) {
	if !o.mayVerify() {
		return nil, []seen{seenPGP(pgpmime.Signature{Reason: "more signatures than are verified"}, true)}
	}
	data, _ := node.Decode(o.limits.Message)
	list, content := o.smime.Verify(data, nil, o.limits.Decompressed, o.at)
	signatures := allSMIME(list, true)
	if content == nil {
		return nil, signatures
	}
	return o.entityIn(content, node), signatures
}

// fileOr is the signed part, or the file that a script signed as it was,
// without a header: openssl and gpg take whatever they are given.
func fileOr(p *mimepart.Part) *mimepart.Part {
	if typeOf(p.Raw) == "" {
		return p
	}
	return file(p.Raw, p.Path)
}

// file is a part whose octets are a report file.
func file(content []byte, path string) *mimepart.Part {
	return &mimepart.Part{Raw: content, Body: content, MediaType: typeOf(content), Params: map[string]string{}, Path: path}
}

func (o *opening) compressed(node *mimepart.Part) *mimepart.Part {
	data, _ := node.Decode(o.limits.Message)
	content, err := smime.Decompress(data, o.left)
	o.spend(len(content))
	if err != nil {
		o.out.Security.Findings = append(o.out.Security.Findings, "compressed-data: "+err.Error())
		return nil
	}
	return o.entityIn(content, node)
}

// entityIn is the entity that a CMS object holds, or the file that stands
// there instead of one.
func (o *opening) entityIn(content []byte, in *mimepart.Part) *mimepart.Part {
	if !isEntity(content, true) {
		return file(content, in.Path)
	}
	root, err := mimepart.Parse(content, o.limits.mime())
	if err != nil {
		o.out.Refusal = structural(err)
	}
	o.out.Security.Findings = defects(root, o.out.Security.Findings)
	return root
}
