package crypto

import (
	"net/mail"
	"strings"
	"time"

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

// messageID takes the first <...> of the field.
func messageID(v string) string {
	start := strings.IndexByte(v, '<')
	if start < 0 {
		return ""
	}
	end := strings.IndexByte(v[start:], '>')
	if end < 0 || strings.ContainsAny(v[start:start+end], " \t") {
		return ""
	}
	return v[start : start+end+1]
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
