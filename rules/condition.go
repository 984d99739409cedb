package rules

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"almasu/exchange"
)

// condition is a rule's `when`, compiled.
type condition struct {
	text    string
	always  bool // "true": nothing to evaluate
	program *vm.Program
	names   []string // the facts it looks at
}

// compile type-checks a condition. What reads a clock or builds large values
// is not there.
func compile(text string) (*condition, error) {
	c := &condition{text: text, always: strings.TrimSpace(text) == "true"}
	seen := &looked{}
	var err error
	c.program, err = expr.Compile(text, expr.Env(&facts{}), expr.AsBool(), expr.Patch(seen),
		expr.DisableBuiltin("now"), expr.DisableBuiltin("repeat"))
	c.names = seen.names
	if err == nil && seen.mistake != "" {
		err = errors.New(seen.mistake)
	}
	return c, err
}

var unknownName = regexp.MustCompile(`^unknown name (\S+)`)

// check says what is wrong with a condition, "" if nothing is, and how many
// lines down in it.
func check(text string) (mistake string, down int) {
	if strings.TrimSpace(text) == "" {
		return `is missing, write "true" for always`, 0
	}
	_, err := compile(text)
	if err == nil {
		return "", 0
	}
	var at *file.Error
	if !errors.As(err, &at) {
		return err.Error(), 0
	}
	mistake = at.Message
	if m := unknownName.FindStringSubmatch(at.Message); m != nil {
		mistake = fmt.Sprintf("unknown name %q, %s", m[1], didYouMean(m[1], factNames()))
	}
	return fmt.Sprintf("%s (character %d of %q)", mistake, at.Column+1, line(text, at.Line)), max(at.Line-1, 0)
}

func line(text string, n int) string {
	lines := strings.Split(text, "\n")
	return strings.TrimSpace(lines[min(max(n, 1), len(lines))-1])
}

// factNames are the words that a condition may use.
func factNames() []string {
	var out []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[facts]()) {
		out = append(out, f.Tag.Get("expr"))
	}
	return out
}

// closedLists are the facts whose values are a closed list: a word that is not
// on it can never be true.
func closedLists() map[string][]string {
	kinds := plain(exchange.ParticipantKinds())
	return map[string][]string{
		"kind": plain(exchange.ReportKinds()), "about": plain(exchange.ReportKinds()), "role": {"nccis", "soc"}, "sender_kinds": kinds,
		"tlp":      {string(exchange.TLPClear), string(exchange.TLPGreen), string(exchange.TLPAmber), string(exchange.TLPAmberStrict), string(exchange.TLPRed)},
		"severity": {"low", "medium", "high"}, "status": {"new", "in-progress", "forwarded", "resolved"},
		"occasion": {"10.1", "10.2", "10.3", "10.4", "10.5"}, "language": plain(exchange.Languages()),
		"violations":    {"information-security", "informatisation", "prosecution", "internal-affairs", "other"},
		"exploit_known": {"yes", "no", "unknown"}, "exploited_here": {"yes", "no", "unknown"},
	}
}

// looked notes which facts a condition looks at, and words that they cannot
// have.
type looked struct {
	names   []string
	mistake string
}

// Visit is called for every node of a condition (expr's ast.Visitor).
func (l *looked) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if !slices.Contains(l.names, n.Value) && slices.Contains(factNames(), n.Value) {
			l.names = append(l.names, n.Value)
		}
	case *ast.BinaryNode:
		l.compare(n.Left, n.Right)
		l.compare(n.Right, n.Left)
	}
}

// compare judges `fact == "word"`, `"word" in fact` and `fact in ["word"]`.
func (l *looked) compare(fact, words ast.Node) {
	name, ok := fact.(*ast.IdentifierNode)
	if !ok {
		return
	}
	known, closed := closedLists()[name.Value]
	if !closed {
		return
	}
	list := []ast.Node{words}
	if a, ok := words.(*ast.ArrayNode); ok {
		list = a.Nodes
	}
	for _, w := range list {
		if s, ok := w.(*ast.StringNode); ok && s.Value != "" && !slices.Contains(known, s.Value) {
			l.mistake = fmt.Sprintf("%s is never %q, %s", name.Value, s.Value, didYouMean(s.Value, known))
		}
	}
}
