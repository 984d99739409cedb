package exchange

// Document is one decoded leaf of a message's payload, or a file handed in:
// what room parser looks at.
type Document struct {
	MediaType string // declared, lower case, "" if none
	Charset   string // declared, lower case, "" if none
	Name      string // file name, decoded and stripped of path parts, "" if none
	Path      string // place in the MIME tree, "1.2"
	Body      []byte // transfer encoding undone
}
