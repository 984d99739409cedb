package bounce

import "strings"

// replied reads an automatic reply to a letter of ours: somebody is away, a
// ticket was opened. It says nothing about delivery.
func (m *mail) replied() (Report, bool) {
	id := m.ourID()
	if id == "" || !m.autoReplied() && !awaySubject(m.subject) && !m.suppressed() {
		return Report{}, false
	}
	return Report{Dialect: "reply", MessageID: id, Reply: true}, true
}

// suppressed: Exchange marks what it answers by itself so that nobody answers
// it in turn (MS-OXCMAIL).
func (m *mail) suppressed() bool {
	v := strings.ToLower(m.root.Get("X-Auto-Response-Suppress"))
	return (strings.Contains(v, "all") || strings.Contains(v, "autoreply") || strings.Contains(v, "oof")) && m.autoSubmitted()
}

// awaySubject: the subject, in small letters, begins like that of an automatic
// reply in one of the languages of the programs that make them.
func awaySubject(subject string) bool {
	if strings.HasPrefix(subject, "auto:") { // HCL Notes
		return true
	}
	for _, s := range []string{"out of office", "out of the office", "automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "autoresponse", "vacation",
		"автоответ", "автоматический ответ", "автоматты жауап",
		"abwesenheitsnotiz", "automatische antwort", "abwesend", "réponse automatique", "absence du bureau", "respuesta automática", "fuera de la oficina", "resposta automática",
		"risposta automatica", "fuori sede", "automatisch antwoord", "afwezig", "autosvar", "automatiskt svar", "automaattinen vastaus", "automatická odpověď", "odpowiedź automatyczna",
		"automatyczna odpowiedź", "automatikus válasz", "răspuns automat", "αυτόματη απάντηση", "otomatik yanıt", "ofis dışında", "автоматична відповідь", "avtomatik javob", "автоматтык жооп",
		"自动回复", "自動回覆", "自動応答", "不在通知", "자동 회신", "부재 중", "رد تلقائي", "תשובה אוטומטית"} {
		if strings.HasPrefix(subject, s) {
			return true
		}
	}
	return false
}
