package stix

import (
	"reflect"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/internal/testreport"
	"almasu/parser/tree"

	"pgregory.net/rapid"
)

// What is rendered is valid and reads back as the same report.
func TestRoundTrip(t *testing.T) {
	now := time.Unix(4e9, 0)
	for _, kind := range []exchange.ReportKind{exchange.Incident, exchange.Vulnerability, exchange.Threat} {
		t.Run(string(kind), rapid.MakeCheck(func(t *rapid.T) {
			want := testreport.Any(t, kind)
			data, err := Render(want)
			if err != nil {
				t.Fatal(err)
			}
			reports, problems := Read(tree.ReadJSON(data, tree.Limits{}), now)
			if len(problems) > 0 || len(reports) != 1 {
				t.Fatalf("%+v\n%s", problems, data)
			}
			got := reports[0]
			if len(got.Reporters) == 0 || got.Format != exchange.STIX {
				t.Fatalf("%+v", got)
			}
			got.Reporters, got.Format = nil, ""
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("got  %+v\nwant %+v\n%+v\n%+v\n%s", got, want, got.Incident, want.Incident, data)
			}
		}))
	}
}
