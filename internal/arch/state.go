package arch

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// State says which package-level variables are, or may be, state: declared
// without a value, with a value that is not a table, a pattern, an error or an
// embedded file, or changed by some function. Judged by syntax and names.
func State(files []*File) []string {
	var wrong []string
	tables := map[string]map[string]bool{} // room -> its variables
	for _, f := range files {
		if tables[f.Room] == nil {
			tables[f.Room] = map[string]bool{}
		}
		for _, d := range f.Syntax.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR || f.Test {
				continue
			}
			for _, s := range g.Specs {
				wrong = append(wrong, f.declared(g, s.(*ast.ValueSpec), tables[f.Room])...)
			}
		}
	}
	for _, f := range files {
		wrong = append(wrong, f.changed(tables[f.Room])...)
	}
	return wrong
}

func (f *File) declared(g *ast.GenDecl, s *ast.ValueSpec, vars map[string]bool) []string {
	var wrong []string
	for i, name := range s.Names {
		if name.Name == "_" { // interface guard
			continue
		}
		vars[name.Name] = true
		switch {
		case len(s.Values) == 0 && !embedded(g.Doc) && !embedded(s.Doc):
			wrong = append(wrong, f.at(name.Pos(), "var %s without a value is state: put it into a struct that somebody owns", name.Name))
		case len(s.Values) == len(s.Names) && !f.constant(s.Values[i]):
			wrong = append(wrong, f.at(name.Pos(), "var %s looks like state: a table, a pattern, an error or sync.OnceValue may stand here", name.Name))
		case len(s.Values) != 0 && len(s.Values) != len(s.Names):
			wrong = append(wrong, f.at(name.Pos(), "var %s is worked out when the program starts", name.Name))
		}
	}
	return wrong
}

func embedded(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// constant: a value that nothing changes as long as nobody assigns to it.
func (f *File) constant(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.BasicLit, *ast.Ident, *ast.SelectorExpr, *ast.BinaryExpr:
		return true
	case *ast.ParenExpr:
		return f.constant(x.X)
	case *ast.UnaryExpr:
		return x.Op != token.AND && x.Op != token.ARROW
	case *ast.CompositeLit:
		s, named := x.Type.(*ast.SelectorExpr)
		if !named {
			return true
		}
		pkg, ok := s.X.(*ast.Ident)
		return !ok || pkg.Name != "sync" && pkg.Name != "atomic"
	case *ast.CallExpr:
		switch x.Fun.(type) {
		case *ast.ArrayType, *ast.FuncLit: // conversion; a table worked out once
			return true
		}
		return slices.Contains([]string{"errors.New", "fmt.Errorf", "regexp.MustCompile", "strings.NewReplacer", "sync.OnceValue",
			"sync.OnceValues", "sync.OnceFunc", "time.Date", "time.Unix", "time.FixedZone", "net/netip.MustParsePrefix", "net/netip.MustParseAddr",
			"text/template.Must", "html/template.Must"}, f.call(x))
	}
	return false
}

// changed says where a function changes one of the variables of its package,
// or hands out its address. A name that the function declares itself is its own.
func (f *File) changed(vars map[string]bool) []string {
	var wrong []string
	for _, d := range f.Syntax.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		own := declaredIn(fn)
		for _, x := range targets(fn.Body) {
			if name := root(x); name != nil && vars[name.Name] && !own[name.Name] {
				wrong = append(wrong, f.at(x.Pos(), "%s changes the package's variable %s", fn.Name.Name, name.Name))
			}
		}
	}
	return wrong
}

// targets are the expressions that a body assigns to, counts, empties or takes
// the address of.
func targets(body *ast.BlockStmt) []ast.Expr {
	var out []ast.Expr
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				out = append(out, n.Lhs...)
			}
		case *ast.IncDecStmt:
			out = append(out, n.X)
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				out = append(out, n.Key, n.Value)
			}
		case *ast.UnaryExpr:
			if _, literal := n.X.(*ast.CompositeLit); n.Op == token.AND && !literal {
				out = append(out, n.X)
			}
		case *ast.CallExpr:
			if name, ok := n.Fun.(*ast.Ident); ok && (name.Name == "delete" || name.Name == "clear") && len(n.Args) > 0 {
				out = append(out, n.Args[0])
			}
		}
		return true
	})
	return out
}

// root is the variable at the bottom of an expression: x of x.y[i].z.
func root(x ast.Expr) *ast.Ident {
	for {
		switch e := x.(type) {
		case *ast.Ident:
			return e
		case *ast.IndexExpr:
			x = e.X
		case *ast.SelectorExpr:
			x = e.X
		case *ast.StarExpr:
			x = e.X
		case *ast.ParenExpr:
			x = e.X
		case *ast.SliceExpr:
			x = e.X
		default:
			return nil
		}
	}
}

// declaredIn names everything a function declares: parameters, results and
// the variables of its body and of the literals in it.
func declaredIn(fn *ast.FuncDecl) map[string]bool {
	own := map[string]bool{}
	add := func(list ...ast.Expr) {
		for _, x := range list {
			if name, ok := x.(*ast.Ident); ok {
				own[name.Name] = true
			}
		}
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, name := range n.Names {
				add(name)
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				add(name)
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				add(n.Lhs...)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				add(n.Key, n.Value)
			}
		}
		return true
	})
	return own
}
