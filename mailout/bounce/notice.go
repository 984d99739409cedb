package bounce

import (
	"regexp"
	"strings"

	"almasu/internal/mimepart"
)

// bounced reads a report in free text. By its words it is a report only with
// an id of ours in it: anybody may write such words.
func (m *mail) bounced() (Report, bool) {
	r := Report{Dialect: m.dialect("text"), MessageID: m.ourID()}
	if r.MessageID == "" {
		return Report{}, false
	}
	failed, err := mimepart.Addresses(m.root.Values("X-Failed-Recipients"))
	if err != nil {
		failed = nil
	}
	status, diagnostic := codeIn(m.notice)
	action := m.action(status, len(failed) > 0)
	if action == "" || m.away(r.Dialect, diagnostic) {
		return Report{}, false
	}
	if len(failed) == 0 {
		failed = m.addressees()
	}
	if len(failed) == 0 {
		failed = []string{""}
	}
	for _, address := range failed[:min(len(failed), maxRecipients)] {
		r.Recipients = append(r.Recipients, Recipient{Address: oneLine(address), Action: action, Status: status, Diagnostic: oneLine(diagnostic)})
	}
	return r, true
}

// away: an answer of a mailbox, which speaks of no delivery.
func (m *mail) away(dialect, diagnostic string) bool {
	return dialect == "text" && diagnostic == "" && !m.daemon() && m.root.MediaType != "multipart/report" &&
		(m.autoReplied() || awaySubject(m.subject))
}

// action says whether the notice gives the letter up or goes on trying. Words
// that say so come first, the class of the code decides where there are none.
func (m *mail) action(status string, failedHeader bool) string {
	all := m.subject + "\n" + strings.ToLower(m.notice)
	has := func(list []string) bool {
		for _, w := range list {
			if strings.Contains(all, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has(givenUp()):
		return "failed"
	case has(goesOn()):
		return "delayed"
	case failedHeader || has(undelivered()) || strings.HasPrefix(status, "5"):
		return "failed"
	case status == "4.4.7":
		return "failed"
	case strings.HasPrefix(status, "4"):
		return "delayed"
	}
	return ""
}

// givenUp are the words of a server that has stopped trying, although it may
// speak of a delay.
func givenUp() []string {
	return []string{"not going to try again", "giving up", "given up", "gave up", "no further attempts", "no further delivery attempts", "will not be retried",
		"permanent fatal error", "permanent error", "permanent failure", "delivery has failed", "попытки доставки прекращены", "больше не будет", "әрекеттер тоқтатылды"}
}

// goesOn are the words of a warning.
func goesOn() []string {
	return []string{"will keep trying", "will continue to try", "will continue to attempt", "continue trying", "keep trying", "will be retried", "will retry",
		"still being retried", "being retried", "delivery attempts will continue", "will try again", "need to resend", "need to send your message again", "no action is required",
		"not yet been delivered", "has been delayed", "is delayed", "message delayed", "delayed mail", "delivery delayed", "delivery delay", "warning: could not send message",
		"будет повторять попытки", "попытки доставки продолж", "попытки будут продолж", "будут повторены", "повторит попытку", "повторять отправку", "задерживается", "доставка отложена", "доставка задержана",
		"кешіктірілді", "кешігіп жатыр", "қайта жіберуге тырысады", "әрекет жалғаса", "weiterhin versucht", "verzögert", "sera retenté", "nouvelles tentatives", "retardé",
		"seguirá intentando", "se ha retrasado", "denemeye devam", "gecikti", "继续尝试", "延迟"}
}

// undelivered are words of a report that a letter was given up.
func undelivered() []string {
	return []string{"undeliver", "could not be delivered", "couldn't be delivered", "wasn't delivered", "was not delivered", "did not reach", "unable to deliver", "delivery failed", "delivery failure",
		"failed to deliver", "failure notice", "failed delivery", "returned mail", "mail delivery failed", "delivery status notification (failure)", "returning message to sender", "returned to sender",
		"could not deliver", "could not be reached", "fatal errors", "address not found", "user unknown", "no such user", "mailbox unavailable", "message blocked", "blocked by our", "rejected",
		"не доставлен", "не удалось доставить", "невозможно доставить", "не может быть доставлено", "ошибка доставки", "возвращ", "отклонено", "жеткізілмеді", "жеткізу мүмкін", "жеткізілген жоқ",
		"unzustellbar", "konnte nicht zugestellt", "non remis", "échec de la remise", "n'a pas pu être", "no se pudo entregar", "no entregado", "teslim edilemedi", "iletilemedi",
		"无法投递", "退信", "配信できませんでした", "non recapitabile", "niedostarczona", "не достав"}
}

var (
	codesPattern    = regexp.MustCompile(`\b([45]\d\d)[ \-:;,#(<]{1,3}([245]\.\d{1,3}\.\d{1,3})\b`)
	numberPattern   = regexp.MustCompile(`#([245]\.\d{1,3}\.\d{1,3})\b`)
	enhancedPattern = regexp.MustCompile(`(?:^|[^\d.])([245]\.[0-7]\.\d{1,3})(?:[^\d.]|\.?\s|\.?$)`)
	replyPattern    = regexp.MustCompile(`(?:^|[^\d.\-/:#])([45][0-5]\d)[ \-:]{1,2}[^\d\s]`)
)

// codeIn finds the status in a text, and the line it stands in. A reply code
// alone (RFC 5321) becomes the class with nothing more said: 550 is 5.0.0.
func codeIn(s string) (status, line string) {
	lines := strings.Split(s, "\n")
	for _, p := range []*regexp.Regexp{codesPattern, numberPattern, enhancedPattern} {
		for i, l := range lines {
			if found := p.FindStringSubmatch(l); found != nil {
				return found[len(found)-1], strings.TrimSpace(lines[i])
			}
		}
	}
	for i, l := range lines {
		if found := replyPattern.FindStringSubmatch(l); found != nil {
			return found[1][:1] + ".0.0", strings.TrimSpace(lines[i])
		}
	}
	return "", ""
}

var (
	addressPattern = regexp.MustCompile(`[^\s<>()\[\]"'` + "`" + `,;:|«»=]{1,64}@[^\s<>()\[\]"'` + "`" + `,;:|«»=]{1,253}`)
	alonePattern   = regexp.MustCompile(`^(?:[\s*>•\-]|\d+\.)*(?:[\w .\-]{0,40}[:=]\s*)?[<\["'(]*(?:(?i:smtp|rfc822|mailto)[:;]\s*)?[<\["'(]*[^\s<>]+@[^\s<>]+[>\])"':;,.]*\s*(?:\(.*\)|:.*|on \d.*)?$`)
)

// addressees are the addresses a notice is about: those that stand on a line
// of their own; failing that the first one there is.
func (m *mail) addressees() []string {
	var alone, first []string
	seen := map[string]bool{}
	for line := range strings.SplitSeq(m.notice, "\n") {
		line = strings.TrimSpace(line)
		for _, address := range addressPattern.FindAllString(line, 5) {
			address = strings.Trim(address, ".-*_")
			if lower := strings.ToLower(address); seen[lower] || m.nobody(lower) {
				continue
			}
			seen[strings.ToLower(address)] = true
			if alonePattern.MatchString(line) {
				alone = append(alone, address)
			} else if first == nil {
				first = []string{address}
			}
		}
	}
	if alone != nil {
		return alone
	}
	return first
}

// nobody: the address is our own, the reporter's, or no address at all.
func (m *mail) nobody(address string) bool {
	local, domain, _ := strings.Cut(address, "@")
	from := strings.ToLower(m.root.Get("From"))
	return strings.EqualFold(address, m.ours.Address) || local == "postmaster" || strings.HasPrefix(local, "mailer-daemon") || !strings.Contains(domain, ".") ||
		strings.Contains(from, address) || m.ours.ID != nil && m.ours.ID("<"+address+">")
}

// unclear: the fields leave open what happened, or to whom.
func (r *Report) unclear() bool {
	for _, one := range r.Recipients {
		if one.Action != "" {
			return false
		}
	}
	return true
}

// clarify takes from the text what the fields leave open.
func (m *mail) clarify(r *Report) {
	said := m.notice
	if len(r.Recipients) > 0 && r.Recipients[0].Diagnostic != "" {
		said = r.Recipients[0].Diagnostic + "\n" + said
	}
	status, diagnostic := codeIn(said)
	action := m.action(status, false)
	if action == "" {
		return
	}
	if len(r.Recipients) == 0 {
		address := ""
		if all := m.addressees(); len(all) > 0 {
			address = all[0]
		}
		r.Recipients = []Recipient{{Address: oneLine(address), Status: status, Diagnostic: oneLine(diagnostic)}}
	}
	for i := range r.Recipients {
		one := &r.Recipients[i]
		one.Action = action
		if one.Status == "" {
			one.Status = status
		}
	}
}

// dialect names the server by what its reports have and no other's, or is
// otherwise.
func (m *mail) dialect(otherwise string) string {
	if m.root.Get("X-Failed-Recipients") != "" {
		if strings.Contains(strings.ToLower(m.root.Get("From")), "googlemail.com") {
			return "gmail"
		}
		return "exim"
	}
	head := strings.ToLower(m.root.Get("From") + "\n" + m.root.Get("X-Mailer") + "\n" + m.subject)
	all := head + "\n" + strings.ToLower(m.notice)
	for _, d := range dialects() {
		for _, mark := range d.marks {
			if strings.Contains(all, mark) {
				return d.name
			}
		}
	}
	return otherwise
}

type dialect struct {
	name  string
	marks []string
}

func dialects() []dialect {
	return []dialect{
		{"gmail", []string{"googlemail.com", "gsmtp"}},
		{"yandex", []string{"yandex"}},
		{"mail.ru", []string{"@corp.mail.ru", "mail.ru postmaster", "mailer-daemon@mail.ru"}},
		{"yahoo", []string{"sorry, we were unable to deliver your message to the following address", "yahoo"}},
		{"exchange", []string{"microsoft exchange", "microsoftexchange", "office 365", "outlook.com", "diagnostic information for administrators", "generating server",
			"диагностические сведения для администраторов", "did not reach some or all of the intended recipients", "не удалось доставить сообщение следующим получателям или группам"}},
		{"qmail", []string{"qmail-send program", "hi. this is the"}},
		{"exim", []string{"created automatically by mail delivery software"}},
		{"domino", []string{"domino", "lotus", "ibm notes"}},
		{"mdaemon", []string{"mdaemon"}},
		{"communigate", []string{"communigate"}},
		{"groupwise", []string{"groupwise", "the message that you sent was undeliverable to the following"}},
		{"mailenable", []string{"mailenable", "message could not be delivered to some recipients"}},
		{"smartermail", []string{"smartermail", "failed recipient:"}},
		{"barracuda", []string{"barracuda"}},
		{"proofpoint", []string{"proofpoint", "pphosted"}},
		{"ironport", []string{"the reason for the problem:"}},
		{"kerio", []string{"kerio"}},
		{"zimbra", []string{"zimbra"}},
		{"courier", []string{"courier", "undeliverable mail: "}},
		{"sendmail", []string{"transcript of session follows", "the original message was received at"}},
		{"postfix", []string{"this is the mail system at host", "postfix"}},
	}
}
