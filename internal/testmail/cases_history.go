package testmail

import (
	"strings"

	"almasu/exchange"
)

// history are messages whose fate hangs on what was accepted before.
func history() []*Case {
	const first, id = "first", "R-history"
	after := []string{first}
	revised := func(revision int, more string) func(*maker) []byte {
		return func(m *maker) []byte {
			c := m.card()
			c.revision, c.text = revision, "История. "+more+canary(first)
			return m.mail(pgpMIME(m.seal(m.entity(jsonPart(c.json())), sealing{})))
		}
	}
	resent := func(change func(*maker, string) string) func(*maker) []byte {
		return func(m *maker) []byte {
			original := m.keep(m.w.Message(Find(first)))
			return []byte(change(m, string(original)))
		}
	}
	return []*Case{
		{Name: first, Comment: "revision 2 of a report", Outcome: Accepted, ReportID: id, build: revised(2, "")},
		{Name: "duplicate-exact", Comment: "the same bytes once more", Outcome: Duplicate, After: after, ReportID: id,
			MessageID: "<first@test.example>", build: resent(func(_ *maker, s string) string { return s })},
		{Name: "duplicate-other-message-id", Comment: "the same sealed content under another Message-ID", Outcome: Duplicate,
			After: after, ReportID: id, build: resent(func(m *maker, s string) string {
				return strings.Replace(s, "<first@test.example>", m.c.MessageID, 1)
			})},
		{Name: "duplicate-sealed-anew", Comment: "the same report, signed and sealed anew", Outcome: Duplicate, After: after, ReportID: id,
			build: func(m *maker) []byte {
				c := m.card()
				c.revision, c.text = 2, "История. "+canary(first)
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(c.json())), sealing{at: m.w.Now})))
			}},
		{Name: "conflict", Comment: "the report changed under the same revision", Outcome: Refused, Code: exchange.Conflict,
			After: after, ReportID: id, build: revised(2, "Изменено. ")},
		{Name: "superseded", Comment: "a lower revision of the report", Outcome: Refused, Code: exchange.Superseded,
			After: after, ReportID: id, build: revised(1, "")},
		{Name: "replayed-inside-another", Comment: "the accepted ciphertext as an attachment of another mail", Outcome: Held,
			Code: exchange.Replayed, Signature: exchange.SignatureValid, Participant: "soc-alfa", After: after, ReportID: id,
			build: resent(func(m *maker, s string) string {
				begin, end := strings.Index(s, "-----BEGIN PGP MESSAGE-----"), strings.Index(s, "--outer--")
				return string(m.mail(m.attached("application/octet-stream", "report.asc", []byte(s[begin:end]))))
			})},
		{Name: "first-protected", Comment: "a report with a protected header", Outcome: Accepted, build: func(m *maker) []byte {
			return m.mail(pgpMIME(m.seal(m.entityWith(m.protected("soc-alfa", SelfID), jsonPart(m.card().json())), sealing{})))
		}},
		{Name: "replayed-from-another", Comment: "the accepted ciphertext, protected From and all, posted by SOC Beta", Outcome: Held,
			Code: exchange.Replayed, Signature: exchange.SignatureValid, Participant: "soc-alfa", Signer: "soc-alfa/current",
			Claimed: "soc-beta", ReportID: "R-first-protected", After: []string{"first-protected"}, build: func(m *maker) []byte {
				original := string(m.keep(m.w.Message(Find("first-protected"))))
				original = strings.Replace(original, "<first-protected@test.example>", m.c.MessageID, 1)
				return []byte(strings.Replace(original, "From: exchange@soc-alfa.example", "From: exchange@soc-beta.example", 1))
			}},
		{Name: "higher-revision", Comment: "revision 3 of the report", Outcome: Accepted, After: after, ReportID: id, build: revised(3, "")},
	}
}
