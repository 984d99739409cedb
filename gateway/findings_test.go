package gateway

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"almasu/exchange"
	"almasu/internal/testmail"
)

// documentedFindings are the names of the table in docs/WIRE.md.
func documentedFindings(t *testing.T) map[string]bool {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "WIRE.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(page), "| Finding | About | Says |")
	if !ok {
		t.Fatal("docs/WIRE.md has no table of findings")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	names := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z0-9 -]+) \|`).FindAllStringSubmatch(table, -1) {
		names[row[1]] = true
	}
	return names
}

// stringsOf collects the string literals of the rooms that find something, of
// their programs and of the tests; "name: more" counts as "name".
// A test may also name the constant.
func stringsOf(t *testing.T) (programs, tests map[string]bool) {
	t.Helper()
	programs, tests = map[string]bool{}, map[string]bool{}
	constants := map[string]string{}
	defer func() {
		for constant, name := range constants {
			tests[name] = tests[name] || tests[constant]
		}
	}()
	for _, room := range []string{"crypto", "exchange", "gateway", "parser", "internal/mimepart", "internal/testmail", "cmd"} {
		err := filepath.WalkDir(filepath.Join("..", filepath.FromSlash(room)), func(path string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "findings_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			into := programs
			if strings.HasSuffix(path, "_test.go") || room == "internal/testmail" {
				into = tests
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.BasicLit:
					if text, err := strconv.Unquote(n.Value); err == nil {
						name, _, _ := strings.Cut(text, ":")
						into[strings.TrimSpace(name)] = true
					}
				case *ast.Ident:
					into[n.Name] = true
				case *ast.ValueSpec:
					if len(n.Values) == 1 {
						if lit, ok := n.Values[0].(*ast.BasicLit); ok {
							constants[n.Names[0].Name], _ = strconv.Unquote(lit.Value)
						}
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return programs, tests
}

// TestEveryFindingHasANameATestAndAMessage: what docs/WIRE.md lists is found
// somewhere and tested somewhere, and no message of the sets yields a finding
// that is not listed.
func TestEveryFindingHasANameATestAndAMessage(t *testing.T) {
	w, g := certified(t)
	listed := documentedFindings(t)
	programs, tests := stringsOf(t)
	seen := map[string]bool{}
	look := func(c *testmail.Case) {
		e, _ := judged(t, w, &g, c, nil)
		for _, f := range e.Security.Findings {
			name, _, _ := strings.Cut(f, ":")
			seen[name] = true
			if !listed[name] && !isCode(name) {
				t.Errorf("%s: the finding %q is not listed in docs/WIRE.md", c.Name, f)
			}
		}
	}
	for _, a := range testmail.Attacks() {
		look(&a.Case)
		look(a.Control)
	}
	for _, c := range testmail.Honest() {
		look(c)
	}
	for name := range listed {
		switch {
		case !programs[name]:
			t.Errorf("docs/WIRE.md lists %q, and no program finds it", name)
		case !tests[name] && !seen[name]:
			t.Errorf("the finding %q is tested nowhere", name)
		}
	}
	if len(listed) < 20 {
		t.Errorf("%d findings are listed", len(listed))
	}
}

func isCode(name string) bool {
	for _, c := range exchange.Codes() {
		if string(c) == name {
			return true
		}
	}
	return false
}
