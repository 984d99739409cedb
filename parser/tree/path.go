package tree

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// Names tells which names a schema knows below one place of a document, so
// that no name a sender made up is ever repeated.
type Names interface {
	// Below returns what is known below the child of that name, and whether an
	// XML element of that name may repeat there. A JSON list's items know the
	// same names as the list. known is false for a name the schema has not.
	Below(name string) (next Names, repeats, known bool)
}

// Attributes is what Names says besides where the schema knows attributes.
type Attributes interface {
	// Attribute reports whether the element here has an attribute of that name.
	Attribute(name string) bool
}

// Path is the place of a node: a JSON Pointer (RFC 6901), or an XPath with
// positions. A step the schema does not know is written *[n], the n-th member
// or element from 1, an attribute @*[n]; below it there are only positions.
// root is nil for a document whose root element the schema does not know.
// missing names a field that the node lacks, "" for the node itself.
func (d *Document) Path(n *Node, root Names, missing string) string {
	var chain []*Node
	for ; n != nil; n = n.Up {
		chain = append(chain, n)
	}
	slices.Reverse(chain)
	var path strings.Builder
	names := root
	for i, n := range chain {
		switch {
		case i > 0:
			names = step(&path, n, names)
		case d.Syntax == XML && root != nil:
			path.WriteString("/" + n.Name)
		case d.Syntax == XML:
			path.WriteString("/*[1]")
		}
	}
	if missing != "" {
		path.WriteString("/" + escape(missing))
	}
	if path.Len() == 0 && d.Syntax == XML {
		return "/"
	}
	return path.String()
}

func step(path *strings.Builder, n *Node, names Names) Names {
	position := func(same func(*Node) bool) int {
		k := 0
		for c := n.Up.First; c != nil; c = c.Next {
			if same(c) {
				k++
			}
			if c == n {
				break
			}
		}
		return k
	}
	if n.Up.Kind == List {
		path.WriteString("/" + strconv.Itoa(position(func(*Node) bool { return true })-1))
		return names
	}
	if names != nil && !n.Foreign && n.Kind != Attribute {
		if next, repeats, known := names.Below(n.Name); known {
			path.WriteString("/" + escape(n.Name))
			k := position(func(c *Node) bool { return c.Name == n.Name && c.Kind == n.Kind && !c.Foreign })
			if n.Kind == Element && (repeats || k > 1) {
				path.WriteString("[" + strconv.Itoa(k) + "]")
			}
			return next
		}
	}
	if a, ok := names.(Attributes); ok && n.Kind == Attribute && !n.Foreign && a.Attribute(n.Name) {
		path.WriteString("/@" + n.Name)
		return nil
	}
	mark := "/*["
	if n.Kind == Attribute {
		mark = "/@*["
	}
	attribute := n.Kind == Attribute
	k := position(func(c *Node) bool { return (c.Kind == Attribute) == attribute })
	path.WriteString(mark + strconv.Itoa(k) + "]")
	return nil
}

// escape writes a name as a reference token (RFC 6901 section 3).
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// Problems tells the faults in the order of the document, with their paths and
// English texts. Lines and columns count from 1, columns in characters.
func (d *Document) Problems(faults []Fault, root Names) []exchange.Problem {
	faults = slices.Clone(faults)
	slices.SortStableFunc(faults, func(a, b Fault) int { return a.At - b.At })
	var problems []exchange.Problem
	line, begin, at := 1, 0, 0
	for _, f := range faults {
		for to := min(f.At, len(d.Text)); at < to; at++ {
			if d.Text[at] == '\n' {
				line, begin = line+1, at+1
			}
		}
		problems = append(problems, exchange.Problem{
			Path: d.Path(f.Node, root, f.Missing), Line: line, Column: utf8.RuneCount(d.Text[begin:at]) + 1,
			Code: f.Code, Key: f.Key, Args: f.Args,
			Text: catalogue.Text(string(exchange.English), "problem."+f.Key, f.Args...),
		})
	}
	if Full(faults) {
		problems = append(problems, exchange.Problem{Path: d.Path(nil, root, ""), Code: exchange.ProblemLimit,
			Key: "limit-problems", Args: []string{strconv.Itoa(mostFaults)},
			Text: catalogue.Text(string(exchange.English), "problem.limit-problems", strconv.Itoa(mostFaults))})
	}
	return problems
}
