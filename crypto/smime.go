package crypto

import (
	"errors"

	"almasu/crypto/smime"
	"almasu/exchange"
)

// unsealSMIME opens an S/MIME envelope. What AES-GCM has not authenticated is
// looked into only for a right signature over all of it; without one it is as
// if it had not been opened (DESIGN section 4 item 1).
func (o *opening) unsealSMIME(p sealedPart, data []byte) (inside, bool) {
	s := &o.out.Security
	if _, around := smime.Octets(data); around {
		s.Findings = append(s.Findings, "text-around-armor")
	}
	e, err := o.smime.Open(data, o.left)
	o.spend(len(e.Content))
	if s.Cipher = e.Cipher; e.Weak {
		s.Findings = append(s.Findings, "insecure-cipher: "+e.Cipher)
		s.WeakCipher = s.WeakCipher || e.Withheld
	}
	in := inside{sealed: p, content: e.Content, integrity: e.Authenticated}
	switch {
	case errors.Is(err, smime.ErrUnavailable):
		o.err = err
		fallthrough
	case err != nil:
		s.DecryptError = err.Error()
		return in, false
	case e.Withheld:
		return in, false
	}
	before := len(s.Findings)
	o.interpret(&in, nil)
	if in.integrity {
		return in, true
	}
	for _, c := range in.seen {
		in.integrity = in.integrity || c.whole && c.Right
		in.plain = append(in.plain, c.seen)
	}
	if !in.integrity {
		s.Findings, o.out.Refusal = s.Findings[:before], exchange.Refusal{}
		in.content, in.file, in.entity, in.documents = nil, nil, nil, nil
	}
	return in, in.integrity
}
