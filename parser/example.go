package parser

import (
	"fmt"
	"strings"
	"time"

	"almasu/exchange"
)

// Example writes a valid document of the kind to start from, in the format:
// made-up data under .example names, times shortly before now. reporter and
// addressee are participant ids; an empty addressee is left out, an empty id
// is made from reporter, kind and now (to the second).
func Example(kind exchange.ReportKind, f exchange.Format, reporter, addressee, id string, now time.Time) ([]byte, error) {
	now = now.Truncate(time.Second)
	if id == "" {
		id = fmt.Sprintf("%s-%s-%s", reporter, kind, now.UTC().Format("20060102-150405"))
		id = id[max(0, len(id)-64):]
	}
	r := &exchange.Report{Kind: kind, ID: id, Revision: 1, Reporter: reporter, Addressee: addressee, GeneratedAt: now,
		TLP: exchange.TLPAmberStrict, Language: exchange.Kazakh}
	ago := func(minutes int) time.Time { return now.Add(-time.Duration(minutes) * time.Minute) }
	switch kind {
	case exchange.Incident:
		r.Incident = exampleIncident(id, ago)
	case exchange.Vulnerability:
		r.Vulnerability = exampleVulnerability(id, ago)
	case exchange.Threat:
		r.Threat = exampleThreat(id, ago)
	case exchange.Contact:
		r.Contact = exampleContact(ago)
	case exchange.Quarterly:
		r.Quarterly = exampleQuarterly(id, now)
	default:
		exampleLetter(r, reporter, ago)
	}
	doc, err := Render(r, f)
	if err != nil {
		return nil, fmt.Errorf("example %s: %w", kind, err)
	}
	return doc.Body, nil
}

// exampleLetter fills the kinds that speak of other messages.
func exampleLetter(r *exchange.Report, reporter string, ago func(int) time.Time) {
	now := ago(0)
	switch r.Kind {
	case exchange.Request:
		r.Request = &exchange.RequestBody{Clause: "10.4", Subject: "Оқыс оқиға туралы қосымша мәлімет",
			Text:      "Шабуыл көзінің желілік журналдарын соңғы 72 сағат үшін ұсынуыңызды сұраймыз.",
			Authority: "№ 48/НҚ бұйрығы, 10-тармақ", AnswerBy: now.Add(24 * time.Hour)}
	case exchange.Answer:
		r.Answer = &exchange.AnswerBody{Request: "NCCIS-REQ-2026-0017", Verdict: "done",
			Text: "Сұратылған журналдар жеке хабарламамен жіберілді, зиянды мекенжайлар бұғатталды."}
	case exchange.Notice:
		r.Notice = &exchange.NoticeBody{Clause: "12.2", Edition: "2018-03-19",
			Purpose: "Ақпарат тек қана ақпараттық қауіпсіздіктің оқыс оқиғаларына ден қоюды үйлестіру мақсатында қолданылады.",
			Number:  "NCCIS-2026-000123", Class: exampleClass(), Severity: exchange.High,
			DetectedAt: ago(20), ConfirmedAt: ago(6), Incident: exampleIncident("INC-2026-000451", ago)}
	case exchange.Receipt:
		r.Receipt = &exchange.ReceiptBody{Number: "NCCIS-2026-000123", OriginalMessageID: "<0123456789abcdef@" + reporter + ".example>",
			Reports: []exchange.Key{{ID: "INC-2026-000451", Revision: 1}}, SentAt: ago(4), ReceivedAt: ago(3), DecidedAt: ago(3),
			Verdict: exchange.VerdictAccepted, Digest: &exchange.Digest{Algorithm: "sha256",
				Value: "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=", Over: "entity"}}
	case exchange.Ping:
		r.Ping = &exchange.PingBody{Nonce: fmt.Sprintf("%016x", now.UnixNano()), Text: "Байланыс арнасын тексеру."}
	}
}

func exampleClass() *exchange.Class {
	return &exchange.Class{National: "зиянды бағдарламалық қамтылым", RSIT: "malicious-code/infected-system"}
}

// The BINs are made up; their check digits are right (DOMAIN 5.4).
func exampleOrganisation() exchange.Organisation {
	return exchange.Organisation{
		Name: exchange.Names{KK: "«Мысал» АҚ ақпараттық қауіпсіздіктің жедел орталығы",
			RU: "Оперативный центр информационной безопасности АО «Мысал»", EN: "Mysal JSC Security Operations Centre"},
		BIN: "180340000015", Sector: "ақпарат және байланыс"}
}

func exampleVictim() *exchange.Organisation {
	return &exchange.Organisation{Name: exchange.Names{KK: "«Үлгі» ЖШС", RU: "ТОО «Үлгі»"}, BIN: "150540000027", Sector: "энергетика", Critical: true}
}

func exampleContactPoint() exchange.ContactPoint {
	return exchange.ContactPoint{Name: "Кезекші ауысым", Email: "duty@soc-alfa.example", Phone: "+77172000000"}
}

func exampleObjects() []exchange.Object {
	return []exchange.Object{{Name: "Электрондық құжат айналымы жүйесі", Type: "information-system", Owner: "150540000027",
		IP: []string{"192.0.2.17", "2001:db8::17"}, FQDN: []string{"docs.ulgi.example"}, URL: []string{"https://docs.ulgi.example/login"},
		ASN: []int{64496}, Software: []string{"Debian 12", "PostgreSQL 15"}}}
}

func exampleIndicators() []exchange.Indicator {
	return []exchange.Indicator{
		{Type: "sha256", Value: strings.Repeat("9f86d081", 8), Note: "Қосымша файлдың хеші"},
		{Type: "fqdn", Value: "update.zerger.example"},
		{Type: "ip", Value: "198.51.100.23", Note: "Басқару сервері"}}
}

func exampleIncident(id string, ago func(int) time.Time) *exchange.IncidentBody {
	return &exchange.IncidentBody{
		IncidentID:   "INC-" + strings.TrimPrefix(id, "INC-")[max(0, len(strings.TrimPrefix(id, "INC-"))-60):],
		Organisation: new(exampleOrganisation()), Contact: exampleContactPoint(),
		StartedAt: ago(95), DetectedAt: ago(20), ConfirmedAt: ago(6), ReportedAt: ago(0),
		Class: *exampleClass(), Severity: exchange.High, Status: "in-progress",
		Summary:  "Бухгалтерия қызметкерінің жұмыс станциясында зиянды бағдарламалық қамтылым іске қосылып, сыртқы басқару серверіне қосылу әрекеті тіркелді.",
		Occasion: "10.1", Victim: exampleVictim(), Objects: exampleObjects(),
		Sources:         []exchange.AttackSource{{IP: "198.51.100.23", ASN: 64511, FQDN: "update.zerger.example", Country: "NL"}},
		Indicators:      exampleIndicators(),
		DetectionSource: "SIEM",
		Impact:          &exchange.Impact{Confidentiality: "unknown", Integrity: "low", Availability: "none", UsersAffected: 1},
		Actions: []exchange.Action{
			{At: ago(15), Actor: "Кезекші аналитик", Text: "Жұмыс станциясы желіден ажыратылды."},
			{At: ago(8), Actor: "Кезекші аналитик", Text: "Сыртқы мекенжай желіаралық экранда бұғатталды."}},
		Cause:    "Электрондық поштамен келген зиянды қосымшаның ашылуы.",
		Measures: "Есептік жазба құлыпталды, пошта сүзгісінің ережелері жаңартылды.",
	}
}

func exampleVulnerability(id string, ago func(int) time.Time) *exchange.VulnerabilityBody {
	return &exchange.VulnerabilityBody{VulnerabilityID: id, Title: "Веб-қосымшадағы аутентификацияны айналып өту осалдығы",
		Description: "Кіру бетінде сұрау параметрлерінің тексерілмеуі құпиясөзсіз кіруге мүмкіндік береді.",
		CVE:         []string{"CVE-2026-12345"}, CWE: []string{"CWE-287"},
		CVSS:     &exchange.CVSS{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8},
		Products: []exchange.Product{{Vendor: "Mysal Soft", Name: "Mysal Portal", Version: "4.2.0", CPE: "cpe:2.3:a:mysal:portal:4.2.0:*:*:*:*:*:*:*"}},
		Owner:    exampleVictim(), Objects: exampleObjects(), Contact: new(exampleContactPoint()),
		FoundBy: "Жедел орталықтың сараптама тобы", FoundHow: "Жоспарлы тестілеу", FoundAt: ago(180),
		ExploitKnown: "no", ExploitedHere: "unknown", Remediation: "4.2.1 нұсқасына жаңарту.",
		FixBy: ago(0).AddDate(0, 0, 14), Patch: "https://mysal.example/security/4.2.1", Status: "new"}
}

func exampleThreat(id string, ago func(int) time.Time) *exchange.ThreatBody {
	return &exchange.ThreatBody{ThreatID: id, Title: "Мемлекеттік органдар атынан жіберілетін фишингтік хаттар",
		Description: "Салық есептілігі туралы хабарлама түріндегі хаттар жаппай таратылуда.", ObservedAt: ago(240),
		Class: &exchange.Class{National: "фишинг", RSIT: "fraud/phishing"}, Severity: exchange.Medium,
		Sources:    []exchange.AttackSource{{FQDN: "salyq.zerger.example", Email: "kabinet@zerger.example", URL: "https://salyq.zerger.example/kiru"}},
		Indicators: exampleIndicators(), Advice: "Жіберушінің доменін бұғаттап, қызметкерлерді ескертіңіз."}
}

func exampleContact(ago func(int) time.Time) *exchange.ContactBody {
	now := ago(0)
	return &exchange.ContactBody{Organisation: exampleOrganisation(), Email: "duty@soc-alfa.example", Phone: "+77172000000",
		Duty: "Кезекші ауысым", Deputy: "Ауысым басшысының орынбасары",
		Fingerprints: []string{"0123456789ABCDEF0123456789ABCDEF01234567"}, ValidFrom: now,
		Quarter: quarterOf(now), ChangeReason: "Тоқсан сайынғы растау (17-тармақ)."}
}

func exampleQuarterly(id string, now time.Time) *exchange.QuarterlyBody {
	begin := time.Date(now.Year(), (now.Month()-1)/3*3+1, 1, 0, 0, 0, 0, now.Location()).AddDate(0, -3, 0)
	at := func(hours int) time.Time { return begin.Add(time.Duration(hours) * time.Hour) }
	line := func(n, hours int) exchange.QuarterlyIncident {
		return exchange.QuarterlyIncident{IncidentID: fmt.Sprintf("INC-%d-%04d", begin.Year(), n), RegisteredAt: at(hours),
			ConfirmedAt: at(hours + 1), ReportedAt: at(hours + 1).Add(9 * time.Minute), Class: *exampleClass(), Severity: exchange.Medium,
			OwnerBIN: "150540000027", Cause: "Электрондық поштамен келген зиянды қосымша.",
			Measures: "Пошта сүзгісі күшейтілді, қызметкерлерге нұсқама жүргізілді.", Status: "resolved"}
	}
	return &exchange.QuarterlyBody{Quarter: quarterOf(begin), From: begin, To: begin.AddDate(0, 3, 0),
		Incidents: []exchange.QuarterlyIncident{line(17, 200), line(18, 1300)},
		Totals:    []exchange.ClassTotal{{RSIT: "malicious-code/infected-system", Count: 2}},
		Approver:  "Жедел орталық басшысы"}
}

func quarterOf(t time.Time) string {
	return fmt.Sprintf("%d-Q%d", t.Year(), (t.Month()-1)/3+1)
}
