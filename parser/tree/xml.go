package tree

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
	"strconv"
	"strings"

	"almasu/exchange"
)

const (
	instanceSpace = "http://www.w3.org/2001/XMLSchema-instance"
	blanks        = " \t\r\n"
)

// ReadXML reads one XML 1.0 document. charset is the one its MIME part
// declares, "" if none. A document type declaration, an entity other than the
// five of XML, a processing instruction, a second root element and text
// outside the root are faults; comments and CDATA sections are read as XML has
// them. Namespaces are resolved, their declarations are not in the tree.
func ReadXML(data []byte, charset string, l Limits) *Document {
	d := &Document{Syntax: XML}
	if !d.decode(data, charset) {
		return d
	}
	text := d.readableXML()
	if text == nil {
		return d
	}
	l = l.orDefault()
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // decoded already
	r := &xmlReader{doc: d, text: text, dec: dec, limits: l, left: newBudget(l, len(text)), names: map[string]string{},
		bound: map[string]bool{"http://www.w3.org/XML/1998/namespace": true}}
	for r.next() {
	}
	return d
}

// readableXML notes what encoding/xml lets pass or tells badly: an empty
// document, a bad XML declaration, characters that are not UTF-8 or not XML,
// endless tags. It returns the text before that, nil if there is nothing to read.
func (d *Document) readableXML() []byte {
	if len(bytes.Trim(d.Text, blanks)) == 0 {
		d.fault(exchange.ProblemSyntax, "empty-document", nil, 0)
		return nil
	}
	text := d.validUTF8()
	if at := illegal(string(text)); at >= 0 {
		d.Faults = nil // it stands before what is not UTF-8
		d.fault(exchange.ProblemEncoding, "encoding-character", nil, at)
		text = text[:at]
	}
	if startsDeclaration(text) && !declaration.Match(text) {
		d.fault(exchange.ProblemSyntax, "xml-declaration", nil, 0)
		return nil
	}
	if at := longTag(text); at >= 0 {
		d.fault(exchange.ProblemLimit, "limit-tag", nil, at, strconv.Itoa(longestTag))
		text = text[:at]
	}
	return text
}

type xmlReader struct {
	doc    *Document
	text   []byte // of the document, up to where it cannot be read
	dec    *xml.Decoder
	limits Limits
	left   budget
	names  map[string]string
	bound  map[string]bool // namespaces declared so far
	open   *Node
	texts  [][]byte // text of each open element
	depth  int
}

// next reads one token; false at the end, good or bad.
func (r *xmlReader) next() bool {
	at := int(r.dec.InputOffset())
	token, err := r.dec.Token()
	if err == io.EOF && r.doc.Root != nil {
		r.doc.Whole = len(r.text) == len(r.doc.Text)
		return false
	}
	if err != nil {
		r.bad(at)
		return false
	}
	switch t := token.(type) {
	case xml.StartElement:
		return r.start(t, at)
	case xml.EndElement:
		r.end()
	case xml.CharData:
		r.chars(t, at)
	case xml.ProcInst:
		if at != 0 || t.Target != "xml" {
			r.doc.fault(exchange.ProblemSyntax, "xml-instruction", r.open, at)
		}
	case xml.Directive:
		r.doc.fault(exchange.ProblemSyntax, "xml-doctype", r.open, at)
		return false
	}
	return true
}

func (r *xmlReader) start(t xml.StartElement, at int) bool {
	if r.doc.Root != nil && r.open == nil {
		r.doc.fault(exchange.ProblemSyntax, "xml-second-root", nil, at)
		return false
	}
	r.bind(t, at)
	n := &Node{Kind: Element, Name: r.shared(t.Name.Local), At: uint32(at), NameAt: uint32(at), space: r.space(t.Name.Space)}
	if r.open == nil {
		r.doc.Root, r.doc.Space = n, t.Name.Space
	} else {
		n.Foreign = t.Name.Space != r.doc.Space
		r.open.add(n)
	}
	r.open = n
	if r.depth++; len(r.texts) < r.depth {
		r.texts = append(r.texts, nil)
	}
	r.texts[r.depth-1] = r.texts[r.depth-1][:0]
	switch {
	case !r.left.spend():
		r.doc.fault(exchange.ProblemLimit, "limit-values", n, at)
		return false
	case r.depth > r.limits.Depth:
		r.doc.TooDeep = true
		r.doc.fault(exchange.ProblemLimit, "limit-depth", n, at, strconv.Itoa(r.limits.Depth))
		return false
	}
	return r.attributes(n, t.Attr)
}

// attributes hangs every attribute that is not a namespace declaration under
// the element. encoding/xml does not mind the same attribute twice.
func (r *xmlReader) attributes(n *Node, all []xml.Attr) bool {
	if len(all) == 0 {
		return true
	}
	places := attributePlaces(r.doc.Text[n.At:], len(all))
	seen := make(map[xml.Name]bool, len(all))
	for i, a := range all {
		at := int(n.At)
		if i < len(places) {
			at += places[i]
		}
		twice := seen[a.Name]
		seen[a.Name] = true
		c := &Node{Kind: Attribute, Name: r.shared(a.Name.Local), Value: a.Value, At: uint32(at), NameAt: uint32(at),
			Foreign: a.Name.Space != "", Spoilt: twice, space: r.space(a.Name.Space)}
		if a.Name.Space == instanceSpace {
			c.Name = "xsi:" + c.Name
		}
		namespace := a.Name.Space == "xmlns" || a.Name == xml.Name{Local: "xmlns"}
		if !namespace || twice {
			n.add(c)
		}
		if twice {
			r.doc.fault(exchange.ProblemDuplicate, "duplicate-attribute", c, at)
		}
		if !r.left.spend() {
			r.doc.fault(exchange.ProblemLimit, "limit-values", n, at)
			return false
		}
	}
	return true
}

// bind notes the namespaces that the tag declares, and a name whose prefix no
// tag did: encoding/xml then takes the prefix for the namespace.
func (r *xmlReader) bind(t xml.StartElement, at int) {
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name == (xml.Name{Local: "xmlns"}) {
			r.bound[a.Value] = true
		}
	}
	unbound := func(n xml.Name) bool {
		return n.Space != "" && n.Space != "xmlns" && !r.bound[n.Space] || strings.Contains(n.Local, ":")
	}
	bad := unbound(t.Name)
	for _, a := range t.Attr {
		bad = bad || unbound(a.Name)
	}
	if bad {
		r.doc.fault(exchange.ProblemSyntax, "xml-namespace", r.open, at)
	}
}

// space is the number of a namespace in Document.spaces. A document with more
// than that can hold has an unknown one from there on: no report has two dozen.
func (r *xmlReader) space(name string) uint16 {
	const most = 1 << 10
	if i := slices.Index(r.doc.spaces, name); i >= 0 {
		return uint16(i)
	}
	if len(r.doc.spaces) == most {
		return most
	}
	r.doc.spaces = append(r.doc.spaces, name)
	return uint16(len(r.doc.spaces) - 1)
}

func (r *xmlReader) shared(name string) string {
	if s, ok := r.names[name]; ok {
		return s
	}
	r.names[name] = name
	return name
}

// chars gathers the text of the open element, up to just over the limit.
func (r *xmlReader) chars(t xml.CharData, at int) {
	if r.open == nil {
		if rest := bytes.TrimLeft(t, blanks); len(rest) > 0 {
			r.doc.fault(exchange.ProblemSyntax, "xml-text-outside", nil, at+len(t)-len(rest))
		}
		return
	}
	if have := &r.texts[r.depth-1]; len(*have) <= r.limits.StringBytes {
		*have = append(*have, t...)
	}
}

func (r *xmlReader) end() {
	n, text := r.open, r.texts[r.depth-1]
	switch {
	case n.hasChild && len(bytes.Trim(text, blanks)) == 0:
	case len(text) > r.limits.StringBytes:
		n.Spoilt = true
		r.doc.fault(exchange.ProblemLimit, "limit-string", n, int(n.At), strconv.Itoa(r.limits.StringBytes))
	default:
		n.Value = string(text)
	}
	r.depth--
	r.open = n.Up
}

// bad notes why the syntax ends here.
func (r *xmlReader) bad(from int) {
	at := max(from, int(r.dec.InputOffset()))
	if len(r.text) < len(r.doc.Text) && at >= len(r.text) {
		return // why the text ends here is told already
	}
	key := "xml-syntax"
	code := exchange.ProblemSyntax
	switch amp := reference(r.doc.Text, from, at); {
	case amp >= 0 && bytes.HasPrefix(r.doc.Text[amp:], []byte("&#")):
		code, key, at = exchange.ProblemEncoding, "encoding-character", amp
	case amp >= 0:
		key, at = "xml-entity", amp
	case at >= len(r.text):
		key = "xml-end"
	}
	r.doc.fault(code, key, r.open, at)
}
