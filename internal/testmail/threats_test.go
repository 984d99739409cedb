package testmail

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestThreatsNameTestsThatExist: every attack of docs/THREATS.md names the rule
// that stops it and a test that shows it, every family has its row, and every
// test named is there.
func TestThreatsNameTestsThatExist(t *testing.T) {
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "docs", "THREATS.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := testsOf(t, root)
	families := map[string]bool{}
	rows := 0
	for _, line := range strings.Split(string(page), "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| Attack |") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 4 || strings.TrimSpace(cells[1]) == "" {
			t.Errorf("no rule: %s", line)
			continue
		}
		named := regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w*`).FindAllString(cells[3], -1)
		if len(named) == 0 {
			t.Errorf("no test is named: %s", line)
		}
		for _, name := range named {
			if !there[name] {
				t.Errorf("there is no test %s: %s", name, line)
			}
		}
		if family := regexp.MustCompile(`\*\*Family (\w+)\*\*`).FindStringSubmatch(cells[0]); family != nil {
			families[family[1]] = true
		}
	}
	for _, f := range Families() {
		if !families[f] {
			t.Errorf("the family %s has no row", f)
		}
	}
	if rows < 20 || len(families) != len(Families()) {
		t.Errorf("%d rows, families %v", rows, families)
	}
}

// testsOf are the names of all tests and fuzz targets of the module.
func testsOf(t *testing.T, root string) map[string]bool {
	t.Helper()
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(text, -1) {
			there[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return there
}

// TestAttackNames: each attack and control has a name of its own.
func TestAttackNames(t *testing.T) {
	names := map[string]bool{}
	add := func(c *Case) {
		if names[c.Name] || c.Comment == "" {
			t.Errorf("%s: named twice, or without a comment", c.Name)
		}
		names[c.Name] = true
	}
	for _, a := range Attacks() {
		add(&a.Case)
		add(a.Control)
		if a.Outcome == Accepted || a.Control.Outcome != Accepted {
			t.Errorf("%s must be %s, its control %s", a.Name, a.Outcome, a.Control.Outcome)
		}
		if a.Code != "" && string(a.Code.Fate()) != string(a.Outcome) {
			t.Errorf("%s: the code %s means %s, the attack says %s", a.Name, a.Code, a.Code.Fate(), a.Outcome)
		}
	}
	for _, c := range Honest() {
		add(c)
	}
}
