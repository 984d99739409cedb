package tree

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"almasu/exchange"
)

// ReadJSON reads one JSON text (RFC 8259) in UTF-8 without a byte order mark.
// Reading ends at the first fault of syntax or encoding, and what stands before
// it is in the tree; duplicate names, characters that no text may hold, strings
// over the limit and a byte order mark are noted and reading goes on.
//
// It reads by itself so that its Values are parts of one copy of the document,
// and every fault has its very place.
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
	r := &jsonReader{doc: d, text: string(text), limits: l, left: newBudget(l, len(text)), want: aValue}
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

// wanted is what may stand at the place of reading, besides white space.
type wanted uint8

const (
	aValue  wanted = iota
	aFirst         // the first item of a list, or its end
	aName          // of a member
	anyName        // the first name of an object, or its end
	aComma         // or the end of the open object or list
)

type jsonReader struct {
	doc    *Document
	text   string // of the document, up to where its encoding fails
	at     int    // octets read
	want   wanted
	limits Limits
	left   budget
	nodes  arena
	open   *Node  // innermost object or list that is not closed yet
	opened []int  // for each open object how many members it has, for each list 0
	name   string // of the member whose value comes next
	named  bool
	nameAt int
}

// next reads one value, name, comma or end; false at the end, good or bad.
func (r *jsonReader) next() bool {
	r.blanks()
	whole := r.doc.Root != nil && r.open == nil
	switch {
	case r.at == len(r.text) && whole:
		r.doc.Whole = len(r.text) == len(r.doc.Text)
		return false
	case r.at == len(r.text):
		return r.stop("json-end", r.at)
	case whole:
		r.doc.fault(exchange.ProblemSyntax, "json-trailing", nil, r.at)
		return false
	}
	c := r.text[r.at]
	switch {
	case r.want == aComma && c == ',':
		r.at++
		r.want = aValue
		if r.open.Kind == Object {
			r.want = aName
		}
		return true
	case c == '}' && r.open != nil && r.open.Kind == Object && (r.want == aComma || r.want == anyName),
		c == ']' && r.open != nil && r.open.Kind == List && (r.want == aComma || r.want == aFirst):
		r.at++
		r.close()
		return true
	case (r.want == aName || r.want == anyName) && c == '"':
		return r.member()
	case r.want == aValue || r.want == aFirst:
		return r.value(c)
	}
	return r.stop("json-syntax", r.at)
}

func (r *jsonReader) blanks() {
	for r.at < len(r.text) && (r.text[r.at] == ' ' || r.text[r.at] == '\n' || r.text[r.at] == '\t' || r.text[r.at] == '\r') {
		r.at++
	}
}

// member reads a name and its colon.
func (r *jsonReader) member() bool {
	at := r.at
	name, ok := r.quoted()
	if !ok {
		return false
	}
	r.blanks()
	if r.at == len(r.text) {
		return r.stop("json-end", r.at)
	}
	if r.text[r.at] != ':' {
		return r.stop("json-syntax", r.at)
	}
	r.at++
	r.name, r.named, r.nameAt, r.want = name, true, at, aValue
	return true
}

// value reads a value, of an object or list its beginning.
func (r *jsonReader) value(c byte) bool {
	at := r.at
	kind, text, ok := Null, "", true
	switch {
	case c == '{':
		kind = Object
		r.at++
	case c == '[':
		kind = List
		r.at++
	case c == '"':
		kind = Text
		text, ok = r.quoted()
	case c == '-' || c >= '0' && c <= '9':
		kind = Number
		text, ok = r.number()
	default:
		kind, text, ok = r.word()
	}
	if !ok {
		return false
	}
	n := r.nodes.node()
	*n = Node{Kind: kind, Value: text, At: uint32(at), NameAt: uint32(at)}
	r.place(n)
	if !r.left.spend() {
		r.doc.fault(exchange.ProblemLimit, "limit-values", n, at)
		return false
	}
	r.check(n)
	if r.want = aComma; kind == Object || kind == List {
		return r.enter(n)
	}
	return true
}

// enter makes the object or list the open one, within the limit of depth.
func (r *jsonReader) enter(n *Node) bool {
	r.open = n
	r.opened = append(r.opened, 0)
	if r.want = aFirst; n.Kind == Object {
		r.want = anyName
	}
	if len(r.opened) > r.limits.Depth {
		r.doc.TooDeep = true
		r.doc.fault(exchange.ProblemLimit, "limit-depth", n, int(n.At), strconv.Itoa(r.limits.Depth))
		return false
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
		count := &r.opened[len(r.opened)-1]
		if *count++; *count <= 2*few && r.open.Child(n.Name) != nil {
			defer r.twice(n)
		}
	}
	r.open.add(n)
}

// twice notes a member whose name stood in the object before.
func (r *jsonReader) twice(n *Node) {
	n.Spoilt = true
	r.doc.fault(exchange.ProblemDuplicate, "duplicate-field", n, int(n.NameAt))
}

// close ends the open object or list. The names of an object of many members
// are compared now, in order: that costs less than a map of them.
func (r *jsonReader) close() {
	last := len(r.opened) - 1
	if count := r.opened[last]; count > 2*few {
		all := make([]*Node, 0, count)
		for c := r.open.First; c != nil; c = c.Next {
			all = append(all, c)
		}
		slices.SortStableFunc(all, func(a, b *Node) int { return strings.Compare(a.Name, b.Name) })
		for i, c := range all {
			if i > 0 && c.Name == all[i-1].Name && !c.Spoilt {
				r.twice(c)
			}
		}
	}
	r.open, r.opened, r.want = r.open.Up, r.opened[:last], aComma
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

// stop notes why the syntax ends here. Where the text was cut short, why it was
// is told already.
func (r *jsonReader) stop(key string, at int) bool {
	if at >= len(r.text) {
		if len(r.text) < len(r.doc.Text) {
			return false
		}
		key = "json-end"
	}
	code := exchange.ProblemSyntax
	if key == "encoding-surrogate" {
		code = exchange.ProblemEncoding
	}
	n := r.open
	if r.named { // the value of this member was to come
		n = &Node{Kind: Null, Spoilt: true, At: uint32(at)}
		r.place(n)
	}
	r.doc.fault(code, key, n, at)
	return false
}
