package crypto

import (
	"slices"
	"sort"
	"strings"

	"almasu/exchange"
	"almasu/internal/mimepart"
)

// conclude states the facts about a message whose encrypted parts were all
// opened.
func (o *opening) conclude(opened []inside, outer []seen) {
	chosen := make([]*signedBy, len(opened))
	for i := range opened {
		all := opened[i].seen
		if i == 0 && !anyInside(opened) {
			all = append(all, outside(outer)...)
		}
		var findings []string
		chosen[i], findings = o.bestOf(all)
		o.out.Security.Findings = append(o.out.Security.Findings, findings...)
	}
	if anyInside(opened) && len(outer) > 0 {
		o.out.Security.Findings = append(o.out.Security.Findings, "signature-outside")
	}
	first := o.together(chosen)
	s := &o.out.Security
	if first != nil {
		describe(s, &first.seen, o.ring)
		o.out.Needs = first.Needs
		if first.Waiting && first.whole {
			o.err = ErrRevocation
		}
	}
	for _, c := range chosen { // with several parts each must be meant for us
		var one exchange.Security
		one.Encrypted = true
		if c != nil {
			describe(&one, &c.seen, o.ring)
		}
		s.IntendedForUs = s.IntendedForUs && one.IntendedForUs
		s.IntendedForOthers = s.IntendedForOthers || one.IntendedForOthers
	}
	o.fill(opened, chosen, first)
}

// together reduces the signatures of several encrypted parts to one verdict:
// whole only if each part is signed whole and validly by the same key holder.
func (o *opening) together(chosen []*signedBy) *signedBy {
	first := chosen[0]
	if len(chosen) == 1 {
		return first
	}
	for _, c := range chosen {
		if c == nil {
			continue
		}
		if first == nil {
			first = c
		}
		if c.Made.Before(first.Made) {
			first = c
		}
	}
	if first == nil {
		return nil
	}
	out := *first
	for _, c := range chosen {
		same := c != nil && c.whole && !c.outside && c.state == exchange.SignatureValid && c.Owner == first.Owner && c.Owner != ""
		out.whole = out.whole && same && sameRecipients(c, chosen)
	}
	return &out
}

// sameRecipients: what the signed headers of several parts say of From, To and
// Cc is the same, where they say anything.
func sameRecipients(c *signedBy, others []*signedBy) bool {
	if c == nil || c.root == nil || !carriesHeaders(c.root) {
		return true
	}
	h := headersOf(c.root)
	for _, other := range others {
		if other == nil || other.root == nil || !carriesHeaders(other.root) {
			continue
		}
		if g := headersOf(other.root); !slices.Equal(h.From, g.From) || !slices.Equal(h.To, g.To) || !slices.Equal(h.Cc, g.Cc) {
			return false
		}
	}
	return true
}

// fill hands out payload, digests and protected header as far as the facts
// allow (DESIGN section 4).
func (o *opening) fill(opened []inside, chosen []*signedBy, first *signedBy) {
	s := &o.out.Security
	if o.out.Refusal.Code != "" {
		return
	}
	for _, in := range opened {
		if in.refusal.Code != "" {
			o.out.Refusal = in.refusal
			return
		}
	}
	good := first != nil && first.whole && !first.outside && first.state == exchange.SignatureValid && first.Owner != ""
	attachment := s.Form == exchange.FormAttachment
	if good || !attachment {
		for _, in := range opened {
			o.out.Payload = append(o.out.Payload, in.documents...)
		}
	}
	o.digests(opened, chosen)
	for i, in := range opened {
		if in.entity == nil || attachment && !good {
			continue
		}
		o.out.ProtectedPart = in.entity
		if c := chosen[i]; c != nil && c.verified() && c.whole && !c.outside && c.root != nil {
			o.out.ProtectedPart = c.root
			o.protect(c.root)
		}
		return
	}
}

// protect takes the header of a signed entity where it carries one.
func (o *opening) protect(root *mimepart.Part) {
	if carriesHeaders(root) {
		o.out.Protected = headersOf(root)
	}
}

// digests computes the message integrity check and the digest that recognises
// the same signed content again.
func (o *opening) digests(opened []inside, chosen []*signedBy) {
	at := 0
	for i, in := range opened { // the receipt is about the report
		if len(in.documents) == 1 && in.documents[0].MediaType != "" && in.entity == nil {
			at = i
			break
		}
	}
	in, c := opened[at], chosen[at]
	hash, over, content := "", "file", in.file
	if c != nil {
		hash = c.Hash
	}
	if in.entity != nil {
		over, content = "entity", in.content
		if c != nil && !c.outside && c.Covered != nil {
			content = c.Covered
		}
		content = mimepart.Canonical(content)
	}
	o.out.Digest = digest(hash, over, content)
	var all []string
	for i, c := range chosen {
		switch {
		case c == nil:
			return // unsigned: nothing to recognise
		case c.outside:
			all = append(all, contentDigest(opened[i].content))
		case len(content) > 0 && len(c.Covered) == len(content) && &c.Covered[0] == &content[0]:
			all = append(all, digested(o.out.Digest, content))
		default:
			all = append(all, contentDigest(c.Covered))
		}
	}
	if sort.Strings(all); len(all) > 1 {
		all = []string{contentDigest([]byte(strings.Join(all, "\n")))}
	}
	o.out.ContentDigest = all[0]
}

// clear states what is known of a message that is not encrypted: whether and
// by whom it is signed. It has no payload.
func (o *opening) clear(root, node *mimepart.Part, peeled []seen) {
	var all []signedBy
	for _, s := range peeled {
		all = append(all, signedBy{seen: s, root: node})
	}
	below, _ := o.signedBelow(node, true)
	all = append(all, below...)
	chosen, findings := o.bestOf(all)
	s := &o.out.Security
	s.Findings = append(s.Findings, findings...)
	if chosen == nil {
		return
	}
	describe(s, &chosen.seen, o.ring)
	o.out.Needs = chosen.Needs
	if chosen.Covered != nil {
		over := "entity"
		if chosen.root == nil {
			over = "file"
		}
		o.out.Digest = digest(chosen.Hash, over, chosen.Covered)
		o.out.ContentDigest = contentDigest(chosen.Covered)
	}
	if chosen.verified() && chosen.whole && chosen.root != nil && chosen.root != root {
		o.out.ProtectedPart = chosen.root
		o.protect(chosen.root)
	}
}

func outside(outer []seen) []signedBy {
	var out []signedBy
	for _, s := range outer {
		out = append(out, signedBy{seen: s})
	}
	return out
}

func anyInside(opened []inside) bool {
	for _, in := range opened {
		if len(in.seen) > 0 {
			return true
		}
	}
	return false
}

// bySender: the signature is by the one participant whose address stands in
// From, the signed one if there is one.
func (o *opening) bySender(s signedBy) bool {
	from := o.out.Outer.From
	if s.root != nil && carriesHeaders(s.root) {
		from = headersOf(s.root).From
	}
	return o.ownerOf != nil && s.Owner != "" && len(from) == 1 && o.ownerOf(from[0]) == s.Owner
}

// bestOf is best over signatures with their roots.
func (o *opening) bestOf(all []signedBy) (*signedBy, []string) {
	plain := make([]seen, len(all))
	for i := range all {
		plain[i] = all[i].seen
		plain[i].sender = o.bySender(all[i])
	}
	chosen, findings := best(plain)
	for i := range plain {
		if chosen == &plain[i] {
			return &all[i], findings
		}
	}
	return nil, findings
}
