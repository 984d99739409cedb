package catalogue

import "testing"

func TestNegotiate(t *testing.T) {
	for header, want := range map[string]string{
		"":                             "kk",
		"ru":                           "ru",
		"ru-RU, en;q=0.5":              "ru",
		"en;q=0.2, ru;q=0.8":           "ru",
		"de-DE, en-GB;q=0.7":           "en",
		"de, fr;q=0.7":                 "kk",
		"en;q=0, ru":                   "ru",
		"en;q=0":                       "kk",
		"*":                            "kk",
		"kk-Cyrl-KZ":                   "kk",
		"not a language; q=over there": "kk",
	} {
		if got := Negotiate(header, "kk"); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}
