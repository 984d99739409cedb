package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"almasu/internal/mimepart"
)

// unpacking is one archive being opened.
type unpacking struct {
	limits   Limits
	packed   int64 // octets of the archive
	unpacked int64 // octets seen of its entries, read or told
	held     int64 // octets in memory
	seen     map[string]bool
	entries  []Entry
}

// admit counts an entry and judges its name.
func (p *unpacking) admit(name string) (last string, f *Fault) {
	full, last, ok := safeName(name)
	if !ok {
		return "", unsafe("archive-name")
	}
	key := strings.ToLower(full)
	if p.seen[key] {
		return "", unsafe("archive-twice")
	}
	p.seen[key] = true
	if len(p.seen) > p.limits.Entries {
		return "", limited("archive-entries", strconv.Itoa(p.limits.Entries))
	}
	return last, nil
}

// spend counts unpacked octets against the limits.
func (p *unpacking) spend(n int64) *Fault {
	p.unpacked += n
	switch {
	case n < 0 || p.unpacked > p.limits.Bytes:
		return limited("archive-size", strconv.FormatInt(p.limits.Bytes, 10))
	case p.unpacked > ratioFrom && p.unpacked/max(p.packed, 1) >= int64(p.limits.Ratio):
		return limited("archive-ratio", strconv.Itoa(p.limits.Ratio))
	}
	return nil
}

// hold reads an entry as far as a document may be long.
func (p *unpacking) hold(name string, in io.Reader) *Fault {
	body, err := io.ReadAll(io.LimitReader(in, p.limits.Document+1))
	if err != nil {
		return faultOf(err)
	}
	if p.held += int64(len(body)); p.held > p.limits.Held {
		return limited("archive-size", strconv.FormatInt(p.limits.Held, 10))
	}
	p.entries = append(p.entries, Entry{name, body})
	return nil
}

// list notes an entry that is not read.
func (p *unpacking) list(name string) { p.entries = append(p.entries, Entry{Name: name}) }

// faultOf is the fault behind an error of reading: a limit of ours, or damage.
func faultOf(err error) *Fault {
	var over *overflow
	if errors.As(err, &over) {
		return over.fault
	}
	return damaged()
}

// overflow is a limit that was met in the middle of reading.
type overflow struct{ fault *Fault }

func (o *overflow) Error() string { return "limit of the archive: " + o.fault.Key }

// zip follows the central directory alone (PKWARE APPNOTE 4.3.12).
func (p *unpacking) zip(body []byte) *Fault {
	r, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return damaged()
	}
	if len(r.File) > p.limits.Entries {
		return limited("archive-entries", strconv.Itoa(p.limits.Entries))
	}
	if f := apart(r.File, int64(len(body))); f != nil {
		return f
	}
	for _, file := range r.File {
		if f := p.zipped(file); f != nil {
			return f
		}
	}
	return nil
}

// apart: no entry lies over another, so that none is unpacked twice.
func apart(files []*zip.File, size int64) *Fault {
	type span struct{ from, to int64 }
	var spans []span
	for _, file := range files {
		at, err := file.DataOffset()
		if err != nil || file.CompressedSize64 > uint64(size) {
			return damaged()
		}
		const header = 30 // of an entry, before its name
		spans = append(spans, span{at - header - int64(len(file.Name)), at + int64(file.CompressedSize64)})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := range spans {
		if spans[i].to > size || i > 0 && spans[i].from < spans[i-1].to {
			return unsafe("archive-overlap")
		}
	}
	return nil
}

func (p *unpacking) zipped(file *zip.File) *Fault {
	const encrypted, strong, masked = 1, 1 << 6, 1 << 13
	name := file.Name
	if file.NonUTF8 { // the charset of DOS, where one that is not told was meant
		if s, err := mimepart.DecodeText([]byte(name), "ibm866"); err == nil {
			name = s
		}
	}
	last, f := p.admit(name)
	switch {
	case f != nil:
		return f
	case file.Flags&(encrypted|strong|masked) != 0:
		return unsafe("archive-encrypted")
	case file.Mode().IsDir():
		return nil
	case !file.Mode().IsRegular():
		return unsafe("archive-link")
	case file.UncompressedSize64 > uint64(p.limits.Bytes):
		return limited("archive-size", strconv.FormatInt(p.limits.Bytes, 10))
	}
	if f := p.spend(int64(file.UncompressedSize64)); f != nil {
		return f
	}
	if !mayBeReport(last) {
		p.list(last)
		return nil
	}
	in, err := file.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return unsafe("archive-method")
	}
	if err != nil {
		return damaged()
	}
	if f := p.hold(last, in); f != nil {
		return f
	}
	// More than was told is a lie about the ratio; less is found by its reader.
	if got := uint64(len(p.entries[len(p.entries)-1].Body)); got > file.UncompressedSize64 {
		return damaged()
	}
	return nil
}

// gzip unpacks one file, or all of a tar inside it.
func (p *unpacking) gzip(body []byte, name string) *Fault {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return damaged()
	}
	in := &counted{in: z, of: p}
	head := make([]byte, 512)
	n, err := io.ReadFull(in, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return faultOf(err)
	}
	head = head[:n]
	whole := io.MultiReader(bytes.NewReader(head), in)
	if contentKind(head) == Tar {
		p.unpacked = 0 // its entries are counted
		in.of = nil
		if f := p.tar(io.LimitReader(whole, p.limits.Bytes+ratioFrom)); f != nil {
			return f
		}
		return p.drain(whole)
	}
	last, f := p.admit(innerName(z.Name, name))
	if f != nil {
		return f
	}
	if !mayBeReport(last) {
		p.list(last)
	} else if f := p.hold(last, whole); f != nil {
		return f
	}
	return p.drain(whole)
}

// drain reads to the end, where the checksum stands.
func (p *unpacking) drain(in io.Reader) *Fault {
	if _, err := io.Copy(io.Discard, io.LimitReader(in, p.limits.Bytes)); err != nil {
		return faultOf(err)
	}
	return nil
}

// innerName is the name of a gzipped file: as it says, unless only the archive's
// own name, without its end, is that of a report.
func innerName(own, outer string) string {
	for _, end := range []string{".gz", ".GZ"} {
		if name, ok := strings.CutSuffix(outer, end); ok && name != "" && (own == "" || !mayBeReport(own)) {
			return name
		}
	}
	if own != "" {
		return own
	}
	return "file"
}

// counted counts what is read through it.
type counted struct {
	in io.Reader
	of *unpacking
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.in.Read(b)
	if c.of != nil {
		if f := c.of.spend(int64(n)); f != nil {
			return n, &overflow{f}
		}
	}
	return n, err
}

func (p *unpacking) tar(in io.Reader) *Fault {
	r := tar.NewReader(in)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return damaged()
		}
		switch h.Typeflag {
		case tar.TypeXGlobalHeader:
			continue
		case tar.TypeReg, tar.TypeDir:
		default:
			return unsafe("archive-link")
		}
		last, f := p.admit(h.Name)
		if f != nil {
			return f
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if f := p.spend(h.Size); f != nil {
			return f
		}
		if !mayBeReport(last) {
			p.list(last)
			continue
		}
		if f := p.hold(last, r); f != nil {
			return f
		}
	}
}
