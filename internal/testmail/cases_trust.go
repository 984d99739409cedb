package testmail

import (
	"bytes"
	"io"
	"strings"
	"time"

	"almasu/exchange"
)

// encryption are messages whose sealing is missing, weak or broken.
func encryption() []*Case {
	return []*Case{
		{Name: "plain-unsigned", Comment: "a card in clear", Outcome: Held, Code: exchange.NotEncrypted,
			Signature: exchange.SignatureNone, build: func(m *maker) []byte {
				return m.mail(string(m.entity(jsonPart(m.card().json()))))
			}},
		{Name: "plain-signed", Comment: "signed, but not encrypted", Outcome: Held, Code: exchange.NotEncrypted,
			Signature: exchange.SignatureValid, Participant: "soc-alfa", build: func(m *maker) []byte {
				entity := m.entity(jsonPart(m.card().json()))
				return m.mail(signedMIME(entity, m.detached(entity, "")))
			}},
		{Name: "damaged-ciphertext", Comment: "one bit of the ciphertext is turned over", Outcome: Held, Code: exchange.CannotDecrypt,
			build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.damaged(200)))
			}},
		{Name: "damaged-integrity-code", Comment: "the integrity code at the end is turned over", Outcome: Held, Code: exchange.CannotDecrypt,
			build: func(m *maker) []byte { return m.mail(pgpMIME(m.damaged(3))) }},
		{Name: "truncated-ciphertext", Comment: "the last half of the ciphertext is missing", Outcome: Held, Code: exchange.CannotDecrypt,
			build: func(m *maker) []byte {
				sealed := m.dearmour(m.seal(m.entity(jsonPart(m.card().json())), sealing{}))
				return m.mail(pgpMIME(m.armour(sealed[:len(sealed)/2])))
			}},
		{Name: "sealed-to-another", Comment: "encrypted to a key we do not hold", Outcome: Held, Code: exchange.CannotDecrypt,
			build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{to: []string{"soc-beta/current"}})))
			}},
		{Name: "no-integrity", Comment: "old packet without integrity protection (tag 9)", Outcome: Held, Code: exchange.WeakEncryption,
			build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.craft(m.entity(jsonPart(m.card().json())), handmade{signer: m.key(""), noMDC: true})))
			}},
		{Name: "cipher-3des", Comment: "3DES", Outcome: Held, Code: exchange.WeakEncryption, Participant: "soc-alfa",
			Signature: exchange.SignatureValid, build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{args: []string{"--cipher-algo", "3DES"}})))
			}},
		{Name: "cipher-cast5", Comment: "CAST5", Outcome: Held, Code: exchange.WeakEncryption, Participant: "soc-alfa",
			Signature: exchange.SignatureValid, build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{args: []string{"--cipher-algo", "CAST5"}})))
			}},
		{Name: "compressed-bomb", Comment: "some 200 KB that unpack to 201 MiB", Outcome: Held, Code: exchange.CannotDecrypt, Large: true,
			build: func(m *maker) []byte {
				content := append(m.entity(jsonPart(m.card().json())), bytes.Repeat([]byte{0}, 201<<20)...)
				return m.mail(pgpMIME(m.craft(content, handmade{compress: true})))
			}},
	}
}

// damaged is an ordinary message with one bit turned over, so many octets
// before its end.
func (m *maker) damaged(before int) []byte {
	sealed := m.dearmour(m.seal(m.entity(jsonPart(m.card().json())), sealing{}))
	if m.err != nil {
		return nil
	}
	sealed[len(sealed)-before] ^= 1
	return m.armour(sealed)
}

// signature are messages whose signature is missing, wrong or somebody else's.
func signature() []*Case {
	return []*Case{
		{Name: "unsigned", Comment: "encrypted, not signed", Outcome: Held, Code: exchange.Unsigned, Signature: exchange.SignatureNone,
			build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{signer: "-"})))
			}},
		{Name: "signed-by-stranger", Comment: "a stranger writes under SOC Alfa's address", Outcome: Held, Code: exchange.SignerUnknown,
			Signature: exchange.SignatureUnknownSigner, Signer: "stranger/current", build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{signer: "stranger/current"})))
			}},
		{Name: "stranger-in-own-name", Comment: "a stranger writes under its own address", Outcome: Held, Code: exchange.SignerUnknown,
			Signature: exchange.SignatureUnknownSigner, Signer: "stranger/current", Claimed: "nobody", build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{signer: "stranger/current"})))
			}},
		{Name: "signed-by-other-participant", Comment: "signed by SOC Beta, sent as SOC Alfa", Outcome: Held, Code: exchange.SignerMismatch,
			Signature: exchange.SignatureValid, Signer: "soc-beta/current", build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{signer: "soc-beta/current"})))
			}},
		{Name: "two-senders", Comment: "two addresses in From", Outcome: Held, Code: exchange.SignerMismatch,
			Signature: exchange.SignatureValid, Claimed: "soc-alfa", build: func(m *maker) []byte {
				return m.mailFrom("exchange@soc-alfa.example, exchange@soc-beta.example",
					pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{})))
			}},
		{Name: "expired-key", Comment: "signed now by a registered key that expired an hour ago", Outcome: Held, Code: exchange.KeyExpired,
			Signature: exchange.SignatureExpired, Signer: "soc-alfa/expired", build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.craft(m.entity(jsonPart(m.card().json())), handmade{signer: m.key("soc-alfa/expired")})))
			}},
		{Name: "revoked-key", Comment: "signed by a registered key that its owner revoked", Outcome: Held, Code: exchange.KeyRevoked,
			Signature: exchange.SignatureRevoked, Signer: "soc-alfa/revoked", build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{signer: "soc-alfa/revoked"})))
			}},
		{Name: "revoked-by-register", Comment: "signed by a key that stands under revoked in the participant's file", Outcome: Held,
			Code: exchange.KeyRevoked, Signature: exchange.SignatureRevoked, Signer: "soc-alfa/listed", build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{signer: "soc-alfa/listed"})))
			}},
		{Name: "signature-broken", Comment: "the signed entity was changed after signing", Outcome: Held, Code: exchange.SignatureInvalid,
			Signature: exchange.SignatureIsInvalid, build: func(m *maker) []byte {
				entity := m.entity(jsonPart(m.card().json()))
				signed := signedMIME(entity, m.detached(entity, ""))
				return m.mail(pgpMIME(m.seal(crlf(strings.Replace(signed, "Отчёт", "Отчет", 1)), sealing{signer: "-"})))
			}},
		{Name: "sha1-signature", Comment: "an RSA signature over SHA-1", Outcome: Held, Code: exchange.WeakSignature, Claimed: "soc-gamma",
			Signature: exchange.SignatureWeak, build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())),
					sealing{signer: "soc-gamma/current", args: []string{"--digest-algo", "SHA1"}})))
			}},
		{Name: "unsigned-attachment", Comment: "inside the encryption a signed part and beside it an unsigned report", Outcome: Held,
			Code: exchange.SignaturePartial, Signature: exchange.SignatureIsPartial, build: func(m *maker) []byte {
				note := crlf("Content-Type: text/plain\n\nsigned words\n")
				signed := signedMIME(note, m.detached(note, ""))
				head, body, _ := strings.Cut(signed, "\n\n")
				whole := "Content-Type: multipart/mixed; boundary=\"inner\"\n\n" +
					join("inner", part{head, body}, jsonPart(m.card().json()))
				return m.mail(pgpMIME(m.seal(crlf(whole), sealing{signer: "-"})))
			}},
		{Name: "signature-outside", Comment: "signed outside the encryption only", Outcome: Held, Code: exchange.SignaturePartial,
			Participant: "soc-alfa", build: func(m *maker) []byte { return m.mail(m.signedOutside("soc-alfa/current")) }},
		{Name: "our-own-letter", Comment: "a letter of ours reflected back", Outcome: Held, Code: exchange.SignerMismatch,
			Signature: exchange.SignatureValid, Signer: "nccis/current", Claimed: "nobody", build: func(m *maker) []byte {
				return m.mailFrom(m.w.Person(SelfID).Address(), m.ownLetter())
			}},
		{Name: "our-own-letter-as-another", Comment: "a letter of ours sent back under SOC Alfa's address", Outcome: Held,
			Code: exchange.SignerMismatch, Signature: exchange.SignatureValid, Signer: "nccis/current", build: func(m *maker) []byte {
				return m.mail(m.ownLetter())
			}},
	}
}

// ownLetter is what the NCCIS sends to SOC Alfa: sealed to both.
func (m *maker) ownLetter() string {
	c := m.card()
	c.kind, c.reporter, c.addressee = "notice", SelfID, "soc-alfa"
	return pgpMIME(m.seal(m.entity(jsonPart(c.json())),
		sealing{signer: "nccis/current", to: []string{"soc-alfa/current", "nccis/current"}}))
}

func (m *maker) armour(packets []byte) []byte {
	if m.err != nil {
		return nil
	}
	return m.keep(armored("PGP MESSAGE", func(w io.Writer) error { _, err := w.Write(packets); return err }))
}

// binding are genuine messages that are not meant for us, or for nobody.
func binding() []*Case {
	return []*Case{
		{Name: "addressee-other", Comment: "the signed field addressee names SOC Beta", Outcome: Held, Code: exchange.WrongRecipient,
			Signature: exchange.SignatureValid, Participant: "soc-alfa", build: func(m *maker) []byte {
				c := m.card()
				c.addressee = "soc-beta"
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(c.json())), sealing{})))
			}},
		{Name: "intended-other", Comment: "the intended-recipient fingerprint is SOC Beta's: sealed again to us by somebody", Outcome: Held,
			Code: exchange.WrongRecipient, Participant: "soc-alfa", build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.craft(m.entity(jsonPart(m.unbound().json())),
					handmade{signer: m.key(""), intended: []*Key{m.key("soc-beta/current")}})))
			}},
		{Name: "protected-to-other", Comment: "the protected To is SOC Beta's address", Outcome: Held, Code: exchange.WrongRecipient,
			Signature: exchange.SignatureValid, Participant: "soc-alfa", build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entityWith(m.protected("soc-alfa", "soc-beta"), jsonPart(m.unbound().json())), sealing{})))
			}},
		{Name: "bound-to-nobody", Comment: "nothing signed names a recipient", Outcome: Held, Code: exchange.RecipientUnbound,
			Signature: exchange.SignatureValid, Participant: "soc-alfa", build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.unbound().json())), sealing{})))
			}},
	}
}

// timing are genuine messages signed too early or too late.
func timing() []*Case {
	return []*Case{
		{Name: "stale", Comment: "signed 20 days ago", Outcome: Refused, Code: exchange.Stale, build: func(m *maker) []byte {
			return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{at: m.w.Now.Add(-20 * 24 * time.Hour)})))
		}},
		{Name: "signed-ahead", Comment: "signed an hour in the future", Outcome: Refused, Code: exchange.Stale, build: func(m *maker) []byte {
			return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{at: m.w.Now.Add(time.Hour)})))
		}},
	}
}
