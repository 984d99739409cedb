package csaf

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"almasu/exchange"
	"almasu/parser/tree"
)

// The mandatory tests of version 2.1 alone: each change fails the one named
// and no other, and "" is a change that is allowed.
func TestLater(t *testing.T) {
	group := func(id, name string) change {
		return change{`"distribution":{`, `"distribution":{"sharing_group":{"id":"` + id + `","name":"` + name + `"},`}
	}
	public := change{`"label":"AMBER+STRICT"`, `"label":"CLEAR"`}
	helper := func(old, new string) change { return change{`"purls":["pkg:deb/mysal/portal@4.2.0"]`, old + new} }
	remedy := func(category, product string) change {
		return change{`"remediations":[`, `"remediations":[{"category":"` + category + `","details":"x","product_ids":["` + product + `"]},`}
	}
	for _, c := range []struct {
		key     string
		changes []change
	}{
		{"34", []change{{`"branches":[{"category":"vendor"`, `"branches":[` + strings.Repeat(`{"category":"vendor","name":"x","branches":[`, 31) +
			`{"category":"product_name","name":"x","product":{"name":"x","product_id":"P8"}}` + strings.Repeat(`]}`, 31) + `,{"category":"vendor"`}}},
		{"35", []change{remedy("none_available", "P1")}},
		{"35", []change{remedy("fix_planned", "P1")}},
		{"", []change{remedy("workaround", "P1")}},
		{"36", []change{remedy("vendor_fix", "P5")}},
		{"36", []change{remedy("mitigation", "P2")}},
		{"", []change{remedy("optional_patch", "P5")}},
		{"38", []change{group(maxUUID, "Public")}},
		{"", []change{public, group(maxUUID, "Public")}},
		{"39", []change{public, group("2d4a9a5e-1d0a-4c5b-9a53-3a9d8f6f4f11", "Friends")}},
		{"39", []change{public, group(nilUUID, "No sharing allowed")}},
		{"", []change{group(nilUUID, "No sharing allowed")}},
		{"40", []change{group("2d4a9a5e-1d0a-4c5b-9a53-3a9d8f6f4f11", "Public")}},
		{"41", []change{public, group(maxUUID, "Everybody")}},
		{"42", []change{helper(`"purls":["pkg:deb/mysal/portal@4.2.0",`, `"pkg:deb/mysal/portal@4.2.1"]`)}},
		{"", []change{helper(`"purls":["pkg:deb/mysal/portal@4.2.0",`, `"pkg:deb/mysal/portal@4.2.0?arch=amd64"]`)}},
		{"43", []change{helper(`"model_numbers":["A*B*"]`, ``)}},
		{"", []change{helper(`"model_numbers":["A\\*B*"]`, ``)}},
		{"44", []change{helper(`"serial_numbers":["**"]`, ``)}},
		{"45", []change{public, {`"discovery_date"`, `"disclosure_date":"2026-05-01T10:00:00Z","discovery_date"`}}},
		{"", []change{{`"discovery_date"`, `"disclosure_date":"2026-05-01T10:00:00Z","discovery_date"`}}},
		{"51", []change{{`"metrics":[`, `"metrics":[{"products":["P5"],"content":{"epss":{"percentile":"0.9","probability":"0.1","timestamp":"2026-05-01T10:00:00Z"}}},`}}},
		{"49", []change{{`"metrics":[`, `"metrics":[{"products":["P5"],"content":{"ssvc_v2":{"timestamp":"2026-05-01T10:00:00Z"}}},`}}},
		{"47", []change{{`"metrics":[`, `"metrics":[{"products":["P5"],"content":{"ssvc_v1":{"id":"CVE-1900-0002"}}},`}}},
		{"47", []change{{`"metrics":[`, `"metrics":[{"products":["P5"],"content":{"ssvc_v2":{"target_ids":["CVE-1900-0002"]}}},`}}},
		{"50", []change{{`"name":"<4.0"`, `"name":"all versions < 4.0"`}}},
		{"", []change{{`"name":"<4.0"`, `"name":"vers:npm/<4.0"`}}},
		{"54", []change{{`"csaf_version"`, `"license_expression":"Do as you like.","csaf_version"`}}},
		{"", []change{{`"csaf_version"`, `"license_expression":"CC-BY-4.0","csaf_version"`}}},
		{"52", []change{{`"discovery_date"`, `"first_known_exploitation_dates":[{"date":"2026-05-01T10:00:00Z","exploitation_date":"2026-01-01T10:00:00Z","product_ids":["P1"]}],"discovery_date"`}}},
		{"53", []change{{`"discovery_date"`, `"first_known_exploitation_dates":[{"date":"2026-01-01T10:00:00Z","exploitation_date":"2026-02-01T10:00:00Z","product_ids":["P1"]}],"discovery_date"`}}},
	} {
		changed := base21()
		for _, ch := range c.changes {
			if !strings.Contains(changed, ch.old) {
				t.Fatalf("nothing to change: %s", ch.old)
			}
			changed = strings.Replace(changed, ch.old, ch.new, 1)
		}
		_, problems := Read(tree.ReadJSON([]byte(changed), tree.Limits{Depth: 200}), now)
		var keys []string
		for _, p := range problems {
			keys = append(keys, strings.TrimPrefix(p.Key, "semantic-csaf-"))
			if p.Code != exchange.ProblemSemantic {
				t.Errorf("%+v", p)
			}
		}
		if want := strings.Fields(c.key); !slices.Equal(keys, want) {
			t.Errorf("%v: %v, want %q", c.changes, problems, c.key)
		}
	}
}

// A document that was withdrawn or superseded says why, and by what.
func TestEnded(t *testing.T) {
	ended := func(category, notes, references string, revisions int) string {
		history := `{"date":"2026-01-01T10:00:00Z","number":"1","summary":"s"}`
		if revisions > 1 {
			history += `,{"date":"2026-01-02T10:00:00Z","number":"2","summary":"s"}`
		}
		return `{"$schema":"https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json","document":{"category":"` + category + `","csaf_version":"2.1","distribution":{"tlp":{"label":"CLEAR"}},"title":"t",` +
			notes + references + `"publisher":{"category":"vendor","name":"n","namespace":"https://a.example"},"tracking":{"current_release_date":"2026-01-02T10:00:00Z","id":"x",` +
			`"initial_release_date":"2026-01-01T10:00:00Z","status":"final","version":"` + strconv.Itoa(revisions) + `","revision_history":[` + history + `]}}}`
	}
	note := func(category, title string) string {
		return `"notes":[{"category":"` + category + `","text":"t","title":"` + title + `"}],`
	}
	successor := `"references":[{"category":"external","summary":"Superseding Document","url":"https://a.example/"}],`
	for _, c := range []struct{ doc, keys string }{
		{ended(withdrawnProfile, note("description", "Reasoning for Withdrawal"), "", 2), ""},
		{ended(supersededProfile, note("description", "Reasoning for Supersession"), successor, 2), ""},
		{ended(withdrawnProfile, note("description", "Reasoning for Withdrawal"), "", 1), "27-16"},
		{ended(withdrawnProfile, note("description", "Why"), "", 2), "27-17"},
		{ended(withdrawnProfile, `"lang":"kk",`+note("description", "Неге"), "", 2), ""},
		{ended(withdrawnProfile, note("summary", "Reasoning for Withdrawal"), "", 2), "27-14 27-17"},
		{ended(supersededProfile, note("description", "Reasoning for Withdrawal"), successor, 2), "27-18"},
		{ended(supersededProfile, note("description", "Reasoning for Supersession"), "", 2), "27-19"},
		{strings.Replace(ended(withdrawnProfile, note("description", "Reasoning for Withdrawal"), "", 2), `"document":`, `"product_tree":{"full_product_names":[{"name":"n","product_id":"p"}]},"document":`, 1), "27-15"},
		{strings.NewReplacer(`"csaf_vex"`, `"csaf_security_advisory"`, `"known_affected":["P1"],`, ``).Replace(base21()), "27-12"},
	} {
		_, problems := read(c.doc)
		var keys []string
		for _, p := range problems {
			keys = append(keys, strings.TrimPrefix(p.Key, "semantic-csaf-"))
		}
		slices.Sort(keys)
		if !slices.Equal(keys, strings.Fields(c.keys)) {
			t.Errorf("%s: %v, want %q", c.doc, problems, c.keys)
		}
	}
}
