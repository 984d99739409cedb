package crypto

import (
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"almasu/exchange"
	"almasu/internal/mimepart"
)

// headersOf reads the header fields the trust decision looks at. An address
// field that cannot be read names nobody.
func headersOf(p *mimepart.Part) exchange.Headers {
	h := exchange.Headers{Present: len(p.Fields) > 0}
	if !h.Present {
		return h
	}
	h.From, _ = mimepart.Addresses(p.Values("From"))
	h.To, _ = mimepart.Addresses(p.Values("To"))
	h.Cc, _ = mimepart.Addresses(p.Values("Cc"))
	h.MessageID = messageID(p.Get("Message-ID"))
	h.Subject = mimepart.DecodeHeader(p.Get("Subject"))
	h.Date = date(p.Get("Date"))
	return h
}

// maxMessageID is more than a line of a header holds (RFC 5322 section 2.1.1).
const maxMessageID = 990

// messageID takes the first <...> of the field. It goes into the header of what
// answers the message, so it holds no blank and no control character.
func messageID(v string) string {
	start := strings.IndexByte(v, '<')
	if start < 0 {
		return ""
	}
	end := strings.IndexByte(v[start:], '>') + 1
	if end < 1 || end > maxMessageID || strings.ContainsFunc(v[start:start+end], func(r rune) bool { return r <= ' ' || unicode.IsControl(r) }) {
		return ""
	}
	return v[start : start+end]
}

func date(v string) time.Time {
	t, err := mail.ParseDate(strings.TrimSpace(v))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// carriesHeaders says whether the root of a signed entity carries the headers
// of the message: it says so itself (hp of RFC 9788, protected-headers of its
// forerunner), or From, To or Cc stand in it, which no other entity has.
// Whoever signs such fields means them; taking them can only bind the message
// tighter, because they must agree with the signer and with us.
func carriesHeaders(p *mimepart.Part) bool {
	if hp := strings.ToLower(p.Params["hp"]); hp == "cipher" || hp == "clear" {
		return true
	}
	if p.Params["protected-headers"] != "" {
		return true
	}
	return p.Get("From") != "" || p.Get("To") != "" || p.Get("Cc") != ""
}

// defects adds what was repaired in reading the parts, each once.
func defects(p *mimepart.Part, to []string) []string {
	for _, d := range p.Defects {
		if name := "structure: " + d; !slices.Contains(to, name) {
			to = append(to, name)
		}
	}
	for _, c := range p.Children {
		to = defects(c, to)
	}
	return to
}
