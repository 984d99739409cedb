package config

import (
	"strings"
	"testing"
	"time"

	"almasu/exchange"
)

func TestDigestOfAParticipant(t *testing.T) {
	const file = "id: bank\nkind: served-organisation\naddresses: [a@bank.example]\n"
	for text, want := range map[string]exchange.Gathering{
		"":                           {},
		"digest: {every: 30m}":       {On: true, Every: 30 * time.Minute},
		"digest: {daily: \"08:30\"}": {On: true, Daily: 8*time.Hour + 30*time.Minute},
		"digest: {daily: \"00:00\"}": {On: true},
	} {
		p, d := parseParticipant("p.yaml", []byte(file+text))
		if len(d.mistakes) > 0 || p.Digest != want {
			t.Errorf("%q: %+v %v, want %+v", text, p.Digest, d.mistakes, want)
		}
	}
	for text, want := range map[string]string{
		"digest: {daily: \"25:00\"}":             `p.yaml:4: digest.daily: "25:00" is not a time of day`,
		"digest: {every: 30m, daily: \"08:00\"}": `p.yaml:4: digest has both every and daily`,
		"digest: {evry: 30m}":                    `did you mean "every"?`,
	} {
		_, d := parseParticipant("p.yaml", []byte(file+text))
		if len(d.mistakes) != 1 || !strings.Contains(d.mistakes[0].Error(), want) {
			t.Errorf("%q: %v, want %s", text, d.mistakes, want)
		}
	}
}

func TestYears(t *testing.T) {
	for text, want := range map[string]time.Duration{"1y": 8766 * time.Hour, "5y": 5 * 8766 * time.Hour, "1y6d": (8766 + 6*24) * time.Hour} {
		if got, err := Duration(text); err != nil || got != want {
			t.Errorf("%s: %s %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"y", "0y", "1y1y", "-1y", "5y ", "101y", "1yx"} {
		if got, err := Duration(text); err == nil {
			t.Errorf("%q is read as %s", text, got)
		}
	}
}
