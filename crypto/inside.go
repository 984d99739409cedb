package crypto

import (
	"bytes"
	"strings"

	"almasu/crypto/pgpmime"
	"almasu/crypto/smime"
	"almasu/exchange"
	"almasu/internal/mimepart"
)

// inside is what one encrypted part turned out to hold.
type inside struct {
	sealed    sealedPart
	content   []byte // decrypted
	integrity bool   // the ciphertext is authenticated, or what covers its content is
	seen      []signedBy
	plain     []seen         // signatures of what turned out not to be encrypted
	entity    *mimepart.Part // root of the entity inside, nil for a file
	file      []byte         // the octets where no entity is inside
	documents []exchange.Document
	refusal   exchange.Refusal
}

// signedBy is a signature and the root of the entity it covers, nil if it
// covers a file or only a part.
type signedBy struct {
	seen
	root *mimepart.Part
}

// maxUnwrap is how often a signed message inside the content is unwrapped.
const maxUnwrap = 3

// interpret looks into decrypted content: the signatures of the message
// itself, signed messages within it, then a MIME entity or a file.
func (o *opening) interpret(in *inside, signatures []seen) {
	in.add(signatures)
	content := in.content
	for range maxUnwrap {
		u, ok := o.unwrap(content)
		if !ok {
			break
		}
		in.add(u.seen)
		if !u.whole {
			break
		}
		content = u.content
	}
	if !isEntity(content, in.sealed.entity) {
		in.file = content
		in.documents = []exchange.Document{{MediaType: typeOf(content), Name: in.sealed.name, Path: in.sealed.part.Path, Body: content}}
		return
	}
	root, err := mimepart.Parse(content, o.limits.mime())
	if err != nil {
		in.entity, in.refusal = root, structural(err)
		return
	}
	o.readEntity(in, root)
}

func (in *inside) add(signatures []seen) {
	for _, s := range signatures {
		in.seen = append(in.seen, signedBy{seen: s})
	}
}

// unwrapped is a signed message taken out of its wrapping. whole is false where
// text stands around it.
type unwrapped struct {
	content []byte
	seen    []seen
	whole   bool
}

// unwrap opens a signed message that stands in the content itself: binary,
// armored or cleartext-signed, or a bare S/MIME object.
func (o *opening) unwrap(content []byte) (u unwrapped, ok bool) {
	if _, around := smime.Octets(content); !around && smime.Sniff(content) == smime.Signed {
		if !o.mayVerify() {
			return u, false
		}
		list, inner := o.smime.Verify(content, nil, o.limits.Decompressed, o.at)
		return unwrapped{content: inner, seen: allSMIME(list, true), whole: inner != nil}, true
	}
	var m pgpmime.Message
	var err error
	switch pgpmime.Sniff(content) {
	case pgpmime.LooksSigned:
		m, err = o.ring.OpenMessage(content, o.left, o.at)
		o.spend(len(m.Content))
	case pgpmime.LooksClear:
		m, err = o.ring.OpenClear(content, o.at)
	default:
		return u, false
	}
	if err != nil || m.Encrypted {
		return u, false
	}
	around, messages := pgpmime.Outside(content)
	u = unwrapped{content: m.Content, whole: messages == 0 || messages == 1 && !around}
	for _, s := range m.Signatures {
		u.seen = append(u.seen, seenPGP(s, u.whole))
	}
	return u, true
}

// readEntity reads the entity inside: its own signatures, and its leaves.
func (o *opening) readEntity(in *inside, root *mimepart.Part) {
	o.out.Security.Findings = defects(root, o.out.Security.Findings)
	node, peeled := o.peel(root)
	for i := range in.seen { // the signatures around the entity cover it all
		if in.seen[i].whole {
			in.seen[i].root = node
		}
	}
	for _, s := range peeled {
		in.seen = append(in.seen, signedBy{seen: s, root: node})
	}
	in.entity = node
	signatures, leaves := o.signedBelow(node, true)
	in.seen = append(in.seen, signatures...)
	if len(detect(node, false).sealed) > 0 {
		o.out.Security.Findings = append(o.out.Security.Findings, "nested-encryption")
	}
	for _, leaf := range leaves {
		in.documents = append(in.documents, o.document(leaf, leaf == node))
	}
}

// signedBelow finds signatures deeper than the root of an entity, and its
// leaves: what is signed, not the wrapping. Such a signature covers the whole
// only where there is nothing else: single parts down to it.
func (o *opening) signedBelow(p *mimepart.Part, whole bool) (out []signedBy, leaves []*mimepart.Part) {
	if len(p.Children) == 0 {
		return o.signedText(p, whole), []*mimepart.Part{p}
	}
	whole = whole && len(p.Children) == 1
	for _, c := range p.Children {
		node, signatures := o.peel(c)
		for _, s := range signatures {
			s.whole = s.whole && whole
			found := signedBy{seen: s}
			if s.whole {
				found.root = node
			}
			out = append(out, found)
		}
		deeper, more := o.signedBelow(node, whole)
		out, leaves = append(out, deeper...), append(leaves, more...)
	}
	return out, leaves
}

// holdsSigned: a signed message may stand in the leaf, in its text or as a file
// that gpg made.
func holdsSigned(p *mimepart.Part) bool {
	if strings.HasPrefix(p.MediaType, "text/") {
		return p.MediaType != "text/html"
	}
	return signedFile(p)
}

// signedFile: the leaf is a file that is a signed OpenPGP message.
func signedFile(p *mimepart.Part) bool {
	if !mayHoldFile(p) && p.MediaType != "application/pgp" {
		return false
	}
	looks := pgpmime.Sniff(beginning(p))
	return looks == pgpmime.LooksSigned || looks == pgpmime.LooksClear
}

// signedText verifies a signed message in a leaf.
func (o *opening) signedText(p *mimepart.Part, whole bool) []signedBy {
	if !holdsSigned(p) {
		return nil
	}
	text, _ := p.Decode(o.limits.Decompressed)
	u, ok := o.unwrap(unstuffed(p, text))
	if !ok {
		return nil
	}
	var out []signedBy
	for _, s := range u.seen {
		s.whole = whole && s.whole
		out = append(out, signedBy{seen: s})
	}
	return out
}

// unstuffed undoes the space-stuffing of format=flowed (RFC 3676 section 4.4),
// which would break a cleartext signature.
func unstuffed(p *mimepart.Part, text []byte) []byte {
	if !strings.EqualFold(p.Params["format"], "flowed") || !bytes.Contains(text, []byte("\n ")) {
		return text
	}
	return bytes.ReplaceAll(text, []byte("\n "), []byte("\n"))
}

// document decodes a leaf for the parser. A text that is itself one signed
// message, and a file that is one, is handed on as what was signed.
func (o *opening) document(p *mimepart.Part, only bool) exchange.Document {
	body, err := p.Decode(o.limits.Decompressed)
	if err != nil {
		o.out.Security.Findings = append(o.out.Security.Findings, "bad-transfer-encoding: part "+p.Path)
	}
	d := exchange.Document{MediaType: p.MediaType, Charset: strings.ToLower(p.Params["charset"]), Name: p.FileName(), Path: p.Path, Body: body}
	if (!only || !strings.HasPrefix(p.MediaType, "text/")) && !signedFile(p) {
		return d
	}
	if u, ok := o.unwrap(unstuffed(p, body)); ok && u.whole {
		d.Body, d.MediaType, d.Name = u.content, typeOf(u.content), plainName(d.Name)
	}
	return d
}

// isEntity tells a MIME entity from a file by its first lines. Inside PGP/MIME
// only what clearly is a report file is taken for one. A line of a report that
// looks like a header field makes no entity of it.
func isEntity(content []byte, must bool) bool {
	if typeOf(content) != "" {
		return false
	}
	head := content[:min(len(content), 64<<10)]
	for len(head) > 0 && !must {
		line, rest, _ := bytes.Cut(head, []byte("\n"))
		line = bytes.ToLower(bytes.TrimRight(line, " \t\r"))
		if bytes.HasPrefix(line, []byte("content-type:")) || bytes.HasPrefix(line, []byte("mime-version:")) {
			return true
		}
		if name, _, field := bytes.Cut(line, []byte(":")); len(line) == 0 || line[0] != ' ' && line[0] != '\t' && (!field || bytes.ContainsAny(name, " \t")) {
			return false
		}
		head = rest
	}
	return must
}

// typeOf guesses the media type of a file from its own octets: the names and
// labels around an encrypted file are not signed.
func typeOf(content []byte) string {
	switch b := bytes.TrimLeft(bytes.TrimPrefix(content[:min(len(content), 1<<10)], []byte("\xef\xbb\xbf")), " \t\r\n"); {
	case bytes.HasPrefix(b, []byte("{")), bytes.HasPrefix(b, []byte("[")):
		return "application/json"
	case bytes.HasPrefix(b, []byte("<")):
		return "application/xml"
	}
	return ""
}
