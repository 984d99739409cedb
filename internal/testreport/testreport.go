// Package testreport draws reports for the round trips of formats that carry
// what others than us write. It owns the values and refuses to judge them.
package testreport

import (
	"time"

	"pgregory.net/rapid"

	"almasu/exchange"
)

// Any draws a report of a kind (incident, vulnerability or threat) with
// everything that those formats can hold.
func Any(t *rapid.T, kind exchange.ReportKind) *exchange.Report {
	id := rapid.StringMatching(`[A-Za-z0-9._:\-]{1,64}`)
	r := &exchange.Report{Kind: kind, ID: id.Draw(t, "id"), Revision: rapid.IntRange(1, 1<<31-1).Draw(t, "revision"),
		Reporter: id.Draw(t, "reporter"), Addressee: rapid.SampledFrom([]string{"", "nccis"}).Draw(t, "addressee"),
		GeneratedAt: moment(t), TLP: rapid.SampledFrom([]exchange.TLP{"", exchange.TLPClear, exchange.TLPGreen, exchange.TLPAmber, exchange.TLPAmberStrict, exchange.TLPRed}).Draw(t, "tlp"),
		Language: rapid.SampledFrom([]exchange.Language{"", "kk", "ru", "en"}).Draw(t, "language"),
		Marking:  rapid.SampledFrom([]string{"", "Қызмет бабында"}).Draw(t, "marking")}
	switch kind {
	case exchange.Incident:
		r.Incident = anyIncident(t)
	case exchange.Vulnerability:
		r.Vulnerability = &exchange.VulnerabilityBody{VulnerabilityID: id.Draw(t, "own id"), Title: words(t), Description: words(t),
			CVE: rapid.SliceOfN(rapid.StringMatching(`CVE-20[0-9]{2}-[0-9]{4,6}`), 0, 3).Draw(t, "cve"), CWE: []string{"CWE-79"},
			CVSS:     &exchange.CVSS{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8},
			Products: []exchange.Product{{Vendor: words(t), Name: words(t), Version: "1"}}, FoundAt: moment(t), FixBy: moment(t), Status: "new"}
		if len(r.Vulnerability.CVE) == 0 {
			r.Vulnerability.CVE = nil
		}
	case exchange.Threat:
		r.Threat = &exchange.ThreatBody{ThreatID: id.Draw(t, "own id"), Title: words(t), Description: words(t), ObservedAt: moment(t),
			Class: &exchange.Class{National: words(t), RSIT: "fraud/phishing"}, Severity: exchange.Medium, Indicators: anyIndicators(t), Advice: words(t)}
	}
	return r
}

func anyIncident(t *rapid.T) *exchange.IncidentBody {
	at := moment(t)
	x := &exchange.IncidentBody{IncidentID: rapid.StringMatching(`[A-Za-z0-9._:\-]{1,64}`).Draw(t, "incident id"), Summary: words(t),
		Contact:    exchange.ContactPoint{Name: words(t), Email: "duty@soc.example", Phone: "+77172000000"},
		DetectedAt: at, ConfirmedAt: at.Add(time.Minute), ReportedAt: at.Add(time.Hour),
		Class: exchange.Class{RSIT: "malicious-code/infected-system"}, Severity: rapid.SampledFrom([]exchange.Severity{exchange.Low, exchange.Medium, exchange.High}).Draw(t, "severity"),
		Status: rapid.SampledFrom([]string{"", "new", "in-progress", "forwarded", "resolved"}).Draw(t, "status"), Occasion: "10.1",
		DetectionSource: rapid.SampledFrom([]string{"", "SIEM"}).Draw(t, "source"), Indicators: anyIndicators(t)}
	if rapid.Bool().Draw(t, "victim") {
		x.Victim = &exchange.Organisation{Name: exchange.Names{KK: words(t)}, BIN: "150540000027", Critical: true}
		x.Objects = []exchange.Object{{Name: words(t), IP: []string{"192.0.2.1"}, ASN: []int{1}}}
		x.Actions = []exchange.Action{{At: at, Text: words(t)}}
		x.Impact = &exchange.Impact{Integrity: "low", UsersAffected: 3}
	}
	return x
}

func anyIndicators(t *rapid.T) []exchange.Indicator {
	values := map[string][]string{"ip": {"192.0.2.1", "10.0.0.0/8", "2001:db8::1", "2001:db8::/32"}, "fqdn": {"a.example"}, "url": {"https://a.example/?q='x'"},
		"email": {"a'b@x.example"}, "md5": {"D41D8CD98F00B204E9800998ECF8427E"}, "file-name": {`C:\tmp\'a'.exe`, words(t)},
		"yara": {"rule a { condition: true }"}, "other": {words(t)}, "sha1": {"da39a3ee5e6b4b0d3255bfef95601890afd80709"}}
	var all []exchange.Indicator
	for range rapid.IntRange(0, 4).Draw(t, "indicators") {
		kind := rapid.SampledFrom([]string{"ip", "fqdn", "url", "email", "md5", "sha1", "file-name", "yara", "other"}).Draw(t, "type")
		all = append(all, exchange.Indicator{Type: kind, Value: rapid.SampledFrom(values[kind]).Draw(t, "value"),
			Note: rapid.SampledFrom([]string{"", "Ескерту ' \\ <>"}).Draw(t, "note")})
	}
	return all
}

// words are one line.
func words(t *rapid.T) string {
	return rapid.StringMatching(`[ ]?[A-Za-zА-Яәғқңөұүһі'"\\<>&=\[\]:]{1,20}[ ]?`).Draw(t, "words")
}

func moment(t *rapid.T) time.Time {
	zone := time.FixedZone("", 900*rapid.IntRange(-56, 56).Draw(t, "zone"))
	at := time.Unix(rapid.Int64Range(1e9, 3e9).Draw(t, "seconds"), rapid.SampledFrom([]int64{0, 1, 5e8}).Draw(t, "nanoseconds")).In(zone)
	if _, offset := at.Zone(); offset == 0 {
		return at.UTC()
	}
	return at
}
