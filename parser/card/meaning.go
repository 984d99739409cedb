package card

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/parser/cvss"
	syntax "almasu/parser/shape"
	"almasu/parser/tree"
)

// semantic notes a contradiction at the field of the node, or at the node
// where the field is absent.
func (r *reader) semantic(n *tree.Node, name, key string, args ...string) {
	if c := n.Child(name); c != nil {
		n = c
	}
	r.fault(n, n.At, flaw{exchange.ProblemSemantic, key, args})
}

// notFuture: a time that tells the past lies at most Skew ahead of now.
func (r *reader) notFuture(n *tree.Node, name string, t time.Time) {
	if t.Sub(r.now) > Skew {
		r.semantic(n, name, "semantic-future", itoa(int64(Skew/time.Minute)))
	}
}

// notBefore: where both times stand, the later may not lie before the earlier.
func (r *reader) notBefore(n *tree.Node, later string, l time.Time, earlier string, e time.Time) {
	if !l.IsZero() && !e.IsZero() && l.Before(e) {
		r.semantic(n, later, "semantic-before", later, earlier)
	}
}

func (r *reader) commonMeaning(n *tree.Node) {
	r.notFuture(n, "generated_at", r.report.GeneratedAt)
}

// meaning judges what the fields of one struct say together; v is a pointer to
// it. Fields that were not sound are zero and judged no further.
func (r *reader) meaning(n *tree.Node, v any) {
	switch x := v.(type) {
	case *exchange.IncidentBody:
		r.incident(n, x)
	case *exchange.VulnerabilityBody:
		r.notFuture(n, "found_at", x.FoundAt)
	case *exchange.ThreatBody:
		r.notFuture(n, "observed_at", x.ObservedAt)
	case *exchange.QuarterlyBody:
		r.quarterly(n, x)
	case *exchange.QuarterlyIncident:
		r.notFuture(n, "confirmed_at", x.ConfirmedAt)
		r.notBefore(n, "reported_at", x.ReportedAt, "confirmed_at", x.ConfirmedAt)
	case *exchange.RequestBody:
		r.notBefore(n, "answer_by", x.AnswerBy, "generated_at", r.report.GeneratedAt)
	case *exchange.NoticeBody:
		r.notBefore(n, "confirmed_at", x.ConfirmedAt, "detected_at", x.DetectedAt)
	case *exchange.Action:
		r.notFuture(n, "at", x.At)
	case *exchange.Names:
		if *x == (exchange.Names{}) {
			r.semantic(n, "", "semantic-name")
		}
	case *exchange.Indicator:
		r.indicator(n, x)
	case *exchange.Product:
		if x.CPE != "" && !syntax.CPE(x.CPE) {
			r.semantic(n, "cpe", "pattern-cpe")
		}
	case *exchange.CVSS:
		r.cvss(n, x)
	}
}

// cvss: the vector is one of the version named, and the score, where it is
// told, one of those the vector gives.
func (r *reader) cvss(n *tree.Node, x *exchange.CVSS) {
	vector, err := cvss.Parse(x.Vector)
	switch {
	case x.Vector == "":
	case !strings.HasPrefix(x.Vector, "CVSS:"+x.Version+"/"):
		r.semantic(n, "vector", "semantic-cvss")
	case err != nil:
		r.semantic(n, "vector", "semantic-cvss-vector")
	case n.Child("score") != nil:
		s := vector.Scores()
		if x.Score != s.Base && x.Score != s.Temporal && x.Score != s.Environmental {
			r.semantic(n, "score", "semantic-cvss-score", strconv.FormatFloat(s.Base, 'f', 1, 64))
		}
	}
}

func (r *reader) incident(n *tree.Node, x *exchange.IncidentBody) {
	r.notFuture(n, "detected_at", x.DetectedAt)
	r.notFuture(n, "confirmed_at", x.ConfirmedAt)
	r.notFuture(n, "reported_at", x.ReportedAt)
	r.notBefore(n, "confirmed_at", x.ConfirmedAt, "detected_at", x.DetectedAt)
	r.notBefore(n, "reported_at", x.ReportedAt, "confirmed_at", x.ConfirmedAt)
	r.notBefore(n, "ended_at", x.EndedAt, "started_at", x.StartedAt)
	r.notBefore(n, "recovered_at", x.RecoveredAt, "started_at", x.StartedAt)
}

// digits is how many hexadecimal digits a hash of the kind has, 0 for what is
// no hash.
func digits(kind string) int {
	return map[string]int{"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}[kind]
}

// looksLike reports whether the value of an indicator is one of its type.
func looksLike(kind, value string) bool {
	if n := digits(kind); n > 0 {
		_, err := hex.DecodeString(value)
		return err == nil && len(value) == n
	}
	switch kind {
	case "ip", "fqdn", "url", "email":
		form := forms()[kind]
		return len(value) <= form.longest && form.judge(value).code == ""
	}
	return true
}

// indicator says what the value of a type must look like.
func (r *reader) indicator(n *tree.Node, x *exchange.Indicator) {
	switch {
	case x.Type == "" || x.Value == "" || looksLike(x.Type, x.Value):
	case digits(x.Type) > 0:
		r.semantic(n, "value", "semantic-digest", x.Type, strconv.Itoa(digits(x.Type)))
	default:
		r.semantic(n, "value", "pattern-"+x.Type)
	}
}

// quarterly: clause 18, A-8 (nil is stated, not implied by an empty list).
func (r *reader) quarterly(n *tree.Node, x *exchange.QuarterlyBody) {
	r.notBefore(n, "to", x.To, "from", x.From)
	r.bounds(n, x)
	incidents := n.Child("incidents")
	count := len(x.Incidents)
	switch {
	case x.Nil && count > 0:
		r.semantic(n, "nil", "semantic-nil")
	case !x.Nil && (incidents == nil || incidents.First == nil):
		r.semantic(n, "nil", "semantic-not-nil")
	case x.Late > count && !x.Nil:
		r.semantic(n, "late", "semantic-late")
	}
	sum := 0
	for _, t := range x.Totals {
		if sum += t.Count; t.Count > mostItems {
			break
		}
	}
	if len(x.Totals) > 0 && sum != count {
		r.semantic(n, "totals", "semantic-totals")
	}
}

// bounds: from and to are the ends of the quarter named. A day of play covers
// every time zone and both ways to write an end (23:59:59, or midnight after).
func (r *reader) bounds(n *tree.Node, x *exchange.QuarterlyBody) {
	if len(x.Quarter) != len("2026-Q4") {
		return
	}
	year, _ := strconv.Atoi(x.Quarter[:4])
	first := time.Month(x.Quarter[6]-'0'-1)*3 + 1
	begin := time.Date(year, first, 1, 0, 0, 0, 0, time.UTC)
	off := func(t, want time.Time) bool { return !t.IsZero() && t.Sub(want).Abs() > 24*time.Hour }
	if off(x.From, begin) {
		r.semantic(n, "from", "semantic-quarter")
	}
	if off(x.To, begin.AddDate(0, 3, 0)) {
		r.semantic(n, "to", "semantic-quarter")
	}
}
