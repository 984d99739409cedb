package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// claim is a sentence that says that clause 16 is fulfilled, in any of the three
// languages. Clause 16 asks for the platform of the NCCIS, which e-mail is not.
func claim() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(compl(y|ies|iant|iance)|conform|fulfil|satisf|meet)[^.;"]{0,40}clause 16` +
		`|clause 16[^.;"]{0,20}(is|are) (fulfilled|met|kept|satisfied|covered)` +
		`|(соответств|выполн|соблюд)[^.;"]{0,40}(пункт\p{L}*|п\.) ?16` +
		`|16[- ]?тарма[қг]\p{L}*[^.;"]{0,20}(сәйкес|орындал)`)
}

func TestClaim(t *testing.T) {
	for text, want := range map[string]bool{
		"this complies with clause 16": true, "clause 16 is fulfilled": true, "соответствует пункту 16": true, "16-тармаққа сәйкес келеді": true,
		"clause 16: the platform is not covered by this channel": false, "clause 16": false, "certificate counts as domestic": false,
	} {
		if claim().MatchString(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}

// TestNothingClaimsClause16: no text of ours that could be printed says that
// clause 16 is fulfilled: neither a string in the program nor the catalogue.
func TestNothingClaimsClause16(t *testing.T) {
	looked := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 {
				return fs.SkipDir
			}
			return err
		}
		switch {
		case strings.HasPrefix(path, "../../internal/catalogue/texts/"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			looked++
			if found := claim().FindString(string(text)); found != "" {
				t.Errorf("%s: %q", path, found)
			}
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			looked++
			return literals(path, func(text string) {
				if found := claim().FindString(text); found != "" {
					t.Errorf("%s: %q", path, found)
				}
			})
		}
		return nil
	})
	if err != nil || looked < 100 {
		t.Errorf("%v, %d files", err, looked)
	}
}

func literals(path string, each func(string)) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			each(l.Value)
		}
		return true
	})
	return nil
}
