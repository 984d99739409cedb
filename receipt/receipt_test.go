package receipt

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/internal/catalogue"
	"almasu/internal/mimepart"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden texts anew")

func style(languages ...exchange.Language) Style {
	if len(languages) == 0 {
		languages = exchange.Languages()
	}
	return Style{Languages: languages, Zone: time.FixedZone("", 5*3600),
		From: exchange.Names{KK: "Ақпараттық қауіпсіздікті ұлттық үйлестіру орталығы", RU: "Национальный координационный центр информационной безопасности", EN: "National Coordination Centre for Information Security"},
		To:   exchange.Names{KK: "«Альфа» АҚЖО", RU: "ОЦИБ «Альфа»", EN: "SOC Alfa"}}
}

var (
	received = time.Date(2026, 11, 23, 9, 5, 33, 0, time.UTC)
	class    = exchange.Class{National: "ботнет", RSIT: "malicious-code/infected-system"}
)

func receiptOf(v exchange.Verdict) *exchange.Report {
	return &exchange.Report{Kind: exchange.Receipt, Receipt: &exchange.ReceiptBody{Number: "NCCIS-2026-000123",
		OriginalMessageID: "<abc@soc-alfa.example>", Reports: []exchange.Key{{ID: "INC-2026-1", Revision: 2}}, SentAt: received.Add(-time.Second), ReceivedAt: received,
		DecidedAt: received.Add(time.Second), Verdict: v, FirstVerdict: v,
		Digest: &exchange.Digest{Algorithm: "sha256", Value: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", Over: "entity"}}}
}

func refused() *exchange.Report {
	r := receiptOf(exchange.VerdictRefused)
	r.Receipt.Code = exchange.Invalid
	r.Receipt.Problems = []exchange.Problem{{Path: "/incident/confirmed_at", Line: 12, Column: 7, Code: exchange.ProblemRequired, Text: "the field is required"},
		{Path: "/incident/severity", Code: exchange.ProblemEnum, Text: "must be low, medium or high"}}
	return r
}

func duplicate() *exchange.Report {
	r := receiptOf(exchange.VerdictDuplicate)
	r.Receipt.FirstVerdict = exchange.VerdictAccepted
	return r
}

func held() *exchange.Report {
	r := receiptOf(exchange.VerdictHeld)
	r.Receipt.Number, r.Receipt.Code = "H-2026-000004", exchange.NeedsPerson
	return r
}

func incident() *exchange.IncidentBody {
	return &exchange.IncidentBody{IncidentID: "INC-2026-1", DetectedAt: received.Add(-time.Hour), ConfirmedAt: received.Add(-5 * time.Minute),
		Class: class, Severity: exchange.High, Summary: "Серверде ботнет анықталды.\nЕкінші жол.\x1b[31m\u202e",
		Contact:      exchange.ContactPoint{Email: "duty@soc-alfa.example", Phone: "+77010000000"},
		Organisation: &exchange.Organisation{Name: exchange.Names{KK: "«Банк» АҚ", RU: "АО «Банк»"}}}
}

func report() *exchange.Report {
	return &exchange.Report{Kind: exchange.Incident, ID: "INC-2026-1", Revision: 1, GeneratedAt: received, TLP: exchange.TLPAmberStrict, Incident: incident()}
}

func notice(clause string, whole bool) *exchange.Report {
	body := &exchange.NoticeBody{Clause: clause, Edition: "31.03.2023 № 120/НҚ", Purpose: "-", Number: "NCCIS-2026-000123",
		Class: &exchange.Class{RSIT: class.RSIT}, Severity: exchange.High, DetectedAt: received.Add(-time.Hour), ConfirmedAt: received.Add(-5 * time.Minute)}
	if whole {
		body.Incident = incident()
	}
	return &exchange.Report{Kind: exchange.Notice, ID: "n", Revision: 1, GeneratedAt: received, TLP: exchange.TLPAmber, Notice: body}
}

func letters() map[string]Wording {
	s := style()
	return map[string]Wording{
		"receipt-accepted": For(receiptOf(exchange.VerdictAccepted), s), "receipt-refused": For(refused(), s),
		"receipt-duplicate": For(duplicate(), s), "receipt-held": For(held(), s),
		"notice-12.2": For(notice("12.2", true), s), "notice-12.1": For(notice("12.1", false), s),
		"report-incident": For(report(), s), "neutral": Neutral("H-2026-000005", received, s),
		"ping": For(&exchange.Report{Kind: exchange.Ping, ID: "ping-1", Revision: 1, Ping: &exchange.PingBody{Nonce: "n"}}, s),
		"quarterly": For(&exchange.Report{Kind: exchange.Quarterly, ID: "Q", Revision: 1, GeneratedAt: received,
			Quarterly: &exchange.QuarterlyBody{Quarter: "2026-Q3", Incidents: make([]exchange.QuarterlyIncident, 2)}}, s),
	}
}

func TestGoldenTexts(t *testing.T) {
	for name, w := range letters() {
		file := filepath.Join("testdata", name+".txt")
		got := "Subject: " + w.Subject + "\n\n" + w.Text
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s changed (run with -update and read the difference):\n%s", name, got)
		}
	}
}

// Every text a letter can need exists in all three languages.
func TestEveryKeyExists(t *testing.T) {
	var need []string
	for _, v := range []exchange.Verdict{exchange.VerdictAccepted, exchange.VerdictRefused, exchange.VerdictDuplicate, exchange.VerdictHeld} {
		need = append(need, "receipt."+string(v), "verdict."+string(v))
	}
	for _, k := range exchange.ReportKinds() {
		need = append(need, "kind."+string(k))
	}
	for _, s := range []string{"low", "medium", "high"} {
		need = append(need, "severity."+s)
	}
	for _, c := range []string{"abusive-content", "malicious-code", "information-gathering", "intrusion-attempts", "intrusions", "availability",
		"information-content-security", "fraud", "vulnerable", "other", "test"} {
		need = append(need, "class."+c)
	}
	for _, form := range []string{"one", "few", "many"} {
		need = append(need, "problems."+form, "problems-more."+form, "remaining."+form)
	}
	need = append(need, "overdue", "purpose", "rules", "mdn.subject", "mdn.text", "neutral.subject", "neutral.text", "place", "reason")
	for _, key := range need {
		if !catalogue.Has("letter." + key) {
			t.Errorf("letter.%s: no text", key)
		}
	}
	for name, w := range letters() {
		for _, trace := range []string{"letter.", "refusal.", "problem.", "{0}", "{1}"} {
			if strings.Contains(w.Subject+w.Text, trace) {
				t.Errorf("%s: a text is missing: %q in\n%s", name, trace, w.Text)
			}
		}
	}
}

// Whatever kind of report, there is a letter for it.
func TestEveryKindHasWords(t *testing.T) {
	bodies := []*exchange.Report{
		{Kind: exchange.Vulnerability, Vulnerability: &exchange.VulnerabilityBody{Title: "CVE", FoundAt: received}},
		{Kind: exchange.Threat, Threat: &exchange.ThreatBody{Title: "T", Severity: exchange.Low, ObservedAt: received}},
		{Kind: exchange.Contact, Contact: &exchange.ContactBody{Email: "a@b.example", Phone: "+77010000000", Quarter: "2026-Q4"}},
		{Kind: exchange.Request, Request: &exchange.RequestBody{Clause: "10.4", Subject: "S", Text: "T", AnswerBy: received}},
		{Kind: exchange.Answer, Answer: &exchange.AnswerBody{Request: "R-1", Text: "T"}},
	}
	for _, r := range bodies {
		r.ID, r.Revision = "id-1", 1
		for _, l := range exchange.Languages() {
			w := For(r, style(l))
			if strings.Contains(w.Text, "letter.") || !strings.Contains(w.Text, "id-1") || w.Subject == "" {
				t.Errorf("%s in %s: %q\n%s", r.Kind, l, w.Subject, w.Text)
			}
		}
	}
	if w := For(report(), Style{}); !slices.Equal(w.Languages, []exchange.Language{exchange.Kazakh}) || !strings.Contains(w.Text, "(UTC+00:00)") {
		t.Errorf("without a style: %+v", w)
	}
}

// What a sender chose beyond identifiers does not come back to it, and no
// foreign word can forge a line.
func TestNothingForgesALine(t *testing.T) {
	r := refused()
	evil := "x\r\nSubject: forged\n\x1b[2J\u202e\u2028y"
	b := r.Receipt
	b.OriginalMessageID, b.Number, b.Reports[0].ID, b.Digest.Value = evil, evil, evil, evil
	b.Problems[0].Path, b.Problems[0].Text = evil, evil
	w := For(r, style())
	if strings.Contains(w.Text, "\nSubject") || strings.ContainsAny(w.Text+w.Subject, "\r\x1b\u202e\u2028") || strings.Contains(w.Subject, "\n") {
		t.Errorf("%q\n%s", w.Subject, w.Text)
	}
}

func TestProblemsInTheReadersLanguage(t *testing.T) {
	key := ""
	for _, k := range catalogue.Keys() {
		if strings.HasPrefix(k, "problem.") && !strings.Contains(catalogue.Text("en", k), "{") {
			key = strings.TrimPrefix(k, "problem.")
			break
		}
	}
	if key == "" {
		t.Skip("the catalogue has no text of a problem without arguments")
	}
	r := refused()
	r.Receipt.Problems = []exchange.Problem{{Path: "/x", Text: "english words", Key: key}}
	w := For(r, style(exchange.Russian))
	if want := catalogue.Text("ru", "problem."+key); !strings.Contains(w.Text, want) || strings.Contains(w.Text, "english words") {
		t.Errorf("want %q in\n%s", want, w.Text)
	}
}

func TestManyProblemsAreCounted(t *testing.T) {
	r := refused()
	r.Receipt.Problems = make([]exchange.Problem, 52)
	w := For(r, style(exchange.Russian))
	for _, want := range []string{"Найдено 52 ошибки:", "\n30. ", "... и ещё 22 ошибки\n"} {
		if !strings.Contains(w.Text, want) {
			t.Errorf("no %q in\n%s", want, w.Text)
		}
	}
	if strings.Contains(w.Text, "\n31. ") {
		t.Error("the list is not bounded")
	}
}

func TestEntity(t *testing.T) {
	doc := &exchange.Document{MediaType: "application/json", Name: "receipt-NCCIS-2026-000123-r1.json", Body: bytes.Repeat([]byte("{\"a\": \"қ\"}\n"), 300)}
	for name, w := range letters() {
		entity := Entity(w, doc)
		if !bytes.Equal(entity, Entity(w, doc)) {
			t.Errorf("%s: not the same octets each time", name)
		}
		checkSafe(t, entity)
		root, err := mimepart.Parse(entity, mimepart.Limits{})
		if err != nil || root.MediaType != "multipart/mixed" || len(root.Children) != 2 || len(root.Defects) > 0 {
			t.Fatalf("%s: %v %+v", name, err, root)
		}
		text, err := root.Children[0].Decode(1 << 20)
		if err != nil || strings.ReplaceAll(string(text), "\r\n", "\n") != w.Text {
			t.Errorf("%s: %v, text\n%s", name, err, text)
		}
		if got := root.Children[0].Get("Content-Language"); got != "kk, ru, en" {
			t.Errorf("%s: languages %q", name, got)
		}
		machine := root.Children[1]
		body, err := machine.Decode(1 << 20)
		if err != nil || !bytes.Equal(body, doc.Body) || machine.MediaType != doc.MediaType || machine.FileName() != doc.Name || machine.Disposition != "attachment" {
			t.Errorf("%s: %v %+v", name, err, machine.Fields)
		}
	}
}

func TestEntityWithoutMachinePart(t *testing.T) {
	w := Neutral("H-2026-000005", received, style(exchange.English))
	entity := Entity(w, nil)
	checkSafe(t, entity)
	root, err := mimepart.Parse(entity, mimepart.Limits{})
	if err != nil || root.MediaType != "text/plain" || root.Get("Content-Transfer-Encoding") != "quoted-printable" || len(root.Children) != 0 {
		t.Fatalf("%v\n%s", err, entity)
	}
}

// Any text and any document survive, in octets that no relay has a reason to
// touch.
func TestEntityKeepsEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.OneOf(rapid.StringMatching(`[A-Za-z .=_-]{0,120}`), rapid.StringMatching(`[A-Zқ ]{0,40}`),
			rapid.SampledFrom([]string{"From here", ".", "--=_x", "   ", ""}))
		text := strings.Join(rapid.SliceOfN(line, 0, 12).Draw(t, "lines"), "\n") + "\nend\n"
		doc := exchange.Document{MediaType: "application/xml", Charset: "utf-8", Name: rapid.StringMatching(`[A-Za-z0-9 ;"\\._қ-]{0,40}`).Draw(t, "name"),
			Body: rapid.SliceOf(rapid.Byte()).Draw(t, "body")}
		entity := Entity(Wording{Text: text, Languages: []exchange.Language{exchange.English}}, &doc)
		checkSafe(t, entity)
		root, err := mimepart.Parse(entity, mimepart.Limits{})
		if err != nil || len(root.Children) != 2 {
			t.Fatalf("%v\n%s", err, entity)
		}
		got, err := root.Children[0].Decode(1 << 20)
		lines := strings.Split(text, "\n")
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		if err != nil || string(got) != strings.Join(lines, "\r\n") {
			t.Fatalf("%v\nwant %q\nhave %q", err, strings.Join(lines, "\r\n"), got)
		}
		body, err := root.Children[1].Decode(1 << 20)
		if err != nil || !bytes.Equal(body, doc.Body) || root.Children[1].Params["charset"] != "utf-8" {
			t.Fatalf("%v\n%s", err, entity)
		}
	})
}

// checkSafe: RFC 3156 section 3 and 5: seven bits, CRLF, no trailing white
// space, no line that begins with "From ", no line over 78 octets.
func checkSafe(t interface{ Fatalf(string, ...any) }, entity []byte) {
	for i, c := range entity {
		if c > '~' || c == '\n' && (i == 0 || entity[i-1] != '\r') || c == 0 {
			t.Fatalf("octet %d is %#x", i, c)
		}
	}
	for line := range strings.SplitSeq(string(entity), "\r\n") {
		if strings.HasPrefix(line, "From ") || strings.HasPrefix(line, ".") || strings.TrimRight(line, " \t") != line || len(line) > 98 {
			t.Fatalf("unsafe line %q", line)
		}
	}
	if !bytes.HasSuffix(entity, []byte("\r\n")) {
		t.Fatalf("no line end at the end")
	}
}
