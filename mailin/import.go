package mailin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"almasu/exchange"
)

// Import hands the messages below a path to Accept.
type Import struct {
	Path       string
	MaxMessage int64     // octets, default 50 MiB; above it only the header is handed over
	Received   time.Time // arrival time of all of them, zero = each message's own date, or now
	BusyPause  time.Duration
	// Progress is told after each message how many octets are done, of how many.
	Progress func(done, total int64)
	// Failed is told of a message that was not taken; the import goes on.
	Failed func(m FileMessage, err error)
}

// Run imports and returns how many messages were taken and how many failed.
// It waits while Accept is busy. The error is for what stops all of it: ctx,
// or a path that cannot be read.
func (i Import) Run(ctx context.Context, accept Accept) (taken, failed int, err error) {
	files, err := OpenFiles(i.Path)
	if err != nil {
		return 0, 0, err
	}
	if i.MaxMessage <= 0 {
		i.MaxMessage = 50 << 20
	}
	if i.BusyPause <= 0 {
		i.BusyPause = 250 * time.Millisecond
	}
	for m, err := range files.All() {
		if err == nil {
			err = i.one(ctx, m, accept)
		}
		if ctx.Err() != nil {
			return taken, failed, ctx.Err()
		}
		if err == nil {
			taken++
		} else {
			failed++
			if i.Failed != nil {
				i.Failed(m, err)
			}
		}
		if i.Progress != nil {
			i.Progress(m.Next, files.Total())
		}
	}
	return taken, failed, nil
}

// one hands over one message; while Accept is busy, again and again.
func (i Import) one(ctx context.Context, m FileMessage, accept Accept) error {
	in := Incoming{Source: exchange.Source{Via: "import", Mailbox: filepath.Base(m.File), EntryDate: m.Date},
		ReceivedAt: i.received(m), Size: m.Size, Oversize: m.Size > i.MaxMessage}
	for {
		err := give(ctx, m, in, accept)
		if errors.Is(err, ErrTooLarge) && !in.Oversize {
			in.Oversize = true
			continue
		}
		if !errors.Is(err, ErrBusy) {
			return err
		}
		if !sleep(ctx, i.BusyPause) {
			return ctx.Err()
		}
	}
}

func (i Import) received(m FileMessage) time.Time {
	now := time.Now().UTC()
	switch {
	case !i.Received.IsZero():
		return i.Received
	case !m.Date.IsZero() && m.Date.Before(now):
		return m.Date
	}
	return now
}

func give(ctx context.Context, m FileMessage, in Incoming, accept Accept) error {
	r, err := m.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	body := &wholeReader{r: r, left: m.Size}
	in.Body = body
	if in.Oversize {
		header, err := headerOf(r)
		if err != nil {
			return fmt.Errorf("import: read %s: %w", m.File, err)
		}
		in.Body = bytes.NewReader(header)
	}
	err = accept(ctx, in)
	if err == nil && body.err != nil {
		err = body.err // an Accept that overlooked a file which became shorter
	}
	return err
}

// headerOf reads a header with its blank line, at most headerOctets.
func headerOf(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, headerOctets))
	for at := 0; at < len(b); {
		n := bytes.IndexByte(b[at:], '\n')
		if n < 0 {
			break
		}
		if len(bytes.TrimRight(b[at:at+n], "\r")) == 0 {
			return b[:at+n+1], err
		}
		at += n + 1
	}
	return b, err
}

// wholeReader ends with io.EOF only after as many octets as were promised.
type wholeReader struct {
	r    io.Reader
	left int64
	err  error
}

// Read reads the message.
func (w *wholeReader) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	w.left -= int64(n)
	if errors.Is(err, io.EOF) && w.left != 0 {
		err = fmt.Errorf("the file changed while it was read: %w", io.ErrUnexpectedEOF)
		w.err = err
	}
	return n, err
}
