// Package mailin brings in bytes from outside: messages from an IMAP mailbox,
// over SMTP and LMTP, and from files; and what is handed in to be sent, by
// submission (RFC 6409) and in a folder.
//
// It owns the connection, its faults and its recovery, and the promise of the
// first durable point: nothing is confirmed to anyone (250, \Seen, MOVE)
// before Accept has returned nil. It refuses to understand a message: it opens
// nothing, judges nothing, keeps no state that outlives the process, and reads
// no configuration. What became of a message it asks the Ledger.
package mailin

import (
	"context"
	"errors"
	"io"
	"time"

	"almasu/exchange"
)

// ErrTooLarge says that a message is over the size limit. The reader of a body
// returns it where the announced size was wrong; an Accept that returns it is
// handed the header alone (IMAP, files) or makes the listener answer 552 5.3.4.
var ErrTooLarge = errors.New("message over the size limit")

// ErrBusy is back-pressure from Accept: too much is in work, the same message
// is welcome a little later. Nothing is lost: a mailbox entry stays where it
// is, an SMTP client is told 452 4.3.1.
var ErrBusy = errors.New("too much in work, try again later")

// Incoming is one message on its way in.
type Incoming struct {
	Source exchange.Source
	// ReceivedAt is when the message reached us: the mailbox's INTERNALDATE
	// (the moment clause 9 counts for the sender; never later than now), the
	// end of the envelope for SMTP and LMTP, the operator's word for a file.
	ReceivedAt time.Time
	// Size in octets; 0 where it is not known before the body has been read
	// (SMTP and LMTP).
	Size int64
	// Oversize: the message is over the limit, and Body is its header alone.
	Oversize bool
	// Body is the message as it stands. It is valid until Accept returns, may
	// be left unread, and ends with io.EOF only if the message is whole.
	Body io.Reader
}

// Accept takes one message. nil means that it is durable, or was already; only
// then is anything confirmed. ErrBusy and ErrTooLarge have their own meaning,
// every other error leaves the message with its source for another try. It is
// called from several goroutines.
type Accept func(ctx context.Context, in Incoming) error

// Ledger remembers what was taken from a mailbox and what became of it. Room
// queue keeps it.
type Ledger interface {
	// Cursor is the last state set, zeros for an unknown mailbox.
	Cursor(ctx context.Context, mailbox string) (uidValidity, lastUID uint32, err error)
	// SetCursor notes that all entries up to lastUID have been taken.
	SetCursor(ctx context.Context, mailbox string, uidValidity, lastUID uint32) error
	// Settled lists the entries that are decided and not yet marked as moved.
	Settled(ctx context.Context, mailbox string, uidValidity uint32) ([]exchange.Moved, error)
	// MarkMoved notes that an entry has left the folder. It may be repeated
	// and is called from several goroutines.
	MarkMoved(ctx context.Context, mailbox string, uidValidity, uid uint32) error
}
