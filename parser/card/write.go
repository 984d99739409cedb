package card

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonWriter writes indented JSON, members in the order of the table.
type jsonWriter struct {
	out   []byte
	lists []bool // of the open objects and lists
	empty bool   // nothing stands in the innermost yet
}

func (w *jsonWriter) begin() { w.bracket('{', false) }

func (w *jsonWriter) end() []byte {
	w.unbracket('}')
	return append(w.out, '\n')
}

func (w *jsonWriter) bracket(b byte, list bool) {
	w.out = append(w.out, b)
	w.lists, w.empty = append(w.lists, list), true
}

func (w *jsonWriter) unbracket(b byte) {
	w.lists = w.lists[:len(w.lists)-1]
	if !w.empty {
		w.line()
	}
	w.out, w.empty = append(w.out, b), false
}

func (w *jsonWriter) line() {
	w.out = append(append(w.out, '\n'), strings.Repeat("  ", len(w.lists))...)
}

// next begins the next member or item.
func (w *jsonWriter) next(name string) {
	if !w.empty {
		w.out = append(w.out, ',')
	}
	w.empty = false
	w.line()
	if !w.lists[len(w.lists)-1] {
		w.out = append(w.out, '"')
		w.out = append(append(w.out, name...), '"', ':', ' ')
	}
}

func (w *jsonWriter) leaf(f *field, value string) {
	w.next(f.name)
	if f.shape != aText && f.shape != aTime {
		w.out = append(w.out, value...)
		return
	}
	// The value was judged sound: AppendQuote fails on bad UTF-8 alone.
	w.out, _ = jsontext.AppendQuote(w.out, value)
}

func (w *jsonWriter) open(name string, list, _ bool) {
	w.next(name)
	if list {
		w.bracket('[', true)
		return
	}
	w.bracket('{', false)
}

func (w *jsonWriter) close(_ string, list, _ bool) {
	if list {
		w.unbracket(']')
		return
	}
	w.unbracket('}')
}

// xmlWriter writes indented XML, elements in the order of the table.
type xmlWriter struct {
	out    []byte
	depth  int
	escape *strings.Replacer
}

func (w *xmlWriter) begin() {
	w.out = append(w.out, `<?xml version="1.0" encoding="UTF-8"?>`+"\n<"+Root+` xmlns="`+Namespace+`">`...)
	w.depth = 1
	// A carriage return must be written as a reference or it is read as a line
	// feed (XML 1.0 section 2.11).
	w.escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
}

func (w *xmlWriter) end() []byte {
	w.depth = 0
	w.tag("</" + Root + ">")
	return append(w.out, '\n')
}

func (w *xmlWriter) tag(s string) {
	w.out = append(append(w.out, '\n'), strings.Repeat("  ", w.depth)...)
	w.out = append(w.out, s...)
}

func (w *xmlWriter) leaf(f *field, value string) {
	w.tag("<" + f.name + ">")
	w.out = append(append(w.out, w.escape.Replace(value)...), "</"+f.name+">"...)
}

func (w *xmlWriter) open(name string, list, repeated bool) {
	if list && repeated {
		return
	}
	w.tag("<" + name + ">")
	w.depth++
}

func (w *xmlWriter) close(name string, list, repeated bool) {
	if list && repeated {
		return
	}
	w.depth--
	w.tag("</" + name + ">")
}
