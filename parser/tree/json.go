package tree

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"almasu/exchange"

	"github.com/go-json-experiment/json/jsontext"
)

// ReadJSON reads one JSON text (RFC 8259) in UTF-8 without a byte order mark.
// Reading ends at the first fault of syntax or encoding, and what stands before
// it is in the tree; duplicate names, characters that no text may hold, strings
// over the limit and a byte order mark are noted and reading goes on.
func ReadJSON(data []byte, l Limits) *Document {
	d := &Document{Syntax: JSON, Text: data}
	if rest, marked := bytes.CutPrefix(data, []byte("\xef\xbb\xbf")); marked { // RFC 8259 section 8.1
		d.Text = rest
		d.fault(exchange.ProblemEncoding, "encoding-bom", nil, 0)
	}
	if len(bytes.Trim(d.Text, blanks)) == 0 {
		d.fault(exchange.ProblemSyntax, "empty-document", nil, 0)
		return d
	}
	text := d.validUTF8()
	l = l.orDefault()
	r := &jsonReader{
		doc: d, text: text, limits: l, left: newBudget(l, len(text)), names: map[string]string{},
		dec: jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true)),
	}
	for r.next() {
	}
	return d
}

// validUTF8 notes the first octet that is not UTF-8, and returns the text
// before it.
func (d *Document) validUTF8() []byte {
	if utf8.Valid(d.Text) {
		return d.Text
	}
	at := 0
	for at < len(d.Text) {
		r, size := utf8.DecodeRune(d.Text[at:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		at += size
	}
	d.fault(exchange.ProblemEncoding, "encoding-utf8", nil, at)
	return d.Text[:at]
}

type jsonReader struct {
	doc    *Document
	text   []byte // of the document, up to where its encoding fails
	dec    *jsontext.Decoder
	limits Limits
	left   budget
	names  map[string]string // one copy of each name
	nodes  arena
	open   *Node     // innermost object or list that is not closed yet
	seen   []members // of the open objects; unused for lists
	name   string    // of the member whose value comes next
	named  bool
	nameAt int
}

// next reads one token; false at the end, good or bad.
func (r *jsonReader) next() bool {
	at := r.start()
	token, err := r.dec.ReadToken()
	if err == io.EOF && r.doc.Root != nil {
		r.doc.Whole = len(r.text) == len(r.doc.Text)
		return false
	}
	if r.doc.Root != nil && r.open == nil {
		r.doc.fault(exchange.ProblemSyntax, "json-trailing", nil, at)
		return false
	}
	if err != nil {
		r.bad(err, at)
		return false
	}
	kind := token.Kind()
	switch {
	case kind == '}' || kind == ']':
		r.open = r.open.Up
		r.seen = r.seen[:len(r.seen)-1]
		return true
	case r.open != nil && r.open.Kind == Object && !r.named:
		r.member(token.String(), at)
		return true
	}
	return r.value(kind, token, at)
}

// start is where the next token begins: after white space, commas and colons.
func (r *jsonReader) start() int {
	at := int(r.dec.InputOffset())
	for at < len(r.text) {
		switch r.text[at] {
		case ' ', '\t', '\r', '\n', ',', ':':
			at++
			continue
		}
		break
	}
	return at
}

func (r *jsonReader) member(name string, at int) {
	shared, ok := r.names[name]
	if !ok {
		shared = name
		r.names[name] = name
	}
	r.name, r.named, r.nameAt = shared, true, at
}

func (r *jsonReader) value(kind jsontext.Kind, token jsontext.Token, at int) bool {
	n := r.nodes.node()
	*n = Node{At: uint32(at), NameAt: uint32(at)}
	switch kind {
	case '{':
		n.Kind = Object
	case '[':
		n.Kind = List
	case '"':
		n.Kind, n.Value = Text, token.String()
	case '0':
		n.Kind, n.Value = Number, token.String()
	case 'n':
		n.Kind = Null
	default:
		n.Kind, n.Value = Boolean, token.String()
	}
	r.place(n)
	if !r.left.spend() {
		r.doc.fault(exchange.ProblemLimit, "limit-values", n, at)
		return false
	}
	r.check(n)
	if n.Kind == Object || n.Kind == List {
		r.open = n
		r.seen = append(r.seen, members{})
		if len(r.seen) > r.limits.Depth {
			r.doc.TooDeep = true
			r.doc.fault(exchange.ProblemLimit, "limit-depth", n, at, strconv.Itoa(r.limits.Depth))
			return false
		}
	}
	return true
}

// place hangs the node under the open one, with its name.
func (r *jsonReader) place(n *Node) {
	if r.open == nil {
		r.doc.Root = n
		return
	}
	if r.named {
		n.Name, n.NameAt, r.named = r.name, uint32(r.nameAt), false
		if r.seen[len(r.seen)-1].stood(r.open, n.Name) {
			n.Spoilt = true
			defer r.doc.fault(exchange.ProblemDuplicate, "duplicate-field", n, r.nameAt)
		}
	}
	r.open.add(n)
}

// members are the names of an open object: compared one by one while they are
// few, by a map once they are not.
type members struct {
	count int
	names map[string]bool
}

// stood reports whether a member of the object has that name, and counts it.
func (m *members) stood(object *Node, name string) bool {
	m.count++
	if m.names == nil && m.count > 2*few {
		m.names = make(map[string]bool, 4*few)
		for c := object.First; c != nil; c = c.Next {
			m.names[c.Name] = true
		}
	}
	if m.names != nil {
		before := m.names[name]
		m.names[name] = true
		return before
	}
	for c := object.First; c != nil; c = c.Next {
		if c.Name == name {
			return true
		}
	}
	return false
}

// check notes values over the limits and characters that no text may hold.
func (r *jsonReader) check(n *Node) {
	limit := r.limits.StringBytes
	if n.Kind == Number {
		limit = longestNumber
	}
	if len(n.Value) > limit {
		n.Value, n.Spoilt = "", true
		r.doc.fault(exchange.ProblemLimit, "limit-string", n, int(n.At), strconv.Itoa(limit))
		return
	}
	if n.Kind == Text && illegal(n.Value) >= 0 {
		n.Spoilt = true
		r.doc.fault(exchange.ProblemEncoding, "encoding-character", n, int(n.At))
	}
}

// bad notes why the syntax ends here.
func (r *jsonReader) bad(err error, at int) {
	code, key := exchange.ProblemSyntax, "json-syntax"
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		at = max(at, int(syntactic.ByteOffset))
		if surrogate(r.text, int(syntactic.ByteOffset)) {
			code, key = exchange.ProblemEncoding, "encoding-surrogate"
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF || at >= len(r.text) {
		if len(r.text) < len(r.doc.Text) {
			return // it is the encoding that ends here, and that is told
		}
		key = "json-end"
	}
	n := r.open
	if r.named { // the value of this member was to come
		n = &Node{Kind: Null, Spoilt: true, At: uint32(at)}
		r.place(n)
	}
	r.doc.fault(code, key, n, at)
}

// surrogate reports whether an escaped surrogate stands at the place: jsontext
// stops there only if its other half is missing.
func surrogate(text []byte, at int) bool {
	if at+6 > len(text) || text[at] != '\\' || text[at+1] != 'u' {
		return false
	}
	v, err := strconv.ParseUint(string(text[at+2:at+6]), 16, 32)
	return err == nil && v >= 0xD800 && v <= 0xDFFF
}
