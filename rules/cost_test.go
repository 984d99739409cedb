//go:build !race

package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/expr-lang/expr"

	"almasu/exchange"
)

// city is 10,000 participants with assets of every sort, and 1,000 rules over
// all kinds of reports, each with a condition of its own.
func city(t testing.TB) (*Engine, Case) {
	t.Helper()
	var people []*exchange.Participant
	for i := range 10_000 {
		kind := exchange.KindSOC
		if i%50 == 0 {
			kind = exchange.KindNationalSecurity
		}
		people = append(people, &exchange.Participant{ID: fmt.Sprintf("p-%d", i), Kinds: []exchange.ParticipantKind{kind}, BIN: fmt.Sprintf("%012d", i),
			Name: exchange.Names{KK: fmt.Sprintf("Ұйым %d", i)}, Assets: exchange.Assets{CIDRs: []string{fmt.Sprintf("10.%d.%d.0/24", i/256, i%256)},
				Domains: []string{fmt.Sprintf("d%d.example", i)}, ASNs: []int{64500 + i}, Products: []string{fmt.Sprintf("cpe:2.3:a:v%d:p:*", i)},
				URLs: []string{fmt.Sprintf("https://portal.example/%d", i)}, Sectors: []string{fmt.Sprintf("sector %d", i%100)}}})
	}
	reg, err := exchange.NewRegister(&exchange.Participant{ID: "nccis", Kinds: []exchange.ParticipantKind{exchange.KindNCCIS}}, people)
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	file.WriteString("rules:\n")
	kinds := exchange.ReportKinds()
	for i := range 1000 {
		fmt.Fprintf(&file, "- {id: r%d, clause: \"12.1\", kinds: [%s], when: '%s', tell: [soc], part: concerning}\n", i, kinds[i%len(kinds)], aCondition(i))
	}
	r := incident(exchange.TLPGreen, func(in *exchange.IncidentBody) {
		in.Severity, in.Class = exchange.High, exchange.Class{RSIT: "fraud/phishing"}
		in.Victim = &exchange.Organisation{BIN: "000000000123", Name: exchange.Names{KK: "Ұйым 123"}}
		in.Objects = []exchange.Object{{IP: []string{"10.1.2.3", "10.7.7.7"}, FQDN: []string{"www.d500.example"}, URL: []string{"https://portal.example/77/x"}}}
		in.Indicators = []exchange.Indicator{{Type: "ip", Value: "203.0.113.9"}, {Type: "fqdn", Value: "c2.evil.example"}}
	})
	return engine(t, reg, file.String()), Case{Reports: []*exchange.Report{r}, From: people[0], At: moment()}
}

// aCondition is a condition as administrators write them; no two are the same.
func aCondition(i int) string {
	return fmt.Sprintf(`severity == "high" and class_group == "fraud" and users_affected > %d and not ("prosecution" in violations)`, i)
}

// TestCostOfDeciding: with 1,000 rules and 10,000 participants a decision
// costs at most what 200 bare evaluations of such a condition cost here,
// whether no rule of the report's kind is true of it or every one is, and
// whether what they tell goes or waits for a person.
func TestCostOfDeciding(t *testing.T) {
	start := time.Now()
	e, c := city(t)
	t.Logf("made ready in %s", time.Since(start))
	f := factsOf(c.Reports[0], c.From, exchange.KindNCCIS, c.At)
	f.UsersAffected = 1 << 30 // the whole of the condition is worked out
	program, err := expr.Compile(aCondition(1), expr.Env(&facts{}), expr.AsBool())
	if err != nil {
		t.Fatal(err)
	}
	bare := func(b *testing.B) {
		for b.Loop() {
			if out, err := expr.Run(program, f); err != nil || out != true {
				b.Fatal(out, err)
			}
		}
	}
	for _, situation := range []struct {
		name             string
		change           func(*exchange.Report)
		notices, waiting int
	}{
		{"none is true", func(*exchange.Report) {}, 0, 0},
		{"all are true", allTrue, 4, 0},
		{"all are true, and wait", func(r *exchange.Report) { allTrue(r); r.TLP = exchange.TLPRed }, 0, 4},
	} {
		situation.change(c.Reports[0])
		if d := e.Decide(c); len(d.Notices) != situation.notices || len(d.Proposals) != situation.waiting {
			t.Fatalf("%s: told %v, proposed %v", situation.name, told(d), proposed(d))
		}
		costs(t, situation.name, bare, func(b *testing.B) {
			for b.Loop() {
				e.Decide(c)
			}
		})
	}
}

// allTrue makes every condition of the city true.
func allTrue(r *exchange.Report) { r.Incident.Impact = &exchange.Impact{UsersAffected: 1 << 30} }

// costs measures a decision against bare evaluations.
func costs(t *testing.T, name string, bare, whole func(*testing.B)) {
	t.Helper()
	best := 1e9
	for range 5 { // the quietest of five rounds: the machine may be busy
		one, all := testing.Benchmark(bare), testing.Benchmark(whole)
		ratio := float64(all.NsPerOp()) / float64(max(one.NsPerOp(), 1))
		t.Logf("%s: a decision costs %.0f bare evaluations (%d ns, %d ns)", name, ratio, all.NsPerOp(), one.NsPerOp())
		if best = min(best, ratio); best <= 200 {
			return
		}
	}
	t.Errorf("%s: a decision costs %.0f bare evaluations, at most 200", name, best)
}

func BenchmarkDecide(b *testing.B) {
	e, c := city(b)
	allTrue(c.Reports[0])
	b.ReportAllocs()
	for b.Loop() {
		e.Decide(c)
	}
}
