package card

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser/tree"

	"pgregory.net/rapid"
)

var cardFormats = []exchange.Format{exchange.CardJSON, exchange.CardXML}

func treeOf(f exchange.Format, data []byte) *tree.Document {
	if f == exchange.CardXML {
		return tree.ReadXML(data, "", tree.Limits{})
	}
	return tree.ReadJSON(data, tree.Limits{})
}

// structure reads a card and returns the report with what is wrong with its
// single values, leaving out what they say together.
func structure(d *tree.Document, now time.Time) (*exchange.Report, []tree.Fault) {
	r := &reader{doc: d, now: now, report: &exchange.Report{}, faults: append([]tree.Fault{}, d.Faults...)}
	if d.Whole {
		r.card()
	}
	var faults []tree.Fault
	for _, f := range r.faults {
		if f.Code != exchange.ProblemSemantic {
			faults = append(faults, f)
		}
	}
	return r.report, faults
}

// What is rendered reads back as the same report, and renders to the same
// octets.
func TestRoundTrip(t *testing.T) {
	now := time.Unix(4e9, 0)
	for _, kind := range exchange.ReportKinds() {
		for _, format := range cardFormats {
			t.Run(string(kind)+" "+string(format), rapid.MakeCheck(func(t *rapid.T) {
				want := anyReport(t, kind)
				data, err := Render(want, format)
				if err != nil {
					t.Fatal(err)
				}
				got, faults := structure(treeOf(format, data), now)
				if len(faults) > 0 {
					t.Fatalf("%+v\n%s", faults, data)
				}
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("got  %+v\nwant %+v\n%s", got, want, data)
				}
				if again, _ := Render(got, format); !bytes.Equal(again, data) {
					t.Fatal("another rendering of the same report")
				}
			}))
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	now := time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)
	ping := func(change func(*exchange.Report)) *exchange.Report {
		r := &exchange.Report{Kind: exchange.Ping, ID: "P-1", Revision: 1, Reporter: "soc-alfa", GeneratedAt: now,
			Ping: &exchange.PingBody{Nonce: "1"}}
		change(r)
		return r
	}
	for _, c := range []struct {
		name   string
		r      *exchange.Report
		format exchange.Format
	}{
		{"unknown kind", ping(func(r *exchange.Report) { r.Kind = "pong" }), exchange.CardJSON},
		{"no body", ping(func(r *exchange.Report) { r.Ping = nil }), exchange.CardJSON},
		{"body of another kind", ping(func(r *exchange.Report) { r.Kind = exchange.Answer }), exchange.CardXML},
		{"not a card format", ping(func(*exchange.Report) {}), exchange.STIX},
		{"no reporter", ping(func(r *exchange.Report) { r.Reporter = "" }), exchange.CardJSON},
		{"revision nought", ping(func(r *exchange.Report) { r.Revision = 0 }), exchange.CardJSON},
		{"no time", ping(func(r *exchange.Report) { r.GeneratedAt = time.Time{} }), exchange.CardJSON},
		{"not UTF-8", ping(func(r *exchange.Report) { r.Ping.Text = "a\xff" }), exchange.CardXML},
		{"NUL", ping(func(r *exchange.Report) { r.Ping.Text = "a\x00" }), exchange.CardXML},
	} {
		t.Run(c.name, func(t *testing.T) {
			if out, err := Render(c.r, c.format); err == nil {
				t.Errorf("rendered:\n%s", out)
			}
		})
	}
	if _, err := Render(ping(func(*exchange.Report) {}), exchange.CardXML); err != nil {
		t.Error(err)
	}
}
