package arch

import (
	"fmt"
	"go/ast"
	"regexp"
	"strings"
)

// Hard limits. A room aims at 250 lines a file and 40 a function.
const (
	maxFile     = 400
	maxFunction = 60
)

// owns is how a package comment speaks of what the package is for.
var owns = regexp.MustCompile(`\b([Oo]wns?|refuses?|only|nothing|wiring)\b`)

// Comments says which packages have no comment that tells what they own.
func Comments(files []*File) []string {
	var order []string
	said := map[string]string{}
	for _, f := range files {
		if f.Test {
			continue
		}
		if _, seen := said[f.Room]; !seen {
			order = append(order, f.Room)
		}
		said[f.Room] += f.Syntax.Doc.Text()
	}
	var wrong []string
	for _, room := range order {
		text := said[room]
		switch {
		case text == "":
			wrong = append(wrong, room+": no package comment")
		case !strings.HasPrefix(text, "Package ") && !strings.HasPrefix(text, "Command "):
			wrong = append(wrong, room+": the package comment begins with Package or Command and the name")
		case !owns.MatchString(text):
			wrong = append(wrong, room+": the package comment does not say what the room owns and refuses")
		}
	}
	return wrong
}

// Size says which files and functions are longer than the hard limits. Tests
// and test rooms are exempt.
func Size(files []*File, house map[string]Room) []string {
	var wrong []string
	for _, f := range files {
		if f.Test || house[f.Room].Test {
			continue
		}
		if f.Lines > maxFile {
			wrong = append(wrong, fmt.Sprintf("%s: %d lines, at most %d", f.Path, f.Lines, maxFile))
		}
		for _, d := range f.Syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := f.set.Position(fn.End()).Line - f.set.Position(fn.Pos()).Line + 1; n > maxFunction {
				wrong = append(wrong, f.at(fn.Pos(), "%s has %d lines, at most %d", fn.Name.Name, n, maxFunction))
			}
		}
	}
	return wrong
}

// Inits says where a function init stands: what it does, nobody calls.
func Inits(files []*File) []string {
	var wrong []string
	for _, f := range files {
		for _, d := range f.Syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				wrong = append(wrong, f.at(fn.Pos(), "init works behind the reader's back: let main call it"))
			}
		}
	}
	return wrong
}

// Sleeps says which tests sleep. Within a function literal handed to
// synctest.Test time is not real, and sleeping is how it is moved.
func Sleeps(files []*File) []string {
	var wrong []string
	for _, f := range files {
		if !f.Test {
			continue
		}
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch f.call(c) {
			case "testing/synctest.Test":
				return false
			case "time.Sleep":
				wrong = append(wrong, f.at(c.Pos(), "a test waits for an event, it does not sleep"))
			}
			return true
		})
	}
	return wrong
}

// Shadows says where room crypto imports the standard crypto under its own
// name.
func Shadows(files []*File) []string {
	var wrong []string
	for _, f := range files {
		if name, ok := f.Imports["crypto"]; ok && top(f.Room) == "crypto" && name != "gocrypto" {
			wrong = append(wrong, f.Path+`: the standard package "crypto" is imported as gocrypto here`)
		}
	}
	return wrong
}
