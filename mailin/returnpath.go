package mailin

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// withReturnPath puts "Return-Path: <from>" before a message and takes out the
// Return-Path fields its header already has. Whoever makes the final delivery
// adds the field and may remove earlier ones (RFC 5321 4.4). The rule about
// MDNs asks who is in the Return-Path, so a field the sender wrote into the
// message must not be believed; nothing else in the message is touched.
func withReturnPath(from string, message io.Reader) io.Reader {
	first := bytes.NewReader([]byte("Return-Path: <" + from + ">\r\n"))
	return io.MultiReader(first, &headerFilter{r: bufio.NewReaderSize(message, 32<<10)})
}

// headerFilter passes a message on without the Return-Path fields of its
// header. Lines of any length pass; only a line's beginning is looked at.
type headerFilter struct {
	r       *bufio.Reader
	body    bool   // the header has ended
	middle  bool   // the line goes on in the next piece
	drop    bool   // the field at hand is a Return-Path
	pending []byte // passed, not yet read
	err     error
}

// Read gives the filtered message.
func (f *headerFilter) Read(b []byte) (int, error) {
	for len(f.pending) == 0 {
		if f.body {
			return f.r.Read(b)
		}
		if f.err != nil {
			return 0, f.err
		}
		f.next()
	}
	n := copy(b, f.pending)
	f.pending = f.pending[n:]
	return n, nil
}

// next reads one line of the header, or one piece of a long line.
func (f *headerFilter) next() {
	line, err := f.r.ReadSlice('\n')
	if !f.middle {
		switch {
		case len(bytes.TrimRight(line, "\r\n")) == 0 && err == nil:
			f.body, f.drop = true, false
		case len(line) > 0 && (line[0] == ' ' || line[0] == '\t'): // folded: belongs to the field before
		default:
			f.drop = isReturnPath(line)
		}
	}
	f.middle = errors.Is(err, bufio.ErrBufferFull)
	if err != nil && !f.middle {
		f.err = err
	}
	if !f.drop {
		f.pending = line // valid until the next ReadSlice, which follows only when it has been read
	}
}

func isReturnPath(line []byte) bool {
	name, _, found := bytes.Cut(line, []byte(":"))
	return found && bytes.EqualFold(bytes.TrimRight(name, " \t"), []byte("Return-Path"))
}
