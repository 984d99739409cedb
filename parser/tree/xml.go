package tree

import (
	"bytes"
	"strconv"
	"strings"

	"almasu/exchange"
)

const (
	instanceSpace = "http://www.w3.org/2001/XMLSchema-instance"
	blanks        = " \t\r\n"
)

// ReadXML reads one XML 1.0 document (fifth edition, with Namespaces in XML
// 1.0). charset is the one its MIME part declares, "" if none. What is not
// well-formed is a fault that ends reading, and so is a document type
// declaration and an entity other than the five of XML; an attribute twice and
// a prefix nobody declared are noted and reading goes on. Comments, CDATA
// sections and processing instructions are read as XML has them: the last are
// not looked at. Namespaces are resolved, their declarations are not in the
// tree.
//
// It reads by itself because encoding/xml lets pass much that is not XML, and
// its Values are parts of one copy of the document.
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
	r := &xmlReader{doc: d, text: string(text), limits: l, left: newBudget(l, len(text)), spaces: newScope(d)}
	if m := declaration.FindIndex(text); m != nil {
		r.at = m[1]
	}
	for r.next() {
	}
	return d
}

// readableXML notes an empty document, a bad XML declaration, and characters
// that are not UTF-8 or not XML. It returns the text before that, nil if there
// is nothing to read.
func (d *Document) readableXML() []byte {
	if len(bytes.Trim(d.Text, blanks)) == 0 {
		d.fault(exchange.ProblemSyntax, "empty-document", nil, 0)
		return nil
	}
	text := d.validUTF8()
	if at := illegal(text); at >= 0 {
		d.Faults = nil // it stands before what is not UTF-8
		d.fault(exchange.ProblemEncoding, "encoding-character", nil, at)
		text = text[:at]
	}
	if startsDeclaration(text) && !declaration.Match(text) {
		d.fault(exchange.ProblemSyntax, "xml-declaration", nil, 0)
		return nil
	}
	return text
}

type xmlReader struct {
	doc    *Document
	text   string // of the document, up to where it cannot be read
	at     int    // octets read
	limits Limits
	left   budget
	spaces scope
	nodes  arena
	open   *Node
	frames []frame // of the open elements; those of closed ones are used again
	depth  int
	attrs  []attribute
}

// frame is what is known of an open element besides its node.
type frame struct {
	name  string // with its prefix, as the end tag must repeat it
	text  string // its text as long as it is one piece of the document
	more  []byte // its text once it is not
	size  int    // octets of text seen
	solid bool   // the text is not only white space
	scope int    // namespaces declared outside of it
}

// next reads one piece of markup or text; false at the end, good or bad.
func (r *xmlReader) next() bool {
	rest := r.text[r.at:]
	switch {
	case rest == "":
		return r.finish()
	case rest[0] != '<':
		return r.chars(rest)
	case strings.HasPrefix(rest, "</"):
		return r.endTag()
	case strings.HasPrefix(rest, "<!--"):
		return r.comment(rest)
	case strings.HasPrefix(rest, "<![CDATA["):
		return r.cdata(rest)
	case strings.HasPrefix(rest, "<!DOCTYPE"):
		return r.stop("xml-doctype", r.at)
	case strings.HasPrefix(rest, "<?"):
		return r.instruction(rest)
	}
	return r.startTag()
}

// finish is the end of the text.
func (r *xmlReader) finish() bool {
	if r.doc.Root == nil || r.open != nil {
		return r.stop("xml-end", len(r.text))
	}
	r.doc.Whole = len(r.text) == len(r.doc.Text)
	return false
}

// stop notes why the syntax ends here. Where the text was cut short, why it
// was is told already.
func (r *xmlReader) stop(key string, at int) bool {
	if at >= len(r.text) && len(r.text) < len(r.doc.Text) {
		return false
	}
	code := exchange.ProblemSyntax
	if key == "encoding-character" {
		code = exchange.ProblemEncoding
	}
	r.doc.fault(code, key, r.open, at)
	return false
}

// chars reads text up to the next markup.
func (r *xmlReader) chars(rest string) bool {
	begin := r.at
	end := strings.IndexByte(rest, '<')
	if end < 0 {
		end = len(rest)
	}
	rest = rest[:end]
	r.at += end
	if r.open == nil {
		if after := strings.TrimLeft(rest, blanks); after != "" {
			r.doc.fault(exchange.ProblemSyntax, "xml-text-outside", nil, begin+len(rest)-len(after))
		}
		return true
	}
	if bad := strings.Index(rest, "]]>"); bad >= 0 {
		return r.stop("xml-cdata-end", begin+bad)
	}
	text, key, bad := expand(rest, false)
	if key != "" {
		return r.stop(key, begin+bad)
	}
	r.add(text)
	return true
}

// add gathers the text of the open element, up to just over the limit.
func (r *xmlReader) add(s string) {
	f := &r.frames[r.depth-1]
	f.solid = f.solid || strings.Trim(s, blanks) != ""
	switch {
	case f.size > r.limits.StringBytes:
	case f.size == 0:
		f.text = s
	default:
		if len(f.more) == 0 {
			f.more = append(f.more, f.text...)
		}
		f.more = append(f.more, s...)
	}
	f.size += len(s)
}

// comment reads a comment (XML 1.0 section 2.5).
func (r *xmlReader) comment(rest string) bool {
	end := strings.Index(rest[4:], "--")
	switch {
	case end < 0:
		return r.stop("xml-end", len(r.text))
	case !strings.HasPrefix(rest[4+end:], "-->"):
		return r.stop("xml-comment", r.at+4+end)
	}
	r.at += 4 + end + 3
	return true
}

func (r *xmlReader) cdata(rest string) bool {
	if r.open == nil {
		return r.stop("xml-text-outside", r.at)
	}
	const begin = len("<![CDATA[")
	end := strings.Index(rest, "]]>")
	if end < 0 {
		return r.stop("xml-end", len(r.text))
	}
	r.open.hasCDATA = true
	if end > begin {
		r.add(oneLineEnd(rest[begin:end]))
	}
	r.at += end + 3
	return true
}

// instruction passes over a processing instruction (XML 1.0 section 2.6).
func (r *xmlReader) instruction(rest string) bool {
	name := ncName(rest[2:])
	after := rest[2+len(name):]
	end := strings.Index(after, "?>")
	switch {
	case name == "" || strings.EqualFold(name, "xml"),
		end != 0 && after != "" && strings.IndexByte(blanks, after[0]) < 0:
		return r.stop("xml-instruction", r.at)
	case end < 0:
		return r.stop("xml-end", len(r.text))
	}
	r.at += 2 + len(name) + end + 2
	return true
}

func (r *xmlReader) endTag() bool {
	rest := r.text[r.at+2:]
	if r.open == nil {
		return r.stop("xml-mismatch", r.at)
	}
	f := &r.frames[r.depth-1]
	after, ok := strings.CutPrefix(rest, f.name)
	if !ok {
		if strings.IndexByte(rest, '>') < 0 {
			return r.stop("xml-end", len(r.text))
		}
		return r.stop("xml-mismatch", r.at)
	}
	after = strings.TrimLeft(after, blanks)
	switch {
	case after == "":
		return r.stop("xml-end", len(r.text))
	case after[0] != '>':
		return r.stop("xml-mismatch", r.at)
	}
	r.at = len(r.text) - len(after) + 1
	r.close()
	return true
}

// close ends the open element.
func (r *xmlReader) close() {
	n, f := r.open, &r.frames[r.depth-1]
	switch {
	case n.hasChild && !f.solid:
	case f.size > r.limits.StringBytes:
		n.Spoilt = true
		r.doc.fault(exchange.ProblemLimit, "limit-string", n, int(n.At), strconv.Itoa(r.limits.StringBytes))
	case len(f.more) > 0:
		n.Value = string(f.more)
	default:
		n.Value = f.text
	}
	r.spaces.leave(f.scope)
	r.depth--
	r.open = n.Up
}
