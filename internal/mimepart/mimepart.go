// Package mimepart reads mail as it stands: every part is a sub-slice of the
// octets that arrived, so that what a signature was made over can be handed
// out unchanged.
//
// It owns the tree of parts, their header fields, parameters, transfer
// encodings, file names and charsets, and the limits on all of them. It is
// tolerant where broken mailers are known (a junk header line, duplicate or
// unquoted parameters, a missing closing boundary, bad base64, bare LF) and
// notes each such repair as a defect. It refuses to write mail, to interpret
// content and to look inside message/rfc822: a forwarded message is one leaf.
package mimepart

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Limits bound what Parse accepts. A zero field takes its default.
type Limits struct {
	Depth       int // nested multiparts, the root is 1; default 32
	Parts       int // parts in the whole tree; default 200
	HeaderBytes int // octets of one part's header; default 1 MiB
}

// The errors of Parse and Decode, to be told apart with errors.Is.
var (
	ErrTooDeep        = errors.New("multiparts are nested too deep")
	ErrTooManyParts   = errors.New("too many parts")
	ErrHeaderTooLarge = errors.New("header too large")
	ErrTooLarge       = errors.New("decoded part too large")
	ErrEncoding       = errors.New("broken transfer encoding")
)

// Field is one header field: its name as written and its unfolded raw value.
type Field struct{ Name, Value string }

// Part is one entity of a message (RFC 2045 section 2.4): a header and a body
// that is a leaf or a multipart.
type Part struct {
	Raw         []byte  // the entity exactly as it stands, what a signature covers
	Fields      []Field // header fields in order
	Body        []byte  // undecoded body
	MediaType   string  // lower case; text/plain where none is declared
	Params      map[string]string
	Disposition string // "attachment", "inline", "" if none
	Children    []*Part
	Path        string   // place in the tree: "1", "1.2"
	Defects     []string // what was repaired while reading
}

// Parse reads the tree of parts. Where a limit is exceeded the root comes back
// along with the error, with its header read, so that the caller still knows
// whose message it was.
func Parse(raw []byte, l Limits) (*Part, error) {
	p := parser{limits: l.orDefault()}
	return p.entity(raw, "1", 1, "text/plain")
}

func (l Limits) orDefault() Limits {
	if l.Depth == 0 {
		l.Depth = 32
	}
	if l.Parts == 0 {
		l.Parts = 200
	}
	if l.HeaderBytes == 0 {
		l.HeaderBytes = 1 << 20
	}
	return l
}

type parser struct {
	limits Limits
	parts  int
}

func (p *parser) entity(raw []byte, path string, depth int, mediaType string) (*Part, error) {
	part := &Part{Raw: raw, Path: path, MediaType: mediaType, Params: map[string]string{}}
	if p.parts++; p.parts > p.limits.Parts {
		return part, fmt.Errorf("read part %s: %w (limit %d)", path, ErrTooManyParts, p.limits.Parts)
	}
	if err := part.readHeader(p.limits.HeaderBytes); err != nil {
		return part, err
	}
	part.readType()
	if !strings.HasPrefix(part.MediaType, "multipart/") {
		return part, nil
	}
	if depth >= p.limits.Depth {
		return part, fmt.Errorf("read part %s: %w (limit %d)", path, ErrTooDeep, p.limits.Depth)
	}
	childType := "text/plain"
	if part.MediaType == "multipart/digest" {
		childType = "message/rfc822" // RFC 2046 section 5.1.5
	}
	pieces, err := p.split(part)
	if err != nil {
		return part, err
	}
	for i, piece := range pieces {
		child, err := p.entity(piece, path+"."+strconv.Itoa(i+1), depth+1, childType)
		part.Children = append(part.Children, child)
		if err != nil {
			return part, err
		}
	}
	return part, nil
}

// readType fills media type, parameters and disposition. The first of several
// fields counts.
func (p *Part) readType() {
	types := p.Values("Content-Type")
	if len(types) > 1 {
		p.Defects = append(p.Defects, "duplicate-content-type")
	}
	if len(types) > 0 {
		v, params, clean := parseParams(types[0])
		if !clean {
			p.Defects = append(p.Defects, "bad-content-type")
		}
		if main, sub, ok := strings.Cut(v, "/"); ok && main != "" && sub != "" {
			p.MediaType = v
		} else {
			p.Defects = append(p.Defects, "bad-content-type")
		}
		p.Params = params
	}
	p.Disposition, _, _ = parseParams(p.Get("Content-Disposition"))
}

// Get returns the value of the first field of that name, "" if there is none.
// Names are compared without case.
func (p *Part) Get(name string) string {
	for _, f := range p.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Values returns the values of all fields of that name, in order.
func (p *Part) Values(name string) []string {
	var out []string
	for _, f := range p.Fields {
		if strings.EqualFold(f.Name, name) {
			out = append(out, f.Value)
		}
	}
	return out
}

// Leaves returns the parts without children, in reading order.
func (p *Part) Leaves() []*Part {
	if len(p.Children) == 0 {
		return []*Part{p}
	}
	var out []*Part
	for _, c := range p.Children {
		out = append(out, c.Leaves()...)
	}
	return out
}
