package bounce

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"

	"almasu/internal/mimepart"
)

const (
	maxReportBody = 1 << 20
	maxRecipients = 100
)

// text is a part's decoded body as far as it can be read.
func text(p *mimepart.Part) []byte {
	body, err := p.Decode(maxReportBody)
	if err != nil && len(body) == 0 {
		return p.Body[:min(len(p.Body), maxReportBody)]
	}
	return body
}

// originalID finds the Message-ID in the header of the message returned.
func originalID(message []byte) string {
	if head, _, ok := bytes.Cut(mimepart.Canonical(message), []byte("\r\n\r\n")); ok {
		message = head
	}
	original, err := mimepart.Parse(append(bytes.TrimRight(message, "\r\n"), "\r\n\r\n"...), mimepart.Limits{})
	if err != nil {
		return ""
	}
	return messageID(original.Get("Message-ID"))
}

// status reads the groups of fields of a delivery-status part. Group is who
// opens one, not the blank line: some servers leave it out, others add more.
func (r *Report) status(body []byte) {
	var current *Recipient
	var original string
	for _, f := range statusFields(string(body)) {
		switch strings.ToLower(f.name) {
		case "original-envelope-id":
			r.EnvelopeID = oneLine(f.value)
		case "reporting-mta":
			r.ReportingMTA = typed(f.value)
		case "x-original-message-id", "original-message-id": // Exchange, Lotus
			if r.MessageID == "" {
				r.MessageID = messageID(f.value)
			}
		case "original-recipient":
			original = typed(f.value)
		case "":
			current, original = nil, ""
		default:
			if current == nil && perRecipient(f.name) && len(r.Recipients) < maxRecipients {
				r.Recipients = append(r.Recipients, Recipient{})
				current = &r.Recipients[len(r.Recipients)-1]
			} else if current != nil && strings.EqualFold(f.name, "Final-Recipient") && current.Address != "" && len(r.Recipients) < maxRecipients {
				r.Recipients = append(r.Recipients, Recipient{})
				current = &r.Recipients[len(r.Recipients)-1]
			}
			if current != nil {
				current.set(f, original)
			}
		}
	}
	for i := range r.Recipients {
		r.Recipients[i].settle()
	}
}

func perRecipient(name string) bool {
	switch strings.ToLower(name) {
	case "final-recipient", "action", "status", "diagnostic-code":
		return true
	}
	return false
}

func (r *Recipient) set(f field, original string) {
	switch strings.ToLower(f.name) {
	case "final-recipient":
		r.Address = typed(f.value)
	case "action":
		r.Action = action(f.value)
	case "status":
		r.Status = statusPattern.FindString(f.value)
	case "diagnostic-code":
		r.Diagnostic = oneLine(f.value)
	case "remote-mta":
		r.RemoteMTA = typed(f.value)
	}
	if r.Address == "" {
		r.Address = original
	}
}

// settle completes a recipient whose server left out action or status.
func (r *Recipient) settle() {
	if r.Status == "" {
		r.Status = statusPattern.FindString(r.Diagnostic)
	}
	if r.Action == "" && r.Status != "" {
		r.Action = map[byte]string{'2': "delivered", '4': "delayed", '5': "failed"}[r.Status[0]]
	}
}

var statusPattern = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)

// action reads an Action field; what follows the word is a comment.
func action(v string) string {
	word := strings.ToLower(strings.TrimSpace(v))
	if end := strings.IndexAny(word, " \t(;"); end > 0 {
		word = word[:end]
	}
	switch word {
	case "failed", "delayed", "delivered", "relayed", "expanded":
		return word
	}
	return ""
}

// typed strips the type of an address or a name: "rfc822; a@b", "dns; host".
func typed(v string) string {
	if _, rest, ok := strings.Cut(v, ";"); ok {
		v = rest
	}
	return oneLine(strings.Trim(strings.TrimSpace(v), "<>"))
}

// statusFields reads header-like lines; a blank line is a field without name.
func statusFields(body string) []field {
	var out []field
	for line := range strings.SplitSeq(body, "\n") {
		line = strings.TrimRight(line, "\r")
		name, value, ok := strings.Cut(line, ":")
		switch {
		case strings.TrimSpace(line) == "":
			out = append(out, field{})
		case isBlank(line[0]) && len(out) > 0 && out[len(out)-1].name != "":
			if last := &out[len(out)-1]; len(last.value) < 4*maxWords {
				last.value += " " + strings.TrimSpace(line)
			}
		case ok && isToken(strings.TrimSpace(name)):
			out = append(out, field{strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	return out
}

var idPattern = regexp.MustCompile(`<[!-;=?-~]{3,498}>`)

func messageID(v string) string { return idPattern.FindString(v) }

// field is one line of a delivery-status part; a blank line has no name.
type field struct{ name, value string }

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

var tokenPattern = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func isToken(s string) bool { return tokenPattern.MatchString(s) }

// maxWords bounds what is kept of a server's words, in octets.
const maxWords = 400

// oneLine makes them one line of valid text, so that they can be stored and
// shown.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if len(s) > maxWords {
		s = strings.ToValidUTF8(s[:maxWords], "") + "..."
	}
	return s
}
