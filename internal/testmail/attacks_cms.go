package testmail

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"time"

	"almasu/exchange"
)

// cmsMalformed are CMS objects that no honest program writes.
func cmsMalformed() []*Attack {
	one := func(name, comment string, w want, change func(m *maker, d *signedData, alfa *signer)) *Attack {
		return under(sMIME{}, Malformed, name, comment, w, func(m *maker, s scheme, honest bool) []byte {
			d := signedData{content: m.entity(m.report("soc-alfa")), signers: m.signers("soc-alfa/current")}
			if !honest {
				change(m, &d, &d.signers[0])
			}
			return m.mail(s.mail(m, pkcs7("signed-data", m.cms(d))))
		})
	}
	raw := func(name, comment string, w want, change func(der []byte) []byte) *Attack {
		return under(sMIME{}, Malformed, name, comment, w, func(m *maker, s scheme, honest bool) []byte {
			der := m.cms(signedData{content: m.entity(m.report("soc-alfa")), signers: m.signers("soc-alfa/current")})
			if !honest {
				der = change(der)
			}
			return m.mail(s.mail(m, pkcs7("signed-data", der)))
		})
	}
	// untimed signatures carry no time: the control's report is fresh.
	untimed := func(name, comment string, strip func(*signer)) *Attack {
		stale := want{code: exchange.Stale, signature: exchange.SignatureValid, covers: exchange.CoversAll, signer: "soc-alfa/current", participant: "soc-alfa"}
		return under(sMIME{}, Malformed, name, comment, stale, func(m *maker, s scheme, honest bool) []byte {
			c := m.card()
			if c.reporter = "soc-alfa"; !honest {
				c.at = c.at.Add(-20 * 24 * time.Hour)
			}
			d := signedData{content: m.entity(jsonPart(c.json())), signers: m.signers("soc-alfa/current")}
			strip(&d.signers[0])
			return m.mail(s.mail(m, pkcs7("signed-data", m.cms(d))))
		})
	}
	nameless := broken.by("-")
	weak := want{code: exchange.WeakSignature, signature: exchange.SignatureWeak, covers: exchange.CoversAll, signer: "soc-alfa/current"}
	return []*Attack{
		under(sMIME{}, Malformed, "content-twice", "a content inside the signature and another one outside", nameless, contentTwice),
		one("no-content", "signed-data without content, nothing beside it", nameless, func(_ *maker, d *signedData, _ *signer) { d.detached = true }),
		one("no-signers", "signed-data that nobody signed", nameless, func(_ *maker, d *signedData, _ *signer) { d.signers = nil }),
		one("content-type-attribute", "the content type attribute names another type", broken, func(_ *maker, _ *signedData, s *signer) {
			s.attrs = func(v map[string][]byte) { v[oidContentType] = objectID(oidSigned) }
		}),
		one("no-content-type-attribute", "the content type attribute is missing", broken, func(_ *maker, _ *signedData, s *signer) {
			s.attrs = func(v map[string][]byte) { delete(v, oidContentType) }
		}),
		one("digest-attribute", "the message digest attribute is of another content", broken, func(_ *maker, _ *signedData, s *signer) {
			s.attrs = func(v map[string][]byte) { sum := sha256.Sum256(note()); v[oidDigest] = octets(sum[:]) }
		}),
		one("no-digest-attribute", "the message digest attribute is missing", broken, func(_ *maker, _ *signedData, s *signer) {
			s.attrs = func(v map[string][]byte) { delete(v, oidDigest) }
		}),
		one("digest-attribute-twice", "the message digest attribute stands there twice", broken, func(_ *maker, _ *signedData, s *signer) { s.twice = oidDigest }),
		one("signing-time-twice", "the signing time stands there twice", broken, func(_ *maker, _ *signedData, s *signer) { s.twice = oidSigningTime }),
		one("signing-certificate", "the signing certificate attribute names another certificate", broken, func(m *maker, _ *signedData, s *signer) {
			sum := sha256.Sum256(m.certificate("soc-beta/current").X509.Raw)
			s.attrs = func(v map[string][]byte) { v[oidSigningCert2] = seq(seq(seq(octets(sum[:])))) }
		}),
		one("attributes-as-content", "the attributes of a genuine signature passed off as the content of one without", broken, attributesAsContent),
		one("other-content-type", "the content is labelled as signed-data", nameless, func(_ *maker, d *signedData, _ *signer) { d.contentType = oidSigned }),
		untimed("no-attributes", "no signed attributes, hence no time, and the report is twenty days old", func(s *signer) { s.bare = true }),
		untimed("no-signing-time", "no signing time, and the report is twenty days old", func(s *signer) {
			s.attrs = func(v map[string][]byte) { delete(v, oidSigningTime) }
		}),
		one("sha1", "signed over SHA-1", weak, func(_ *maker, _ *signedData, s *signer) { s.sha1 = true }),
		one("signature-bit", "one bit of the signature", broken, func(_ *maker, _ *signedData, s *signer) {
			s.after = func(b []byte) []byte { b[len(b)-2] ^= 1; return b }
		}),
		one("signature-empty", "an empty signature", broken, func(_ *maker, _ *signedData, s *signer) { s.after = func([]byte) []byte { return nil } }),
		one("signature-zero", "an ECDSA signature of zeros", broken, func(_ *maker, _ *signedData, s *signer) {
			s.after = func([]byte) []byte { return seq(number(0), number(0)) }
		}),
		one("wrong-by-alfa-right-by-beta", "two signers: SOC Alfa's wrong, SOC Beta's right", byBeta.with(func(w *want) { w.honest = "" }),
			func(m *maker, d *signedData, s *signer) {
				s.after = func(b []byte) []byte { b[len(b)-2] ^= 1; return b }
				d.signers = append(d.signers, m.signers("soc-beta/current")...)
			}),
		one("alfa-claimed-by-stranger", "two signers: a stranger under SOC Alfa's name, and in its own", broken, func(m *maker, d *signedData, _ *signer) {
			d.signers = m.signers("stranger/current", "stranger/rogue")
			d.signers[0].as, d.signers[1].as = m.certificate("soc-alfa/current"), m.certificate("soc-alfa/current")
		}),
		raw("trailing-octets", "octets behind the signed-data", nameless, func(der []byte) []byte { return append(der, 5, 0) }),
		raw("cut-off", "the signed-data is cut off", nameless, func(der []byte) []byte { return der[:len(der)-30] }),
		raw("length-lies", "a length that reaches beyond the end", nameless, func(der []byte) []byte { der[3]++; return der }),
		under(sMIME{}, Malformed, "encrypted-twice", "an envelope in an envelope: the outer one vouches for nothing", nobody, func(m *maker, s scheme, honest bool) []byte {
			inside := crlf(s.signed(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"))
			if honest {
				return m.mail(string(inside))
			}
			return m.mail(s.mail(m, inside))
		}),
		under(sMIME{}, Malformed, "envelope-trailing", "octets behind the envelope", unopened, changedEnvelope(func(der []byte) []byte { return append(der, 0, 0) })),
		under(sMIME{}, Malformed, "envelope-cut-off", "the envelope is cut off", unopened, changedEnvelope(func(der []byte) []byte { return der[:len(der)-17] })),
		under(sMIME{}, Malformed, "envelope-inner-type", "the envelope says that it holds signed-data", unopened, func(m *maker, s scheme, honest bool) []byte {
			e := envelope{gcm: true}
			if !honest {
				e.inner = oidSigned
			}
			return m.mail(string(pkcs7("authEnveloped-data", m.envelope(s.opaque(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"), e))))
		}),
	}
}

func contentTwice(m *maker, s scheme, honest bool) []byte {
	entity := m.entity(m.report("soc-alfa"))
	d := signedData{content: entity, detached: honest, signers: m.signers("soc-alfa/current")}
	if !honest {
		d.content = note()
	}
	return m.mail(s.mail(m, m.clearAround(entity, m.cms(d))))
}

// attributesAsContent takes what SOC Alfa signed, the attributes of a genuine
// signature, for the content of a signature without attributes.
func attributesAsContent(m *maker, d *signedData, s *signer) {
	genuine := m.cms(*d)
	at := bytes.Index(genuine, objectID(oidContentType)) - 2
	for genuine[at] != 0xa0 {
		at--
	}
	size := int(genuine[at+1]) + 2
	d.content = append([]byte{0x31}, genuine[at+1:at+size]...)
	s.bare = true
}

func changedEnvelope(change func([]byte) []byte) shape {
	return func(m *maker, s scheme, honest bool) []byte {
		der := m.envelope(s.opaque(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"), envelope{gcm: true})
		if !honest && m.err == nil {
			der = change(der)
		}
		return m.mail(string(pkcs7("authEnveloped-data", der)))
	}
}

// gadgets are ciphertexts changed, or robbed of what protects them.
func gadgets() []*Attack {
	cbc := func(name, comment string, w want, change func(sealed []byte) []byte) *Attack {
		return under(sMIME{}, Gadgets, name, comment, w, func(m *maker, s scheme, honest bool) []byte {
			e := envelope{}
			if !honest {
				e.change = change
			}
			return m.mail(string(pkcs7("enveloped-data", m.envelope(s.clear(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"), e))))
		})
	}
	gcm := func(name, comment string, w want, change func(e *envelope)) *Attack {
		return under(sMIME{}, Gadgets, name, comment, w, func(m *maker, s scheme, honest bool) []byte {
			e := envelope{gcm: true}
			kind := "authEnveloped-data"
			if !honest {
				change(&e)
			}
			return m.mail(string(pkcs7(kind, m.envelope(s.opaque(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"), e))))
		})
	}
	notCovered := want{code: exchange.WeakEncryption, signature: exchange.SignatureNone, covers: exchange.CoversNone}
	unsignedCBC := func(m *maker, s scheme, honest bool) []byte {
		content := m.entity(m.report("soc-alfa"))
		if honest {
			content = s.clear(m, content, "soc-alfa/current")
		}
		return m.mail(string(pkcs7("enveloped-data", m.envelope(content, envelope{}))))
	}
	invalidCBC := broken.with(func(w *want) { w.code = exchange.WeakEncryption })
	return append([]*Attack{
		under(sMIME{}, Gadgets, "cbc-unsigned", "AES-CBC, and nobody signed it", notCovered, unsignedCBC),
		cbc("cbc-bit", "one bit of a block in the middle of CBC", invalidCBC, func(b []byte) []byte { b[len(b)/2] ^= 1; return b }),
		cbc("cbc-blocks-moved", "blocks of CBC repeated, as the direct exfiltration does", invalidCBC, func(b []byte) []byte {
			at := len(b) / 32 * 16
			return append(append(bytes.Clone(b[:at]), b[at-64:at]...), b[at:]...)
		}),
		cbc("cbc-cut-off", "the last blocks of CBC are missing", want{code: exchange.CannotDecrypt, signature: exchange.SignatureNone, covers: exchange.CoversNone}, func(b []byte) []byte { return b[:len(b)-7] }),
		under(sMIME{}, Gadgets, "cbc-part-signed", "AES-CBC, and the signature covers a part", want{code: exchange.WeakEncryption, signature: exchange.SignatureIsPartial,
			covers: exchange.CoversPart, signer: "soc-alfa/current"}, func(m *maker, s scheme, honest bool) []byte {
			content := mixed("mixed", asPart(s.opaque(m, note(), "soc-alfa/current")), m.report("soc-alfa"))
			if honest {
				content = s.clear(m, content, "soc-alfa/current")
			}
			return m.mail(string(pkcs7("enveloped-data", m.envelope(content, envelope{}))))
		}),
		under(sMIME{}, Gadgets, "cbc-signed-outside", "AES-CBC, signed outside alone", want{code: exchange.WeakEncryption, signature: exchange.SignatureValid,
			covers: exchange.CoversPart, signer: "soc-alfa/current", participant: "soc-alfa"}, func(m *maker, s scheme, honest bool) []byte {
			content := m.entity(m.report("soc-alfa"))
			if honest {
				content = s.clear(m, content, "soc-alfa/current")
			}
			return m.mail(string(s.clear(m, pkcs7("enveloped-data", m.envelope(content, envelope{})), "soc-alfa/current")))
		}),
		gcm("gcm-bit", "one bit of GCM", unopened, func(e *envelope) { e.change = func(b []byte) []byte { b[len(b)/2] ^= 1; return b } }),
		gcm("gcm-short-tag", "a GCM tag of four octets", unopened, func(e *envelope) { e.tag = 4 }),
		gcm("gcm-as-cbc", "GCM relabelled as CBC, which nothing authenticates", unopened, func(e *envelope) { e.outer, e.cipher = oidEnveloped, oidAES256CBC }),
		gcm("gcm-as-enveloped", "GCM relabelled as EnvelopedData, its tag stripped", unopened, func(e *envelope) { e.outer = oidEnveloped }),
		under(sMIME{}, Gadgets, "3des", "Triple-DES", weakCipher, func(m *maker, s scheme, honest bool) []byte {
			return m.mail(string(pkcs7("enveloped-data", m.envelope(s.clear(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"), envelope{tripleDES: !honest}))))
		}),
	}, pgpGadgets()...)
}

// forgedLines are what a mail may bring along to look verified.
func forgedLines() string {
	return strings.Join([]string{"X-Almasu-Signature: valid; signer=soc-alfa", "X-Almasu-Outcome: accepted",
		"Authentication-Results: nccis.example; dkim=pass header.d=soc-alfa.example; dmarc=pass; spf=pass; smime=pass",
		"Received-SPF: pass", "ARC-Authentication-Results: i=1; nccis.example; dkim=pass", "X-PGP-Signature: good SOC Alfa",
		"X-MS-Exchange-Organization-AuthAs: Internal", "X-Spam-Status: No", "X-Enigmail-Status: GOODSIG"}, "\n") + "\n"
}
