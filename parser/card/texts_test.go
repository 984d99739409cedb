package card

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"almasu/internal/catalogue"
)

// Every problem the readers can tell has a text in three languages, and every
// text is of a problem they can tell.
func TestEveryProblemHasItsTexts(t *testing.T) {
	keys := map[string]bool{}
	for name := range forms() {
		keys["pattern-"+name] = true
	}
	for name := range wordLists() {
		keys["enum-"+name] = true
	}
	literal := regexp.MustCompile(`^((json|xml|archive|plain|encoding|limit|enum|range|pattern|type|semantic|unknown|duplicate|format|iodef|cardinality)-[a-z0-9-]*[a-z0-9]|required|order|cardinality|pattern|enum|empty-document)$`)
	for _, dir := range []string{".", "..", "../tree", "../archive", "../plain", "../iodef", "../shape", "../stix", "../misp", "../csaf", "../xarf"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			if name == filepath.Join("..", "stix", "table_extensions.go") { // its archive-ext is a name of the standard
				continue
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
					if s, _ := strconv.Unquote(l.Value); literal.MatchString(s) {
						keys[s] = true
					}
				}
				return true
			})
		}
	}
	for key := range keys {
		if !catalogue.Has("problem." + key) {
			t.Errorf("no text for %s in kk, ru and en", key)
		}
	}
	for _, key := range catalogue.Keys() {
		if name, ok := strings.CutPrefix(key, "problem."); ok && !keys[name] {
			t.Errorf("no problem has the text %s", name)
		}
	}
}
