package bounce_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"almasu/internal/mimepart"
	"almasu/internal/testmail/bounces"
	"almasu/mailout/bounce"
)

func about() bounces.About {
	return bounces.About{MessageID: "<00112233445566778899aabbccddeeff@nccis.example>", EnvelopeID: "ffeeddccbbaa99887766554433221100",
		Sender: "exchange@nccis.example", Recipient: "duty@soc-alfa.example"}
}

func ours() bounce.Ours {
	return bounce.Ours{Address: "exchange@nccis.example", ID: regexp.MustCompile(`^<[0-9a-f]{32}@nccis\.example>$`).MatchString}
}

func parse(t *testing.T, raw []byte) (bounce.Report, bool) {
	t.Helper()
	root, err := mimepart.Parse(raw, mimepart.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return bounce.Parse(root, ours())
}

// TestEveryDialect: which letter, which recipient, what happened, and whether
// trying again helps.
func TestEveryDialect(t *testing.T) {
	a := about()
	for _, b := range bounces.All() {
		t.Run(b.Name, func(t *testing.T) {
			r, ok := parse(t, b.Message(a))
			kind := "none"
			if ok && r.Reply {
				kind = "reply"
			} else if ok {
				kind = "report"
			}
			if kind != b.Kind {
				t.Fatalf("%s, want %s: %+v\n%s", kind, b.Kind, r, b.Message(a))
			}
			if kind == "none" {
				return
			}
			if r.MessageID != a.MessageID && r.EnvelopeID != a.EnvelopeID {
				t.Errorf("it is about %s %s", r.MessageID, r.EnvelopeID)
			}
			if kind == "reply" {
				if len(r.Recipients) > 0 {
					t.Errorf("a reply about %+v", r.Recipients)
				}
				return
			}
			i := slices.IndexFunc(r.Recipients, func(one bounce.Recipient) bool { return strings.EqualFold(one.Address, a.Recipient) })
			if i < 0 && !b.Nameless {
				t.Fatalf("it does not name %s: %+v", a.Recipient, r.Recipients)
			}
			one := r.Recipients[max(i, 0)]
			if one.Action != b.Action || one.Class() != b.Class || b.Status != "" && one.Status != b.Status && !strings.HasSuffix(one.Status, ".0.0") {
				t.Errorf("%s: %s %s %s, want %s %s %s (%q)", r.Dialect, one.Action, one.Class(), one.Status, b.Action, b.Class, b.Status, one.Diagnostic)
			}
			if len(r.Recipients) != 1 {
				t.Errorf("recipients %+v", r.Recipients)
			}
		})
	}
}

func TestThereAreEnoughDialects(t *testing.T) {
	kinds := map[string]int{}
	names := map[string]bool{}
	for _, b := range bounces.All() {
		kinds[b.Kind]++
		if names[b.Name] {
			t.Errorf("%s stands twice", b.Name)
		}
		names[b.Name] = true
	}
	if kinds["report"] < 40 || kinds["reply"] < 8 || kinds["none"] < 10 {
		t.Errorf("%v", kinds)
	}
}

// Without an id of ours nothing but the fields of RFC 3464 is a report.
func TestNothingCountsForSomebodyElse(t *testing.T) {
	a := about()
	for _, b := range bounces.All() {
		root, err := mimepart.Parse(b.Message(a), mimepart.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		r, ok := bounce.Parse(root, bounce.Ours{Address: "x@elsewhere.example", ID: func(string) bool { return false }})
		if ok && (r.Reply || !strings.Contains(string(b.Message(a)), "delivery-status")) {
			t.Errorf("%s counts without an id: %+v", b.Name, r)
		}
	}
}

func TestNothingAutomaticIsAnswered(t *testing.T) {
	a := about()
	for _, b := range bounces.All() {
		root, err := mimepart.Parse(b.Message(a), mimepart.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		person := strings.Contains(string(b.Message(a)), "From: Dana")
		if person && bounce.Automatic(root) {
			t.Errorf("%s: a person's mail counts as automatic", b.Name)
		}
		if strings.Contains(string(b.Message(a)), "auto-replied") && !bounce.Automatic(root) {
			t.Errorf("%s: it could be answered", b.Name)
		}
	}
	if bounce.Automatic(nil) {
		t.Error("nothing is automatic")
	}
}
