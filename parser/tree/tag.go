package tree

import (
	"strconv"
	"strings"

	"almasu/exchange"
)

// attribute is one of a start tag, as it stands.
type attribute struct {
	prefix, local string
	value         string
	at            int // of its name
}

func (a attribute) named() string {
	if a.prefix == "" {
		return a.local
	}
	return a.prefix + ":" + a.local
}

// declares is the prefix of a namespace declaration.
func (a attribute) declares() (prefix string, is bool) {
	if a.prefix == "xmlns" {
		return a.local, true
	}
	return "", a.prefix == "" && a.local == "xmlns"
}

// startTag reads a start tag or the tag of an empty element (XML 1.0 section
// 3.1). Nothing of it is in the tree unless it is well-formed.
func (r *xmlReader) startTag() bool {
	begin := r.at
	prefix, local, size := qName(r.text[begin+1:])
	if size == 0 {
		if begin+1 == len(r.text) {
			return r.stop("xml-end", begin+1)
		}
		return r.stop("xml-name", begin)
	}
	if r.doc.Root != nil && r.open == nil {
		return r.stop("xml-second-root", begin)
	}
	name := r.text[begin+1 : begin+1+size]
	r.at = begin + 1 + size
	empty, ok := r.attributes()
	if !ok {
		return false
	}
	mark := r.spaces.mark()
	r.declare()
	space, known := r.spaces.find(prefix)
	if !known || prefix == "xmlns" {
		r.doc.fault(exchange.ProblemSyntax, "xml-namespace", r.open, begin)
	}
	n := r.nodes.node()
	*n = Node{Kind: Element, Name: local, At: uint32(begin), NameAt: uint32(begin), space: space}
	if !r.enter(n, name, mark) {
		return false
	}
	r.hang(n)
	if empty {
		r.close()
	}
	return true
}

// enter makes the element the open one, within the limits.
func (r *xmlReader) enter(n *Node, name string, mark int) bool {
	if r.open == nil {
		r.doc.Root, r.doc.Space = n, r.doc.SpaceOf(n)
	} else {
		n.Foreign = n.space != r.doc.Root.space
		r.open.add(n)
	}
	r.open = n
	if r.depth++; len(r.frames) < r.depth {
		r.frames = append(r.frames, frame{})
	}
	f := &r.frames[r.depth-1]
	*f = frame{name: name, more: f.more[:0], scope: mark}
	switch {
	case !r.left.spend():
		r.doc.fault(exchange.ProblemLimit, "limit-values", n, int(n.At))
		return false
	case r.depth > r.limits.Depth:
		r.doc.TooDeep = true
		r.doc.fault(exchange.ProblemLimit, "limit-depth", n, int(n.At), strconv.Itoa(r.limits.Depth))
		return false
	}
	return true
}

// attributes reads up to the end of the tag, into r.attrs.
func (r *xmlReader) attributes() (empty, ok bool) {
	r.attrs = r.attrs[:0]
	for {
		rest := r.text[r.at:]
		next := strings.TrimLeft(rest, blanks)
		blank := len(next) < len(rest)
		r.at += len(rest) - len(next)
		switch {
		case next == "" || next == "/":
			return false, r.stop("xml-end", len(r.text))
		case next[0] == '>':
			r.at++
			return false, true
		case strings.HasPrefix(next, "/>"):
			r.at += 2
			return true, true
		case !blank:
			return false, r.stop("xml-attribute", r.at)
		case !r.attribute(next):
			return false, false
		}
	}
}

// attribute reads name="value".
func (r *xmlReader) attribute(rest string) bool {
	a := attribute{at: r.at}
	var size int
	if a.prefix, a.local, size = qName(rest); size == 0 {
		return r.stop("xml-attribute", a.at)
	}
	value := strings.TrimLeft(rest[size:], blanks)
	if strings.HasPrefix(value, "=") {
		value = strings.TrimLeft(value[1:], blanks)
	} else if value != "" {
		return r.stop("xml-attribute", a.at)
	}
	if value == "" {
		return r.stop("xml-end", len(r.text))
	}
	quote := value[0]
	if quote != '"' && quote != '\'' {
		return r.stop("xml-attribute", a.at)
	}
	begin := len(r.text) - len(value) + 1
	end := strings.IndexByte(value[1:], quote)
	if end < 0 {
		return r.stop("xml-end", len(r.text))
	}
	raw := value[1 : 1+end]
	if less := strings.IndexByte(raw, '<'); less >= 0 {
		return r.stop("xml-less", begin+less)
	}
	var key string
	var bad int
	if a.value, key, bad = expand(raw, true); key != "" {
		return r.stop(key, begin+bad)
	}
	r.at = begin + end + 1
	r.attrs = append(r.attrs, a)
	if len(r.attrs) > mostAttributes || !r.left.spend() {
		r.doc.fault(exchange.ProblemLimit, "limit-values", r.open, a.at)
		return false
	}
	return true
}

// declare puts the namespaces of the tag in force.
func (r *xmlReader) declare() {
	for _, a := range r.attrs {
		if prefix, is := a.declares(); is && !r.spaces.declare(prefix, a.value) {
			r.doc.fault(exchange.ProblemSyntax, "xml-namespace-use", r.open, a.at)
		}
	}
}

// few attributes are compared one by one, more by a map.
const few = 8

// hang puts every attribute that is not a namespace declaration under the
// element, and one that stands twice, by its name as written or by its
// namespace (Namespaces in XML 1.0 section 6.3).
func (r *xmlReader) hang(n *Node) {
	var written map[string]bool
	var resolved map[[2]string]bool
	if len(r.attrs) > few {
		written, resolved = make(map[string]bool, len(r.attrs)), make(map[[2]string]bool, len(r.attrs))
	}
	for i, a := range r.attrs {
		space, known := uint16(0), true
		if a.prefix != "" {
			space, known = r.spaces.find(a.prefix)
		}
		if !known {
			r.doc.fault(exchange.ProblemSyntax, "xml-namespace", n, a.at)
		}
		twice := false
		if written == nil {
			twice = r.stoodBefore(i, space, known)
		} else {
			full := [2]string{r.spaces.uri(space), a.local}
			twice = written[a.named()] || a.prefix != "" && known && resolved[full]
			written[a.named()], resolved[full] = true, resolved[full] || a.prefix != "" && known
		}
		if _, declares := a.declares(); declares && !twice {
			continue
		}
		c := r.nodes.node()
		*c = Node{Kind: Attribute, Name: a.local, Value: a.value, At: uint32(a.at), NameAt: uint32(a.at),
			Foreign: a.prefix != "", Spoilt: twice, space: space}
		if a.prefix != "" && r.spaces.uri(space) == instanceSpace {
			c.Name = "xsi:" + c.Name
		}
		n.add(c)
		if twice {
			r.doc.fault(exchange.ProblemDuplicate, "duplicate-attribute", c, a.at)
		}
		if len(a.value) > r.limits.StringBytes {
			c.Value, c.Spoilt = "", true
			r.doc.fault(exchange.ProblemLimit, "limit-string", c, a.at, strconv.Itoa(r.limits.StringBytes))
		}
	}
}

// stoodBefore compares the i-th attribute with those before it.
func (r *xmlReader) stoodBefore(i int, space uint16, known bool) bool {
	a := r.attrs[i]
	for _, b := range r.attrs[:i] {
		if a.local != b.local {
			continue
		}
		if a.prefix == b.prefix {
			return true
		}
		if a.prefix != "" && b.prefix != "" && known {
			if other, ok := r.spaces.find(b.prefix); ok && other == space {
				return true
			}
		}
	}
	return false
}
