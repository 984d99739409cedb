package parser

import (
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser/plain"
)

func textDefaults() plain.Defaults {
	zone := time.FixedZone("", 5*3600)
	at := time.Date(2026, 11, 27, 14, 20, 0, 0, zone)
	return plain.Defaults{Reporter: "soc-alfa", Addressee: "nccis", Email: "duty@soc-alfa.example", Phone: "+77172000000",
		Language: exchange.Kazakh, Zone: zone, At: at, Now: at.Add(time.Minute)}
}

// The same report in three languages.
const (
	inEnglish = "kind: incident\ndetected at: 2026-11-27 14:05\nconfirmed at: 2026-11-27T14:12:30+05:00\nclass: phishing\nseverity: high\noccasion: 10.1\nsummary: A letter in the name of the tax office.\n"
	inRussian = "Вид: Инцидент\nОбнаружено: 27.11.2026 14:05\nВремя подтверждения: 2026-11-27 14:12:30\nКласс: фишинг\nКритичность: высокая\nОснование: 10.1\nСуть: Письмо от имени налоговой.\n"
	inKazakh  = "Түрі: Оқыс оқиға\nАнықталды: 2026-11-27 14:05\nРасталды: 2026-11-27 14:12:30\nСанаты: фишинг\nМаңыздылығы: жоғары\nНегіздеме: 10.1\nМазмұны: Салық органының атынан хат.\n"
)

func TestTextCardInThreeLanguages(t *testing.T) {
	for language, body := range map[exchange.Language]string{exchange.English: inEnglish, exchange.Russian: inRussian, exchange.Kazakh: inKazakh} {
		p := ParseText(plain.Text{Body: body}, textDefaults(), Limits{})
		if p.Refusal.Code != "" {
			t.Errorf("%s: %+v %+v", language, p.Refusal, p.Problems)
			continue
		}
		r := p.Reports[0]
		i := r.Incident
		if r.Language != language || r.Reporter != "soc-alfa" || r.Addressee != "nccis" || r.Revision != 1 || i.IncidentID != r.ID ||
			i.Severity != exchange.High || i.Class.RSIT != "fraud/phishing" || i.Contact.Phone != "+77172000000" ||
			!i.DetectedAt.Equal(time.Date(2026, 11, 27, 9, 5, 0, 0, time.UTC)) || !i.ConfirmedAt.Equal(time.Date(2026, 11, 27, 9, 12, 30, 0, time.UTC)) {
			t.Errorf("%s: %+v %+v", language, r, i)
		}
		again := ParseText(plain.Text{Body: body}, textDefaults(), Limits{})
		if string(again.Document.Body) != string(p.Document.Body) || !strings.HasPrefix(r.ID, "soc-alfa-incident-20261127-") {
			t.Errorf("%s: the same text is another report: %s %s", language, r.ID, again.Document.Body)
		}
		if file := ParseFile(p.Document, Limits{}, textDefaults().Now); file.Refusal.Code != "" || file.Format != exchange.CardJSON {
			t.Errorf("%s: what is sent is not read: %+v", language, file.Problems)
		}
	}
}

func TestTextCardProblems(t *testing.T) {
	for _, test := range []struct {
		name, body string
		line       int
		path, key  string
		want       string // in the text
	}{
		{"a name misspelt", strings.Replace(inEnglish, "severity", "severty", 1), 5, "", "plain-unknown-near", "severity"},
		{"a Kazakh name misspelt", strings.Replace(inKazakh, "Маңыздылығы", "Манызdылығы", 1), 5, "", "plain-unknown-near", "маңыздылығы"},
		{"the first name misspelt", strings.Replace(inEnglish, "kind", "kinde", 1), 1, "", "plain-unknown-near", "kind"},
		{"a name that may mean several", inRussian + "время: 2026-11-27 14:00\n", 8, "", "plain-ambiguous", "время окончания"},
		{"a name nobody knows", inEnglish + "colour of the sky: blue\n", 8, "", "plain-unknown", "blank"},
		{"a field twice", inRussian + "severity: low\n", 8, "/severity", "plain-twice", "severity"},
		{"a time nobody understands", strings.Replace(inEnglish, "2026-11-27 14:05", "yesterday", 1), 2, "/detected_at", "plain-time", "RFC 3339"},
		{"a day that is none", strings.Replace(inEnglish, "2026-11-27 14:05", "2026-02-30 14:05", 1), 2, "/detected_at", "plain-time", ""},
		{"a severity that is none", strings.Replace(inEnglish, "high", "terrible", 1), 5, "/severity", "enum", "medium"},
		{"a class that is none", strings.Replace(inEnglish, "phishing", "bad luck", 1), 4, "/class/rsit", "enum-rsit", ""},
		{"no severity", strings.Replace(inEnglish, "severity: high\n", "", 1), 0, "/severity", "required", "severity"},
		{"an empty severity", strings.Replace(inEnglish, "severity: high\n", "severity:\n", 1), 0, "/severity", "required", "severity"},
		{"confirmed before it was detected", strings.Replace(inEnglish, "14:12:30", "13:12:30", 1), 3, "/confirmed_at", "semantic-before", ""},
		{"an address that is none", inEnglish + "source ip: 198.51.100.300\n", 8, "/sources/0/ip", "pattern-ip", ""},
		{"an action without a time", inEnglish + "actions: cut off\n", 8, "/actions_taken", "plain-action", "2026-11-27"},
		{"an address of the second line", inEnglish + "object ip: 192.0.2.1\n 192.0.2.999\n", 9, "/objects/0/ip/1", "pattern-ip", ""},
		{"a kind that is none", strings.Replace(inEnglish, "incident", "disaster", 1), 1, "/kind", "enum", ""},
	} {
		p := ParseText(plain.Text{Body: test.body}, textDefaults(), Limits{})
		found := false
		for _, q := range p.Problems {
			found = found || q.Line == test.line && q.Path == test.path && strings.HasPrefix(q.Key, test.key) && strings.Contains(q.Text, test.want)
			for _, secret := range []string{"terrible", "yesterday", "bad luck", "disaster", "blue"} {
				if strings.Contains(q.Text, secret) {
					t.Errorf("%s: a problem repeats the text: %s", test.name, q.Text)
				}
			}
		}
		if !found || p.Refusal.Code != exchange.Invalid {
			t.Errorf("%s: %s %+v", test.name, p.Refusal.Code, p.Problems)
		}
	}
}

func TestTextsThatAreNoCard(t *testing.T) {
	for _, body := range []string{"", "the server was hacked", "Note: call me\nhttps://x.example/kind: y", "> kind: incident\n> severity: high\n",
		"Dear colleagues:\nsummary: of the meeting\n", "hello\n-- \nkind: incident\nseverity: high\n"} {
		if p := ParseText(plain.Text{Body: body}, textDefaults(), Limits{}); p.Refusal.Code != exchange.NoReport {
			t.Errorf("%q: %+v", body, p.Refusal)
		}
	}
}

// TestLongTexts: what a hostile text costs is bounded.
func TestLongTexts(t *testing.T) {
	for name, line := range map[string]string{"flowed": "x \n", "names": "nobody knows: this\n", "actions": "y\n", "lists": "1.1.1.1,\n"} {
		head := map[string]string{"actions": "actions: 2026-11-27 14:10 x\n", "lists": "object ip: 192.0.2.1\n"}[name]
		body := inEnglish + head + strings.Repeat(line, (plain.Longest-1000)/len(line))
		start := time.Now()
		p := ParseText(plain.Text{Body: body, Flowed: name == "flowed"}, textDefaults(), Limits{})
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s took %v", name, took)
		}
		if len(p.Problems) > 200 {
			t.Errorf("%s: %d problems", name, len(p.Problems))
		}
	}
	if p := ParseText(plain.Text{Body: inEnglish + strings.Repeat("x", plain.Longest)}, textDefaults(), Limits{}); p.Refusal.Code != exchange.NoReport {
		t.Errorf("over the limit: %+v", p.Refusal)
	}
}
