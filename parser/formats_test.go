package parser

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/FORMATS.md has a row for every field of the kinds that other formats
// carry, and none for a field that cards do not have.
func TestFormatsDocument(t *testing.T) {
	fields := cardFields(t)
	rows := documented(t)
	iodef := slices.Concat(rows["The report"], rows["Incident"], rows["Vulnerability and threat"])
	for name := range fields {
		if !slices.Contains(iodef, name) {
			t.Errorf("the tables of IODEF have no row for %s", name)
		}
	}
	for section, names := range rows {
		for _, name := range names {
			if !fields[name] {
				t.Errorf("%s: cards have no field %s", section, name)
			}
		}
	}
	for _, section := range []string{"STIX 2.1 (`stix`)", "MISP (`misp`)"} { // their fields of ours hold the rest
		if len(rows[section]) < 10 {
			t.Errorf("%s: %v", section, rows[section])
		}
	}
}

// cardFields are the fields of incidents, vulnerabilities and threats, by the
// published schema.
func cardFields(t *testing.T) map[string]bool {
	t.Helper()
	type object struct {
		Properties map[string]json.RawMessage `json:"properties"`
		Defs       map[string]object          `json:"$defs"`
	}
	data, err := os.ReadFile(filepath.Join("..", "docs", "card.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema object
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	fields := map[string]bool{}
	for _, o := range []object{schema, schema.Defs["incident"], schema.Defs["vulnerability"], schema.Defs["threat"]} {
		for name := range o.Properties {
			fields[name] = true
		}
	}
	delete(fields, "almasu") // the mark of a card
	if len(fields) < 40 {
		t.Fatalf("only %d fields in the schema", len(fields))
	}
	return fields
}

// documented are the fields in the first column of the tables of each section.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "docs", "FORMATS.md"))
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile("`([a-z_]+)(?:\\.[a-z_]+)?`")
	rows := map[string][]string{}
	section := ""
	for line := range strings.Lines(string(data)) {
		if title := strings.TrimLeft(line, "#"); title != line {
			section = strings.TrimSpace(title)
		}
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		first, _, _ := strings.Cut(line[1:], "|")
		for _, m := range quoted.FindAllStringSubmatch(first, -1) {
			rows[section] = append(rows[section], m[1])
		}
	}
	return rows
}
