package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestT13TheDutiesOfAQuarterFromTheSOCToTheBoard: contact data and quarterly
// report go by command, are accepted and receipted, and stand on the board of
// the NCCIS, in every language. How late they are depends on today.
func TestT13TheDutiesOfAQuarterFromTheSOCToTheBoard(t *testing.T) {
	w := world(t)
	h := newHouse(t, false, nil)
	nccis := newNode(t, "nccis", h.yaml(w.Person("nccis").Address()))
	soc := newNode(t, "soc-alfa", h.yaml(w.Person("soc-alfa").Address()))
	nccis.start()
	soc.start()

	handed := func(args ...string) string {
		t.Helper()
		var s struct {
			ID  string
			Due []struct{ Clause string }
		}
		if err := json.Unmarshal([]byte(soc.must(append(args, "--json")...)), &s); err != nil || s.ID == "" || len(s.Due) == 0 {
			t.Fatalf("%v: %+v %v", args, s, err)
		}
		return s.ID
	}
	card := handed("contact", "change", "--phone", "+77012345678", "--reason", "first card")
	confirmed := handed("contact", "confirm")
	quarterly := handed("quarterly", "approve", "--approver", "Dana Omarova")
	for _, id := range []string{card, confirmed, quarterly} {
		accepted(t, soc, id)
	}
	nccis.settled(3)

	var rows []struct{ Clause, Participant, State, Number, Report string }
	if err := json.Unmarshal([]byte(nccis.must("board", "--json")), &rows); err != nil {
		t.Fatal(err)
	}
	delivered := map[string]string{}
	for _, r := range rows {
		if r.Participant == "soc-alfa" && (r.State == "met" || r.State == "disputable" || r.State == "late") && strings.HasPrefix(r.Number, "NCCIS-") {
			delivered[r.Clause] = r.Report
		}
	}
	if delivered["17"] != confirmed || delivered["18"] != quarterly {
		t.Errorf("the board has %+v", rows)
	}
	for language, words := range map[string][2]string{"kk": {"Байланыс деректері (17-тармақ)", "растау: қабылданды"},
		"ru": {"Контактные данные (пункт 17)", "подтверждение: принято"}, "en": {"Contact data (clause 17)", "receipt: accepted"}} {
		if out := nccis.must("board", "--lang", language); !strings.Contains(out, words[0]) {
			t.Errorf("no %q in\n%s", words[0], out)
		}
		if out := soc.must("quarterly", "show", "--lang", language); !strings.Contains(out, words[1]) {
			t.Errorf("no %q in\n%s", words[1], out)
		}
		if out := soc.must("contact", "show", "--lang", language); !strings.Contains(out, words[0]) || !strings.Contains(out, words[1]) {
			t.Errorf("no %q in\n%s", words, out)
		}
	}
	soc.close()
	nccis.close()
}
