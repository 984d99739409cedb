package testmail

import (
	"strings"

	"almasu/exchange"
)

// scheme is OpenPGP or S/MIME, with what an attack needs of either. Signers are
// "participant/role". An entity is a MIME header and body.
type scheme interface {
	encryption() exchange.Encryption
	// clear is multipart/signed around an entity.
	clear(m *maker, entity []byte, by string) []byte
	// opaque is one entity that holds the signed one: S/MIME signed-data, or a
	// signed OpenPGP message in a text.
	opaque(m *maker, entity []byte, by string) []byte
	// mail seals an entity that is signed already, or not at all: the content of
	// a mail.
	mail(m *maker, entity []byte) string
	// signed seals an entity as usual, signed by one or more: the content of a mail.
	signed(m *maker, entity []byte, by ...string) string
	// sealed is mail or, with signers, signed, to other recipients than us.
	sealed(m *maker, entity []byte, to string, by ...string) string
	// file is a sealed file, binary; by "" leaves it unsigned.
	file(m *maker, document []byte, by string) []byte
	// attach is a sealed file as a part.
	attach(name string, sealed []byte) part
	// key is the public key or certificate of somebody, as a part.
	key(m *maker, of string) part
}

func schemes() []scheme { return []scheme{openPGP{}, sMIME{}} }

// openPGP makes OpenPGP messages packet by packet.
type openPGP struct{}

func (openPGP) encryption() exchange.Encryption { return exchange.EncryptionOpenPGP }

func (openPGP) clear(m *maker, entity []byte, by string) []byte {
	return crlf(signedMIME(entity, m.armouredAs("PGP SIGNATURE", m.signature(by, entity, nil))))
}

func (openPGP) opaque(m *maker, entity []byte, by string) []byte {
	return crlf("Content-Type: text/plain; charset=us-ascii\n\n" + string(m.armour(m.message(entity, by))))
}

func (s openPGP) mail(m *maker, entity []byte) string { return s.sealed(m, entity, SelfID) }

func (s openPGP) signed(m *maker, entity []byte, by ...string) string {
	return s.sealed(m, entity, SelfID, by...)
}

func (openPGP) sealed(m *maker, entity []byte, to string, by ...string) string {
	return pgpMIME(m.armour(m.encrypt(m.message(entity, by...), to)))
}

func (openPGP) file(m *maker, document []byte, by string) []byte {
	if by == "" {
		return m.encrypt(m.message(document), SelfID)
	}
	return m.encrypt(m.message(document, by), SelfID)
}

func (openPGP) attach(name string, sealed []byte) part {
	return documentPart("application/octet-stream", name+".pgp", sealed)
}

func (openPGP) key(m *maker, of string) part {
	return part{"Content-Type: application/pgp-keys; name=key.asc", string(m.key(of).Public)}
}

// sMIME makes CMS element by element.
type sMIME struct{}

func (sMIME) encryption() exchange.Encryption { return exchange.EncryptionSMIME }

func (sMIME) clear(m *maker, entity []byte, by string) []byte {
	return m.clearAround(entity, m.cms(signedData{content: entity, detached: true, signers: m.signers(by)}))
}

func (sMIME) opaque(m *maker, entity []byte, by string) []byte {
	return pkcs7("signed-data", m.cms(signedData{content: entity, signers: m.signers(by)}))
}

func (s sMIME) mail(m *maker, entity []byte) string { return s.sealed(m, entity, SelfID) }

func (s sMIME) signed(m *maker, entity []byte, by ...string) string {
	return s.sealed(m, entity, SelfID, by...)
}

func (sMIME) sealed(m *maker, entity []byte, to string, by ...string) string {
	if len(by) > 0 {
		entity = pkcs7("signed-data", m.cms(signedData{content: entity, signers: m.signers(by...)}))
	}
	e := envelope{gcm: true, to: []*Certificate{m.certificate(to + "/current")}}
	return string(pkcs7("authEnveloped-data", m.envelope(entity, e)))
}

func (sMIME) file(m *maker, document []byte, by string) []byte {
	if by != "" {
		document = m.cms(signedData{content: document, signers: m.signers(by)})
	}
	return m.envelope(document, envelope{gcm: true, to: []*Certificate{m.certificate(SelfID + "/current")}})
}

func (sMIME) attach(name string, sealed []byte) part {
	p := documentPart("application/pkcs7-mime", name+".p7m", sealed)
	p.header = strings.Replace(p.header, "; charset=utf-8", "", 1)
	return p
}

func (sMIME) key(m *maker, of string) part {
	return part{"Content-Type: application/pkix-cert; name=cert.pem", string(m.certificate(of).PEM())}
}
