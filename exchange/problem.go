package exchange

// ProblemCode classes what is wrong at one place of a document (DESIGN
// section 7). The list is closed.
type ProblemCode string

// The problem codes.
const (
	ProblemRequired    ProblemCode = "required"
	ProblemUnknown     ProblemCode = "unknown"
	ProblemDuplicate   ProblemCode = "duplicate"
	ProblemType        ProblemCode = "type"
	ProblemEnum        ProblemCode = "enum"
	ProblemPattern     ProblemCode = "pattern"
	ProblemRange       ProblemCode = "range"
	ProblemOrder       ProblemCode = "order"
	ProblemCardinality ProblemCode = "cardinality"
	ProblemEncoding    ProblemCode = "encoding"
	ProblemSyntax      ProblemCode = "syntax"
	ProblemLimit       ProblemCode = "limit"
	ProblemSemantic    ProblemCode = "semantic"
)

// ProblemCodes lists every problem code.
func ProblemCodes() []ProblemCode {
	return []ProblemCode{ProblemRequired, ProblemUnknown, ProblemDuplicate, ProblemType, ProblemEnum, ProblemPattern,
		ProblemRange, ProblemOrder, ProblemCardinality, ProblemEncoding, ProblemSyntax, ProblemLimit, ProblemSemantic}
}

// Problem is one mistake in a document, with its place. Path is a JSON Pointer
// or an XPath with positions; Line and Column count from 1, 0 where unknown.
// Text says what was expected and never repeats the document's own words. Key
// and Args let the same problem be told in another language (the catalogue has
// the sentence under "problem."+Key).
type Problem struct {
	Path   string      `json:"path" card:"line"`
	Line   int         `json:"line,omitempty" card:"min=0"`
	Column int         `json:"column,omitempty" card:"min=0"`
	Code   ProblemCode `json:"code" card:"required,problem"`
	Text   string      `json:"text" card:"required,text"`
	Key    string      `json:"-"`
	Args   []string    `json:"-"`
}
