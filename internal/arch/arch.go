// Package arch holds the house together: it reads the source files and says
// where they break the rules of the house. It owns the table of the rooms
// (house.go) and the checks; its test runs them over the whole module.
//
// It looks at syntax alone, with go/parser: it refuses to build, to run or to
// load anything, and no room imports it.
package arch

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// Module is the path of our module: what begins with it is ours.
const Module = "almasu"

// File is one Go source file.
type File struct {
	Path    string // from the root of the module, "crypto/keyring.go"
	Room    string // its folder, "crypto", "internal/arch"
	Test    bool   // a _test.go file, or any file of test/
	Lines   int
	Syntax  *ast.File
	Imports map[string]string // path -> the name it has in the file

	set *token.FileSet
}

// Load reads every Go file of the module. Folders that the go tool ignores are
// ignored here too, and so are files that no build takes (`//go:build ignore`).
func Load(root fs.FS) ([]*File, error) {
	var files []*File
	set := token.NewFileSet()
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone since the folder was listed
		}
		if err != nil {
			return err
		}
		f, err := read(set, name, text)
		if err == nil && !f.ignored() {
			files = append(files, f)
		}
		return err
	})
	return files, err
}

func read(set *token.FileSet, name string, text []byte) (*File, error) {
	syntax, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	f := &File{Path: name, Room: path.Dir(name), Test: strings.HasSuffix(name, "_test.go") || top(name) == "test", Lines: strings.Count(string(text), "\n"),
		Syntax: syntax, Imports: map[string]string{}, set: set}
	for _, spec := range syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		f.Imports[imported] = path.Base(imported)
		if spec.Name != nil {
			f.Imports[imported] = spec.Name.Name
		}
	}
	return f, nil
}

// ignored: the file stands under the build constraint "ignore".
func (f *File) ignored() bool {
	for _, group := range f.Syntax.Comments {
		for _, c := range group.List {
			if c.Pos() > f.Syntax.Package || !constraint.IsGoBuild(c.Text) {
				continue
			}
			if x, err := constraint.Parse(c.Text); err == nil && !x.Eval(func(tag string) bool { return tag != "ignore" }) {
				return true
			}
		}
	}
	return false
}

// at says that something at a place breaks a rule.
func (f *File) at(pos token.Pos, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", f.Path, f.set.Position(pos).Line, fmt.Sprintf(format, args...))
}

// call names the function of another package that a call calls, "time.Sleep",
// "" for every other call.
func (f *File) call(c *ast.CallExpr) string {
	fun := c.Fun
	if index, ok := fun.(*ast.IndexExpr); ok { // sync.OnceValue[T]
		fun = index.X
	}
	selector, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	x, ok := selector.X.(*ast.Ident)
	if !ok {
		return ""
	}
	for imported, name := range f.Imports {
		if name == x.Name {
			return imported + "." + selector.Sel.Name
		}
	}
	return ""
}
