package receipt

import (
	"encoding/base64"
	"errors"
	"strings"

	"almasu/exchange"
	"almasu/internal/mimepart"
)

// MDN is a message disposition notification (RFC 8098). It says that a message
// was processed, never that its content was accepted: the receipt says that.
type MDN struct {
	ReportingUA       string // "host; product"
	OriginalRecipient string // addr-spec, "" if not known
	FinalRecipient    string // addr-spec, ours: the MDN is issued for it
	// OriginalMessageID with its angle brackets; one that is not well formed
	// is left out.
	OriginalMessageID string
	// Disposition is the type: "processed" where empty, when building.
	Disposition string
	// Modifier is "", "error", "warning" or "failure", with its words in
	// Detail (RFC 3335 section 5.2.1).
	Modifier, Detail string
	// Digest is the Received-Content-MIC: Algorithm and Value; the wire does
	// not say over what, so Over is empty when parsed.
	Digest exchange.Digest
}

// automatic is the only mode we send: nobody pressed a button.
const automatic = "automatic-action/MDN-sent-automatically"

// Entity builds the multipart/report to be signed and sealed: text for people,
// then the notification. The third part, the original, is left out: sealed it
// would say nothing, opened it must not travel (RFC 8098 section 3 d).
func (m MDN) Entity(s Style) ([]byte, error) {
	if !isMailbox(m.FinalRecipient) || m.OriginalRecipient != "" && !isMailbox(m.OriginalRecipient) {
		return nil, errors.New("build disposition notification: a recipient is not one plain ASCII address: check identity.address")
	}
	text := s.word(func(b *block) {
		b.subject = b.say("mdn.subject")
		b.paragraph(b.say("mdn.text"))
		b.signature()
	})
	return multipart("report", map[string]string{"report-type": "disposition-notification"}, textPart(text), m.fields()), nil
}

// MDNSubject is the real subject of a disposition notification.
func MDNSubject(l exchange.Language) string { return say(l, "mdn.subject") }

func (m MDN) fields() []byte {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			b.WriteString(name + ": " + value + "\r\n")
		}
	}
	b.WriteString("Content-Type: message/disposition-notification\r\nContent-Transfer-Encoding: 7bit\r\n\r\n")
	line("Reporting-UA", ascii(m.ReportingUA, 200))
	if m.OriginalRecipient != "" {
		line("Original-Recipient", "rfc822;"+m.OriginalRecipient)
	}
	line("Final-Recipient", "rfc822;"+m.FinalRecipient)
	if isID(m.OriginalMessageID) {
		line("Original-Message-ID", m.OriginalMessageID)
	}
	disposition := automatic + "; " + token(m.Disposition, "processed")
	if m.Modifier != "" {
		disposition += "/" + token(m.Modifier, "error")
	}
	line("Disposition", disposition)
	if m.Modifier != "" {
		line(strings.ToUpper(m.Modifier[:1])+token(m.Modifier[1:], ""), ascii(m.Detail, 200))
	}
	if m.Digest.Value != "" {
		line("Received-Content-MIC", ascii(m.Digest.Value, 200)+", "+wireHash(m.Digest.Algorithm))
	}
	return []byte(b.String())
}

// ParseMDN reads a disposition notification. It is one only if the whole
// message is: a multipart/report, bare or inside multipart/signed, with a
// message/disposition-notification in it. A report that merely has one
// attached is a report.
func ParseMDN(root *mimepart.Part) (MDN, bool) {
	if root == nil {
		return MDN{}, false
	}
	if root.MediaType == "multipart/signed" && len(root.Children) > 0 {
		root = root.Children[0]
	}
	if root.MediaType != "multipart/report" {
		return MDN{}, false
	}
	for _, part := range root.Children {
		if part.MediaType != "message/disposition-notification" && part.MediaType != "message/global-disposition-notification" {
			continue
		}
		body, err := part.Decode(64 << 10)
		if err != nil && len(body) == 0 {
			continue
		}
		fields, err := mimepart.Parse(append(body, "\r\n\r\n"...), mimepart.Limits{})
		if err == nil && fields.Get("Disposition") != "" {
			return mdnOf(fields), true
		}
	}
	return MDN{}, false
}

func mdnOf(f *mimepart.Part) MDN {
	m := MDN{ReportingUA: clean(f.Get("Reporting-UA"), 200), OriginalRecipient: typedAddress(f.Get("Original-Recipient")),
		FinalRecipient: typedAddress(f.Get("Final-Recipient")), OriginalMessageID: clean(f.Get("Original-Message-ID"), 500)}
	_, disposition, _ := strings.Cut(f.Get("Disposition"), ";")
	kind, modifiers, _ := strings.Cut(disposition, "/")
	modifier, detail, _ := strings.Cut(modifiers, ":") // AS1 and AS2 write the words here
	m.Disposition, m.Modifier = lower(kind), lower(strings.Split(modifier, ",")[0])
	m.Detail = clean(detail, 200)
	if words := f.Get(m.Modifier); m.Modifier != "" && words != "" {
		m.Detail = clean(words, 200)
	}
	if value, hash, ok := strings.Cut(f.Get("Received-Content-MIC"), ","); ok {
		value = strings.TrimSpace(value)
		if _, err := base64.StdEncoding.DecodeString(value); err == nil && value != "" {
			m.Digest = exchange.Digest{Algorithm: domainHash(hash), Value: value}
		}
	}
	return m
}

// typedAddress strips the address type of RFC 3464 section 2.1.2: "rfc822; a@b".
func typedAddress(v string) string {
	if _, address, ok := strings.Cut(v, ";"); ok {
		v = address
	}
	return clean(strings.Trim(strings.TrimSpace(v), "<>"), 254)
}

func lower(s string) string { return strings.ToLower(clean(s, 60)) }

// wireHash and domainHash turn names of hashes: "sha256" here, "sha-256" on
// the wire (RFC 3335 says sha1, RFC 5751 sha-256; both spellings are read).
func wireHash(name string) string {
	name = token(strings.ToLower(name), "sha256")
	if rest, ok := strings.CutPrefix(name, "sha"); ok && rest != "" && rest[0] != '3' && rest[0] != '-' && rest != "1" {
		return "sha-" + rest
	}
	return name
}

func domainHash(name string) string {
	name = lower(name)
	if rest, ok := strings.CutPrefix(name, "sha-"); ok && rest != "" {
		return "sha" + rest
	}
	if rest, ok := strings.CutPrefix(name, "sha3"); ok && rest != "" && rest[0] != '-' && rest != "84" {
		return "sha3-" + rest
	}
	return name
}

// ascii is a bounded line of printable ASCII.
func ascii(s string, limit int) string {
	return clean(strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, s), limit)
}

// token is a plain word, or the other where s is none.
func token(s, otherwise string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		return otherwise
	}
	return s
}

func isMailbox(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && domain != "" && len(s) <= 254 && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`<>()[]",;:\`, r)
	}) && !strings.Contains(domain, "@")
}

func isID(s string) bool {
	return len(s) > 4 && len(s) <= 500 && s[0] == '<' && s[len(s)-1] == '>' &&
		!strings.ContainsFunc(s[1:len(s)-1], func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' })
}
