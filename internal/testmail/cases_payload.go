package testmail

import (
	"bytes"
	"fmt"
	"strings"

	"almasu/exchange"
)

// sealedWith is the ordinary sealed mail around documents.
func (m *maker) sealedWith(documents ...part) []byte {
	return m.mail(pgpMIME(m.seal(m.entity(documents...), sealing{})))
}

// bound is a sealed mail that names us as its intended recipient, for content
// that has no addressee.
func (m *maker) bound(content []byte) []byte {
	return m.mail(pgpMIME(m.craft(content, handmade{signer: m.key(""), intended: []*Key{m.key(SelfID + "/current")}})))
}

// payload are genuine messages whose content is wrong in itself: refused and
// answered.
func payload() []*Case {
	return []*Case{
		{Name: "no-report", Comment: "words only", Outcome: Refused, Code: exchange.NoReport, build: func(m *maker) []byte {
			return m.bound(m.entity())
		}},
		{Name: "empty-inside", Comment: "signed and sealed nothing at all", Outcome: Refused, Code: exchange.NoReport, build: func(m *maker) []byte {
			return m.bound(crlf("Content-Type: text/plain\n\n"))
		}},
		{Name: "two-reports", Comment: "two cards in one mail", Outcome: Refused, Code: exchange.ManyReports, build: func(m *maker) []byte {
			second := m.card()
			second.id += "-second"
			return m.sealedWith(jsonPart(m.card().json()), xmlPart(second.xml()))
		}},
		{Name: "format-unknown-json", Comment: "JSON in a format nobody knows", Outcome: Refused, Code: exchange.FormatUnknown,
			build: func(m *maker) []byte {
				return m.bound(m.entity(jsonPart([]byte(`{"format":"of our own","text":"` + m.c.Canary + `"}`))))
			}},
		{Name: "format-unknown-xml", Comment: "XML in a format nobody knows", Outcome: Refused, Code: exchange.FormatUnknown,
			build: func(m *maker) []byte {
				return m.bound(m.entity(xmlPart([]byte(`<report xmlns="urn:of:our:own">` + m.c.Canary + `</report>`))))
			}},
		{Name: "json-broken", Comment: "the JSON breaks off", Outcome: Refused, Code: exchange.Malformed, build: func(m *maker) []byte {
			document := m.card().json()
			return m.sealedWith(jsonPart(document[:len(document)-20]))
		}},
		{Name: "xml-broken", Comment: "an element of the XML is never closed", Outcome: Refused, Code: exchange.Malformed,
			build: func(m *maker) []byte {
				return m.sealedWith(xmlPart(bytes.Replace(m.card().xml(), []byte("</severity>"), nil, 1)))
			}},
		{Name: "json-required-field-missing", Comment: "the severity is missing", Outcome: Refused, Code: exchange.Invalid,
			build: func(m *maker) []byte {
				c := m.card()
				c.without = "severity"
				return m.sealedWith(jsonPart(c.json()))
			}},
		{Name: "json-unknown-field", Comment: "a field card v1 does not have", Outcome: Refused, Code: exchange.Invalid,
			build: func(m *maker) []byte {
				c := m.card()
				c.extra = []field{{m.c.Canary, "yes"}} // what the sender chose must not be echoed
				return m.sealedWith(jsonPart(c.json()))
			}},
		{Name: "xml-wrong-value", Comment: "a severity that is none", Outcome: Refused, Code: exchange.Invalid, build: func(m *maker) []byte {
			return m.sealedWith(xmlPart(bytes.Replace(m.card().xml(), []byte(">high<"), []byte(">"+m.c.Canary+"<"), 1)))
		}},
		{Name: "wrong-reporter", Comment: "SOC Alfa signs a report in SOC Beta's name", Outcome: Refused, Code: exchange.ReporterMismatch,
			build: func(m *maker) []byte {
				c := m.card()
				c.reporter = "soc-beta"
				return m.sealedWith(jsonPart(c.json()))
			}},
		{Name: "kind-forbidden", Comment: "a prosecution body reports an incident", Outcome: Refused, Code: exchange.KindForbidden,
			Claimed: "prosecutor", build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{signer: "prosecutor/current"})))
			}},
		{Name: "notice-from-a-soc", Comment: "a SOC sends a notice", Outcome: Refused, Code: exchange.KindForbidden, build: func(m *maker) []byte {
			c := m.card()
			c.kind = "notice"
			return m.sealedWith(jsonPart(c.json()))
		}},
		{Name: "state-secret", Comment: "marked совершенно секретно", Outcome: Refused, Code: exchange.MarkingForbidden,
			build: func(m *maker) []byte {
				c := m.card()
				c.marking = "Совершенно секретно"
				return m.sealedWith(jsonPart(c.json()))
			}},
		{Name: "nested-3000-inside", Comment: "3,000 nested multiparts, signed and sealed", Outcome: Refused, Code: exchange.TooDeep,
			build: func(m *maker) []byte {
				return m.bound(crlf(nested(3000)))
			}},
		{Name: "junk-header-line-inside", Comment: "a line that is no header field stands in the signed entity", Outcome: Accepted,
			build: func(m *maker) []byte {
				entity := strings.Replace(string(m.entity(jsonPart(m.card().json()))), "Content-Type: application/json",
					"this line is no header field\r\nContent-Type: application/json", 1)
				return m.mail(pgpMIME(m.seal([]byte(entity), sealing{})))
			}},
	}
}

// structure are mails that are broken or oversized as mails; nobody is
// authenticated by them.
func structure() []*Case {
	return []*Case{
		{Name: "nested-3000", Comment: "3,000 nested multiparts in clear", Outcome: Held, Code: exchange.NotEncrypted,
			build: func(m *maker) []byte { return m.mail(nested(3000)) }},
		{Name: "empty-body", Comment: "a header and nothing else", Outcome: Held, Code: exchange.NotEncrypted,
			build: func(m *maker) []byte { return m.mail("\n") }},
		{Name: "empty", Comment: "nothing at all", Outcome: Held, Code: exchange.NotEncrypted, Claimed: "nobody", MessageID: "none",
			build: func(*maker) []byte { return nil }},
		{Name: "oversize", Comment: "60 MiB, over the limit of 50 MiB", Outcome: Held, Code: exchange.TooLarge, Large: true,
			build: func(m *maker) []byte {
				line := strings.Repeat("x", 76) + "\n"
				return m.mail("Content-Type: text/plain\n\n" + m.c.Canary + "\n" + strings.Repeat(line, 60<<20/len(line)+1))
			}},
	}
}

// nested is a text under many multiparts.
func nested(depth int) string {
	var b strings.Builder
	for i := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=\"b%d\"\n\n--b%d\n", i, i)
	}
	b.WriteString("Content-Type: text/plain\n\ndeep\n")
	for i := depth - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "--b%d--\n", i)
	}
	return b.String()
}
