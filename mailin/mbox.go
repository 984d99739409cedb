package mailin

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"time"
)

// span is where one message lies in an mbox file.
type span struct {
	start, end int64     // octets of the file: the message as quoted, without its From_ line and the blank line after it
	size       int64     // octets of the message, unquoted
	date       time.Time // of the From_ line, zero if it cannot be read
	next       int64     // where the next From_ line begins, or the end of the file
}

// mboxScanner finds the messages of an mbox file (RFC 4155; mboxo and mboxrd
// quoting, LF or CRLF line ends) in one pass and with constant memory. A From_
// line is one that stands at the beginning or after a blank line, begins with
// "From " and names a time of day; so a sentence that begins with "From" does
// not split a message even in a file nobody quoted.
type mboxScanner struct {
	r   *bufio.Reader
	at  int64 // offset of the next line
	at0 bool  // no line seen yet
	cur *span // the message whose From_ line has been read
}

func newMboxScanner(r io.Reader) *mboxScanner {
	return &mboxScanner{r: bufio.NewReaderSize(r, 64<<10), at0: true}
}

// next returns the next message, io.EOF after the last one. Anything before
// the first From_ line belongs to no message and is skipped.
func (s *mboxScanner) next() (span, error) {
	blank := s.at0 // the line before was blank
	var blankSize int64
	for {
		head, size, err := s.line()
		if size == 0 && err != nil {
			if errors.Is(err, io.EOF) && s.cur != nil {
				return s.finish(blank, blankSize), nil
			}
			return span{}, err
		}
		begin := s.at - size
		s.at0 = false
		if blank && isFromLine(head) {
			done := s.cur
			var found span
			if done != nil {
				s.at -= size // finish looks at the offset before this line
				found = s.finish(blank, blankSize)
				s.at += size
			}
			s.cur = &span{start: begin + size, date: fromDate(head)}
			if done != nil {
				return found, nil
			}
			blank = false
			continue
		}
		if s.cur != nil {
			s.cur.size += size
			if quoted(head) {
				s.cur.size--
			}
		}
		blank, blankSize = len(bytes.TrimRight(head, "\r\n")) == 0 && size <= 2, size
	}
}

// finish closes the message at hand; the blank line before the next From_ line
// belongs to the mbox.
func (s *mboxScanner) finish(blank bool, blankSize int64) span {
	m := *s.cur
	s.cur = nil
	m.end, m.next = s.at, s.at
	if blank && m.size > 0 {
		m.end -= blankSize
		m.size -= blankSize
	}
	return m
}

// line reads a line and returns its beginning, enough to judge it, and its
// whole length.
func (s *mboxScanner) line() (head []byte, size int64, err error) {
	piece, err := s.r.ReadSlice('\n')
	size = int64(len(piece))
	head = piece
	if errors.Is(err, bufio.ErrBufferFull) {
		head = bytes.Clone(piece[:256])
		for errors.Is(err, bufio.ErrBufferFull) {
			piece, err = s.r.ReadSlice('\n')
			size += int64(len(piece))
		}
	}
	s.at += size
	return head, size, err
}

// isFromLine recognises "From sender Mon Jan  2 15:04:05 2006" and its kin by
// the time of day.
func isFromLine(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("From ")) {
		return false
	}
	for i := 5; i+4 < len(line); i++ {
		if line[i+2] == ':' && digit(line[i]) && digit(line[i+1]) && digit(line[i+3]) && digit(line[i+4]) {
			return true
		}
	}
	return false
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// fromDate reads the time at the end of a From_ line, which is UTC by RFC 4155.
func fromDate(line []byte) time.Time {
	fields := bytes.Fields(line)
	if len(fields) < 7 {
		return time.Time{}
	}
	t, err := time.Parse("Mon Jan 2 15:04:05 2006", string(bytes.Join(fields[len(fields)-5:], []byte(" "))))
	if err != nil {
		return time.Time{}
	}
	return t
}

// quoted recognises a line whose first ">" the mbox put there: ">From ",
// ">>From " and so on. Of the older mboxo files this undoes what they did, but
// takes one ">" too many from a line that had it of its own: the file does not
// say which it was.
func quoted(line []byte) bool {
	rest := bytes.TrimLeft(line, ">")
	return len(rest) < len(line) && bytes.HasPrefix(rest, []byte("From "))
}

// unquotingReader takes the quoting out of a message of an mbox.
type unquotingReader struct {
	r       *bufio.Reader
	middle  bool
	pending []byte
	err     error
}

func unquote(r io.Reader) io.Reader { return &unquotingReader{r: bufio.NewReaderSize(r, 64<<10)} }

// Read gives the message as it was before it went into the mbox.
func (u *unquotingReader) Read(b []byte) (int, error) {
	for len(u.pending) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		line, err := u.r.ReadSlice('\n')
		if !u.middle && quoted(line) {
			line = line[1:]
		}
		u.middle = errors.Is(err, bufio.ErrBufferFull)
		if !u.middle {
			u.err = err
		}
		u.pending = line
	}
	n := copy(b, u.pending)
	u.pending = u.pending[n:]
	return n, nil
}
