// Package bounce reads what mail servers and mailboxes send back by
// themselves: delivery reports of every dialect, by their fields (RFC 3464) or
// by their text, and automatic replies (RFC 3834).
//
// It owns the dialects. It refuses to believe them: such mail is
// unauthenticated, whoever reads it counts a report only with an id of ours in
// it, and what is free text without one is no report at all. A person's mail
// about a bounce is that person's mail.
package bounce

import (
	"strings"

	"almasu/internal/mimepart"
)

// Report is what came back about a letter. It is a hint, and only if
// EnvelopeID or MessageID is one of ours.
type Report struct {
	Dialect      string // the server or the program, for people: "exim", "rfc3464"
	EnvelopeID   string // Original-Envelope-Id, "" if not told
	MessageID    string // of the letter it is about, with angle brackets, "" if not told
	ReportingMTA string
	Recipients   []Recipient // may be empty
	// Reply: no server speaks of delivery here, a mailbox has answered by
	// itself: somebody is away, a ticket was opened.
	Reply bool
}

// Recipient is what became of one recipient.
type Recipient struct {
	Address    string // Final-Recipient, or Original-Recipient where that is all there is
	Action     string // failed, delayed, delivered, relayed or expanded; "" if unclear
	Status     string // x.y.z, "" if not told
	Diagnostic string // one bounded line
	RemoteMTA  string
}

// The classes of what went wrong.
const (
	Hard = "hard" // the same letter to the same address will fail again
	Soft = "soft" // it may get through later
)

// Class says whether trying again can help: soft for what is delayed, and for
// failures that time mends (RFC 3463: class 4, a full mailbox or disk, a
// server that was not reached in time); hard for other failures, "" where
// nothing went wrong.
func (r Recipient) Class() string {
	switch {
	case r.Action == "delayed":
		return Soft
	case r.Action != "failed":
		return ""
	case strings.HasPrefix(r.Status, "4."), r.Status == "5.2.2", r.Status == "5.3.1", r.Status == "5.4.7":
		return Soft
	}
	return Hard
}

// Ours is how our own letters are known again.
type Ours struct {
	ID      func(messageID string) bool // it has the form of ours, angle brackets included
	Address string                      // we never are the recipient that failed
}

// maxForwards is how many messages a report may be wrapped in.
const maxForwards = 3

// Parse reads a delivery report or an automatic reply. It returns false for
// anything else, and for what has no field and no id by which it could count.
func Parse(root *mimepart.Part, ours Ours) (Report, bool) { return parse(root, ours, maxForwards) }

func parse(root *mimepart.Part, ours Ours, forwards int) (Report, bool) {
	if root == nil || isMDN(root) {
		return Report{}, false
	}
	m := newMail(root, ours)
	if r, ok := m.structured(); ok {
		return r, true
	}
	if r, ok := m.forwarded(forwards); ok {
		return r, true
	}
	if !m.machine() {
		return Report{}, false
	}
	if r, ok := m.bounced(); ok {
		return r, true
	}
	return m.replied()
}

func isMDN(root *mimepart.Part) bool {
	return root.MediaType == "multipart/report" && strings.EqualFold(root.Params["report-type"], "disposition-notification")
}

// Automatic reports whether the header of a mail says that a program sent it
// in answer, so that it must not be answered (RFC 3834 section 2).
func Automatic(root *mimepart.Part) bool {
	if root == nil {
		return false
	}
	m := mail{root: root}
	return m.nullSender() || m.daemon() || m.autoReplied()
}
