package card

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser/tree"
)

// What stands in an extension reads back, and nothing of it is required.
func TestExtension(t *testing.T) {
	now := time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)
	e, ok := ExtensionOf(exchange.Threat, "title", "indicators")
	if !ok {
		t.Fatal("no extension of a known kind")
	}
	want := &exchange.Report{Kind: exchange.Threat, ID: "T-1", GeneratedAt: now, Threat: &exchange.ThreatBody{ThreatID: "T-1", Title: "not written", Advice: "Бұғаттау"}}
	data, err := e.Write(want)
	if err != nil || strings.Contains(string(data), "not written") {
		t.Fatal(string(data), err)
	}
	d := tree.ReadJSON(data, tree.Limits{})
	got := &exchange.Report{Kind: exchange.Threat, Threat: &exchange.ThreatBody{Title: "not written"}}
	if faults := e.Read(d, d.Root, got, now); len(faults) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %+v", faults, got)
	}
	for text, key := range map[string]string{
		`{"title":"x"}`:                           "unknown-field",
		`{"observed_at":"2026-11-23"}`:            "pattern-time",
		`{"observed_at":"2036-11-23T00:00:00Z"}`:  "semantic-future",
		`{"class":{"national":"x"}}`:              "required",
		`{"generated_at":"2036-11-23T00:00:00Z"}`: "semantic-future",
		`{"severity":"worst"}`:                    "enum",
	} {
		d := tree.ReadJSON([]byte(text), tree.Limits{})
		if faults := e.Read(d, d.Root, &exchange.Report{Kind: exchange.Threat}, now); len(faults) != 1 || faults[0].Key != key {
			t.Errorf("%s: %+v", text, faults)
		}
	}
	if _, ok := ExtensionOf("accident"); ok {
		t.Error("an unknown kind")
	}
}

func TestFit(t *testing.T) {
	if got := FitLine("a\r\n b\x00c"); got != "a b c" {
		t.Errorf("%q", got)
	}
	if got := FitLine(" a "); got != " a " {
		t.Errorf("%q", got)
	}
	if got := FitLine(strings.Repeat("ә", 600)); !SoundForm("line", got) || len([]rune(got)) != 500 {
		t.Errorf("%d", len([]rune(got)))
	}
	if FitText(" \n ") != "" || !SoundForm("text", FitText(strings.Repeat("ә", 30_000))) || FitText("a") != "a" {
		t.Error("texts")
	}
	if !SoundClass("fraud/phishing") || SoundClass("fraud/") || !SoundIndicator("ip", "::1") || SoundIndicator("md5", "x") || SoundForm("none", "x") {
		t.Error("words")
	}
}
