package tree

const (
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
	xmlnsSpace = "http://www.w3.org/2000/xmlns/"
)

// scope knows which prefix means which namespace at the place of reading
// (Namespaces in XML 1.0). Namespaces have numbers, by Document.spaces; 0 is
// none. Looking up and leaving cost the same however many are declared.
type scope struct {
	doc     *Document
	numbers map[string]uint16 // of namespaces
	inForce map[string]uint16 // by prefix
	undo    []binding
}

// binding is what a prefix meant before it was declared anew.
type binding struct {
	prefix string
	space  uint16
	known  bool
}

// mostSpaces is how many namespaces a document may tell apart: no report has
// two dozen. One more is unknown like any prefix that nobody declared.
const mostSpaces = 1 << 12

func newScope(d *Document) scope {
	d.spaces = []string{"", xmlSpace, xmlnsSpace}
	return scope{doc: d, numbers: map[string]uint16{"": 0, xmlSpace: 1, xmlnsSpace: 2},
		inForce: map[string]uint16{"": 0, "xml": 1, "xmlns": 2}}
}

func (s *scope) mark() int { return len(s.undo) }

func (s *scope) find(prefix string) (space uint16, known bool) {
	space, known = s.inForce[prefix]
	return space, known
}

func (s *scope) uri(space uint16) string { return s.doc.spaces[space] }

// declare puts a declaration in force; false if it is not allowed (section 3
// and 2.2) or one too many.
func (s *scope) declare(prefix, uri string) bool {
	switch {
	case prefix == "xmlns", uri == xmlnsSpace, (prefix == "xml") != (uri == xmlSpace), prefix != "" && uri == "":
		return false
	}
	number, ok := s.numbers[uri]
	if !ok {
		if len(s.doc.spaces) == mostSpaces {
			return false
		}
		number = uint16(len(s.doc.spaces))
		s.doc.spaces = append(s.doc.spaces, uri)
		s.numbers[uri] = number
	}
	before, known := s.inForce[prefix]
	s.undo = append(s.undo, binding{prefix, before, known})
	s.inForce[prefix] = number
	return true
}

// leave undoes what was declared since the mark.
func (s *scope) leave(mark int) {
	for len(s.undo) > mark {
		last := s.undo[len(s.undo)-1]
		s.undo = s.undo[:len(s.undo)-1]
		if last.known {
			s.inForce[last.prefix] = last.space
		} else {
			delete(s.inForce, last.prefix)
		}
	}
}
