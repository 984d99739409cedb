package bounce

import (
	"html"
	"regexp"
	"strings"

	"almasu/internal/mimepart"
)

// mail is one message while it is looked at.
type mail struct {
	root *mimepart.Part
	ours Ours

	subject  string
	notice   string // what the server says, up to the message it returns
	returned string // what it returns, header or whole
}

func newMail(root *mimepart.Part, ours Ours) *mail {
	m := &mail{root: root, ours: ours, subject: strings.ToLower(mimepart.DecodeHeader(root.Get("Subject")))}
	var plain, page, returned bounded
	for _, leaf := range root.Leaves() {
		switch {
		case leaf.MediaType == "text/html":
			page.add(stripped(words(leaf)))
		case returns(leaf):
			returned.add(string(text(leaf)))
		case strings.HasPrefix(leaf.MediaType, "text/"):
			plain.add(words(leaf))
		}
	}
	if root.Get("From") == "" && root.MediaType == "text/plain" { // what passes for a header may be the text
		plain.Reset()
		plain.add(traceless(string(root.Raw)))
	}
	m.returned = returned.String()
	m.notice = strings.ReplaceAll(plain.String(), "\r\n", "\n")
	if strings.TrimSpace(m.notice) == "" {
		m.notice = page.String()
	}
	if at := returnedAt(m.notice); at >= 0 {
		m.returned += m.notice[at:]
		m.notice = m.notice[:at]
	}
	return m
}

var tracePattern = regexp.MustCompile(`(?i)^(return-path|received|delivered-to|x-original-to):.*(\r?\n[ \t].*)*(\r?\n|$)`)

// traceless is a text without the header fields that every server on its way
// puts before it.
func traceless(raw string) string {
	for {
		at := tracePattern.FindStringIndex(raw)
		if at == nil {
			return raw
		}
		raw = raw[at[1]:]
	}
}

// maxNotice bounds what is looked at of a text, in octets: a notice is short,
// and what it returns begins with its header.
const maxNotice = 64 << 10

// bounded collects text up to maxNotice.
type bounded struct{ strings.Builder }

func (b *bounded) add(s string) {
	if room := maxNotice - b.Len(); room > 0 {
		b.WriteString("\n" + s[:min(len(s), room)])
	}
}

// words is a text part as far as its charset can be read.
func words(leaf *mimepart.Part) string {
	body := text(leaf)
	body = body[:min(len(body), maxNotice)]
	if s, err := mimepart.DecodeText(body, leaf.Params["charset"]); err == nil {
		return s
	}
	return strings.ToValidUTF8(string(body), "\uFFFD")
}

var tagPattern = regexp.MustCompile(`(?is)<(style|script)\b.*?</(style|script)>|<br\b[^>]*>|</(p|div|tr|td|h[1-6]|li|table)>|<(/?[a-z!][^>@]*)>`)

// stripped is the text of an HTML page, blocks on lines of their own. An
// address in angle brackets is no tag.
func stripped(page string) string {
	page = tagPattern.ReplaceAllStringFunc(page, func(tag string) string {
		if strings.HasPrefix(tag, "</") || strings.HasPrefix(strings.ToLower(tag), "<br") {
			return "\n"
		}
		return " "
	})
	return html.UnescapeString(page)
}

// returns: the part is the message that is returned, or its header.
func returns(p *mimepart.Part) bool {
	switch p.MediaType {
	case "message/rfc822", "message/global", "text/rfc822-headers", "text/rfc822-header", "message/rfc822-headers", "message/global-headers":
		return true
	}
	return false
}

var returnedPattern = regexp.MustCompile(`(?i)-{3,} ?(this is a copy of|below this line is a copy of|original message|the header of the original|returned message|message headers?\b|undelivered message)` +
	`|original message headers|unsent message follows|message header follows|headers? of the (original|undelivered) message|\n(return-path|received): |исходные заголовки|заголовки исходного` +
	`|исходное сообщение:|-{3,} ?исходное сообщение|бастапқы хабарлама`)

// returnedAt is where a notice goes over into the message it returns, -1 if it
// does not.
func returnedAt(notice string) int {
	if at := returnedPattern.FindStringIndex(notice); at != nil {
		return at[0]
	}
	return -1
}

// ourID is the id of a letter of ours that the mail is about: in what it
// returns, in what it says, or in the header of an answer.
func (m *mail) ourID() string {
	if m.ours.ID == nil {
		return ""
	}
	for _, where := range []string{m.returned, m.notice, m.root.Get("In-Reply-To"), m.root.Get("References")} {
		if id := m.idIn(where); id != "" {
			return id
		}
	}
	return ""
}

var bareID = regexp.MustCompile(`[0-9A-Za-z._-]{8,100}@[0-9A-Za-z.-]{1,253}`)

func (m *mail) idIn(s string) string {
	for _, word := range bareID.FindAllString(s, 500) {
		if id := "<" + strings.TrimRight(word, ".-") + ">"; m.ours.ID(id) {
			return id
		}
	}
	return ""
}

// machine: the mail shows that no person wrote it, or has lost the header that
// would show who did.
func (m *mail) machine() bool { return m.root.Get("From") == "" || m.marked() }

// marked: the header says that no person wrote it.
func (m *mail) marked() bool {
	return m.nullSender() || m.daemon() || m.autoReplied() || m.root.MediaType == "multipart/report" ||
		m.root.Get("X-Failed-Recipients") != "" || m.autoSubmitted() || awaySubject(m.subject)
}

func (m *mail) nullSender() bool { return strings.TrimSpace(m.root.Get("Return-Path")) == "<>" }

// daemon: the sender is a mail server by its name.
func (m *mail) daemon() bool {
	from, _ := mimepart.Addresses(m.root.Values("From"))
	for _, f := range from {
		local, _, _ := strings.Cut(strings.ToLower(f), "@")
		switch {
		case local == "postmaster", local == "mdaemon", strings.HasPrefix(local, "mailer-daemon"), strings.HasPrefix(local, "mailerdaemon"),
			strings.HasPrefix(local, "mail-daemon"), strings.HasPrefix(local, "maildaemon"), strings.HasPrefix(local, "microsoftexchange"):
			return true
		}
	}
	return len(from) == 0 && strings.Contains(strings.ToLower(m.root.Get("From")), "mailer-daemon")
}

// autoSubmitted: a program sent it, in answer or not (RFC 3834 section 5).
func (m *mail) autoSubmitted() bool {
	v := strings.ToLower(strings.TrimSpace(m.root.Get("Auto-Submitted")))
	return v != "" && !strings.HasPrefix(v, "no")
}

// autoReplied: the header says that it answers by itself.
func (m *mail) autoReplied() bool {
	if v := strings.ToLower(strings.TrimSpace(m.root.Get("Auto-Submitted"))); strings.HasPrefix(v, "auto-replied") {
		return true
	}
	for _, name := range []string{"X-Autoreply", "X-Auto-Reply", "X-Autorespond", "X-Autoresponder", "X-AutoReply-From", "X-Vacation", "X-Mail-Autoreply"} {
		if v := strings.ToLower(strings.TrimSpace(m.root.Get(name))); v != "" && v != "no" {
			return true
		}
	}
	precedence := strings.ToLower(strings.TrimSpace(m.root.Get("Precedence")))
	return precedence == "auto_reply" || precedence == "auto-reply"
}

// structured reads the fields of RFC 3464 wherever they stand.
func (m *mail) structured() (Report, bool) {
	if m.root.MediaType != "multipart/report" && !m.machine() {
		return Report{}, false
	}
	r, found, declared := Report{Dialect: m.dialect("rfc3464")}, false, false
	for _, part := range m.root.Leaves() {
		switch {
		case part.MediaType == "message/delivery-status" || part.MediaType == "message/global-delivery-status":
			r.status(text(part))
			found, declared = true, true
		case looksLikeStatus(part):
			r.status(text(part))
			found = true
		case returns(part) && r.MessageID == "" && part != m.root:
			r.MessageID = originalID(text(part))
		}
	}
	if !found {
		return Report{}, false
	}
	if id := m.ourID(); id != "" && (r.MessageID == "" || m.ours.ID != nil && !m.ours.ID(r.MessageID)) {
		r.MessageID = id
	}
	if !declared && (m.ours.ID == nil || !m.ours.ID(r.MessageID)) {
		return Report{}, false // fields in plain text anybody may write
	}
	if r.unclear() {
		m.clarify(&r)
	}
	return r, true
}

// looksLikeStatus: some servers put the fields into a part of another type.
func looksLikeStatus(p *mimepart.Part) bool {
	switch p.MediaType {
	case "text/plain", "application/octet-stream", "message/disposition-notification", "message/delivery-report", "text/rfc822-headers":
	default:
		return false
	}
	recipient, state := false, false
	for i, f := range statusFields(string(text(p))) {
		if i == 0 && !strings.Contains(f.name, "-") {
			return false
		}
		switch strings.ToLower(f.name) {
		case "final-recipient", "original-recipient":
			recipient = true
		case "action", "status":
			state = state || recipient
		}
	}
	return recipient && state
}

// forwarded reads a report that was passed on as an attachment without a word:
// by a rule of a mailbox, or by a program that keeps reports together.
func (m *mail) forwarded(left int) (Report, bool) {
	if left == 0 || strings.TrimSpace(m.notice) != "" && !m.marked() {
		return Report{}, false
	}
	for _, leaf := range m.root.Leaves() {
		if leaf.MediaType != "message/rfc822" && leaf.MediaType != "message/global" || leaf == m.root {
			continue
		}
		inner, err := mimepart.Parse(text(leaf), mimepart.Limits{})
		if err != nil {
			continue
		}
		if r, ok := parse(inner, m.ours, left-1); ok && (r.EnvelopeID != "" || r.MessageID != "") {
			return r, true
		}
	}
	return Report{}, false
}
