package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"

	"almasu/exchange"
)

// object is one thing that has states: a type of exchange and its table.
type object struct {
	title, typeName string
	table           []exchange.Transition
}

func objects() []object {
	return []object{
		{"Arrivals", "ArrivalState", exchange.ArrivalTransitions()},
		{"Letters", "LetterState", exchange.LetterTransitions()},
	}
}

// state is one constant of a state type with its comment.
type state struct{ constant, value, comment string }

// Page makes docs/STATES.md. source is the file that declares the states. A
// state without a comment, or one that a table knows and the file does not (or
// the other way round), is an error.
func Page(source []byte) ([]byte, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("<!-- Generated from exchange/state.go by `go generate ./exchange`. Do not edit. -->\n\n# States\n")
	for _, o := range objects() {
		block, states := declared(file, o.typeName)
		if err := check(o, states); err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| State | What it means |\n|---|---|\n", o.title, block)
		for _, s := range states {
			fmt.Fprintf(&b, "| `%s` | %s |\n", s.value, s.comment)
		}
		b.WriteString("\n| From | To | Made by |\n|---|---|---|\n")
		for _, t := range o.table {
			fmt.Fprintf(&b, "| %s | `%s` | %s |\n", beginning(t.From), t.To, t.By)
		}
		diagram(&b, o.table)
	}
	return b.Bytes(), nil
}

// declared finds the constants of a type with their comments, and what the
// comment of their block says. The constant's name at the beginning of its
// comment is left out: the table names the state.
func declared(file *ast.File, typeName string) (block string, states []state) {
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			if name, ok := v.Type.(*ast.Ident); !ok || name.Name != typeName {
				continue
			}
			literal, ok := v.Values[0].(*ast.BasicLit)
			if !ok {
				continue
			}
			value, _ := strconv.Unquote(literal.Value)
			comment := strings.TrimPrefix(line(v.Doc.Text()), v.Names[0].Name+": ")
			states = append(states, state{v.Names[0].Name, value, upper(comment)})
			block = line(g.Doc.Text())
		}
	}
	return block, states
}

func check(o object, states []state) error {
	known := map[string]bool{"": true}
	for _, s := range states {
		if s.comment == "" {
			return fmt.Errorf("%s has no comment", s.constant)
		}
		known[s.value] = true
	}
	used := map[string]bool{}
	for _, t := range o.table {
		if !known[t.From] || !known[t.To] {
			return fmt.Errorf("the table of %s has a change from %q to %q, but no such states", o.typeName, t.From, t.To)
		}
		used[t.To] = true
	}
	for _, s := range states {
		if !used[s.value] {
			return fmt.Errorf("the table of %s has no change to %q", o.typeName, s.value)
		}
	}
	return nil
}

// diagram draws the table (mermaid, stateDiagram-v2). An identifier has no
// hyphen there; the state keeps its name as a label.
func diagram(b *bytes.Buffer, table []exchange.Transition) {
	node := func(s string) string {
		if s == "" {
			return "[*]"
		}
		return strings.ReplaceAll(s, "-", "_")
	}
	b.WriteString("\n```mermaid\nstateDiagram-v2\n")
	named := map[string]bool{}
	left := map[string]bool{}
	for _, t := range table {
		if !named[t.To] && node(t.To) != t.To {
			fmt.Fprintf(b, "    state \"%s\" as %s\n", t.To, node(t.To))
		}
		named[t.To], left[t.From] = true, true
	}
	for _, t := range table {
		fmt.Fprintf(b, "    %s --> %s: %s\n", node(t.From), node(t.To), t.By)
	}
	for _, t := range table {
		if !left[t.To] {
			fmt.Fprintf(b, "    %s --> [*]\n", node(t.To))
			left[t.To] = true
		}
	}
	b.WriteString("```\n")
}

func beginning(from string) string {
	if from == "" {
		return "(new)"
	}
	return "`" + from + "`"
}

// line joins a comment into one line that a table can hold.
func line(comment string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(comment), " "), "|", `\|`)
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
