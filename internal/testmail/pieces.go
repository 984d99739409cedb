package testmail

import (
	"bytes"
	"crypto"
	"io"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// The pieces of OpenPGP messages.

func (m *maker) armouredAs(kind string, packets []byte) []byte {
	if m.err != nil {
		return nil
	}
	return m.keep(armored(kind, func(w io.Writer) error { _, err := w.Write(packets); return err }))
}

// literal is a literal data packet.
func (m *maker) literal(content []byte) []byte {
	var b bytes.Buffer
	m.keep(nil, literal(&b, content))
	return b.Bytes()
}

// signature is a signature packet over content; change may make it odd.
func (m *maker) signature(by string, content []byte, change func(*packet.Signature)) []byte {
	if m.err != nil {
		return nil
	}
	e, err := m.key(by).entity()
	if err != nil {
		return m.keep(nil, err)
	}
	h := handmade{at: m.minuteAgo(), change: change}
	if !m.at.IsZero() {
		h.at = m.at
	}
	for _, name := range m.intended {
		h.intended = append(h.intended, m.key(name))
	}
	sig, err := h.signature(e.PrivateKey, content)
	if err != nil {
		return m.keep(nil, err)
	}
	var b bytes.Buffer
	m.keep(nil, sig.Serialize(&b))
	return b.Bytes()
}

// onePass announces a signature.
func (m *maker) onePass(by string, last bool) []byte {
	if m.err != nil {
		return nil
	}
	e, err := m.key(by).entity()
	if err != nil {
		return m.keep(nil, err)
	}
	var b bytes.Buffer
	m.keep(nil, (&packet.OnePassSignature{Version: 3, SigType: packet.SigTypeBinary, Hash: crypto.SHA256,
		PubKeyAlgo: e.PrivateKey.PubKeyAlgo, KeyId: e.PrivateKey.KeyId, IsLast: last}).Serialize(&b))
	return b.Bytes()
}

// message is a literal with any number of signatures around it (RFC 9580 10.3).
func (m *maker) message(content []byte, by ...string) []byte {
	var head, tail []byte
	for i, name := range by {
		head = append(head, m.onePass(name, i == len(by)-1)...)
		tail = append(m.signature(name, content, nil), tail...)
	}
	return bytes.Join([][]byte{head, m.literal(content), tail}, nil)
}

// encrypt seals packets to somebody's current key.
func (m *maker) encrypt(packets []byte, to ...string) []byte {
	if m.err != nil {
		return nil
	}
	var h handmade
	for _, name := range to {
		h.to = append(h.to, m.key(name+"/current"))
	}
	return m.keep(h.encrypted(packets))
}

// packetOf is a packet of the new format (RFC 9580 4.2.1).
func packetOf(tag byte, body ...[]byte) []byte {
	b := bytes.Join(body, nil)
	return append([]byte{0xc0 | tag, 255, byte(len(b) >> 24), byte(len(b) >> 16), byte(len(b) >> 8), byte(len(b))}, b...)
}

// The pieces of S/MIME.

func (m *maker) certificate(name string) *Certificate {
	person, role, _ := strings.Cut(name, "/")
	c := m.w.Person(person).Certificate(role)
	if c == nil {
		panic("testmail: there is no certificate " + name)
	}
	return c
}

func (m *maker) signers(by ...string) []signer {
	at := m.minuteAgo()
	if !m.at.IsZero() {
		at = m.at
	}
	var out []signer
	for _, name := range by {
		out = append(out, signer{by: m.certificate(name), at: at})
	}
	return out
}

func (m *maker) cms(d signedData) []byte { return m.keep(d.bytes()) }

func (m *maker) envelope(content []byte, e envelope) []byte {
	if e.to == nil {
		e.to = []*Certificate{m.certificate(SelfID + "/current")}
	}
	return m.keep(e.bytes(content))
}

// pkcs7 is a CMS object as an entity (RFC 8551 3.2).
func pkcs7(kind string, der []byte) []byte {
	return crlf("Content-Type: application/pkcs7-mime; smime-type=" + kind + "; name=\"smime.p7m\"\n" +
		"Content-Disposition: attachment; filename=\"smime.p7m\"\nContent-Transfer-Encoding: base64\n\n" + wrapped(der))
}

// clearAround is multipart/signed around an entity (RFC 8551 3.5.3).
func (m *maker) clearAround(entity, signature []byte) []byte {
	return crlf("Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=\"sha-256\"; boundary=\"signed\"\n\n" +
		"--signed\n" + string(entity) + "\n--signed\nContent-Type: application/pkcs7-signature; name=\"smime.p7s\"\n" +
		"Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"smime.p7s\"\n\n" + wrapped(signature) + "\n--signed--\n")
}
