package mailin

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"almasu/exchange"
)

// entry is one message in the folder.
type entry struct {
	uid  uint32
	size int64     // RFC822.SIZE, octets
	date time.Time // INTERNALDATE, UTC
	over bool      // Accept found it over the limit
}

// try is what is known about an entry that could not be taken.
type try struct {
	n     int
	alone bool      // fetched by itself, to find out which one is at fault
	size  int64     // the true size, where RFC822.SIZE was wrong
	over  bool      // Accept found it over the limit
	next  time.Time // not before
}

// list asks for all entries from a UID on, in order.
func (s *session) list(from uint32) ([]entry, error) {
	var set imap.UIDSet
	set.AddRange(imap.UID(from), 0) // from:*, which always names the last entry too
	var entries []entry
	err := s.within(StepFetch, s.m.Timing.Silence, s.m.Timing.Body, func() error {
		cmd := s.client.Fetch(set, &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true})
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			b, err := msg.Collect()
			if err == nil && b.UID != 0 && uint32(b.UID) >= from {
				entries = append(entries, entry{uid: uint32(b.UID), size: b.RFC822Size, date: b.InternalDate.UTC()})
			}
		}
		return cmd.Close()
	})
	if err != nil && refused(err) && len(entries) > 0 {
		s.m.Log.Warn("the server cannot list some entries; taking the others", "err", err)
		err = nil
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.uid, b.uid) })
	return entries, err
}

// look lists the folder from a UID on and takes what neither the ledger has
// settled nor this process has taken.
func (p *poller) look(s *session, from uint32) error {
	entries, err := s.list(from)
	if err != nil {
		return err
	}
	settled, err := p.settledUIDs(s)
	if err != nil {
		return err
	}
	if from == 1 {
		p.prune(entries)
	}
	var todo, again []entry // what failed before comes last
	for _, e := range entries {
		t, failed := p.tries[e.uid]
		switch {
		case settled[e.uid] || p.taken[e.uid] || failed && time.Now().Before(t.next):
		case failed:
			e.size, e.over = max(e.size, t.size), t.over
			again = append(again, e)
		default:
			todo = append(todo, e)
		}
	}
	err = p.take(s, append(todo, again...))
	if cursorErr := p.advance(s, entries, settled); err == nil {
		err = cursorErr
	}
	return err
}

func (p *poller) settledUIDs(s *session) (map[uint32]bool, error) {
	list, err := p.ledger.Settled(p.ctx, p.m.Name, s.validity)
	if err != nil {
		return nil, ledgerFault(err)
	}
	set := make(map[uint32]bool, len(list))
	for _, e := range list {
		set[e.UID] = true
	}
	return set, nil
}

// prune forgets entries that are not in the folder any more.
func (p *poller) prune(entries []entry) {
	there := make(map[uint32]bool, len(entries))
	for _, e := range entries {
		there[e.uid] = true
	}
	for uid := range p.taken {
		if !there[uid] {
			delete(p.taken, uid)
		}
	}
	for uid := range p.tries {
		if !there[uid] {
			delete(p.tries, uid)
		}
	}
}

// advance moves the cursor over the entries taken without a gap.
func (p *poller) advance(s *session, entries []entry, settled map[uint32]bool) error {
	last := p.last
	for _, e := range entries {
		if e.uid <= last {
			continue
		}
		if !p.taken[e.uid] && !settled[e.uid] {
			break
		}
		last = e.uid
	}
	if last == p.last {
		return nil
	}
	if err := p.ledger.SetCursor(p.ctx, p.m.Name, s.validity, last); err != nil {
		return ledgerFault(err)
	}
	p.last = last
	return nil
}

// result notes what Accept made of an entry. The error it returns ends the
// session.
func (p *poller) result(s *session, e entry, err error) error {
	switch {
	case err == nil:
		p.taken[e.uid], p.active = true, time.Now()
		delete(p.tries, e.uid)
		if p.m.Trace.Taken != nil {
			p.m.Trace.Taken(p.source(e), e.size)
		}
	case p.ctx.Err() != nil:
		return p.ctx.Err()
	case errors.Is(err, ErrBusy):
		p.busy = true
	case errors.Is(err, ErrTooLarge):
		p.tries[e.uid] = try{alone: true, over: true}
		signal(s.hint) // by its header, in the pass that follows
	default:
		p.fail(e, err)
	}
	return nil
}

// fail leaves an entry to the next poll. It says so once.
func (p *poller) fail(e entry, err error) {
	t := p.tries[e.uid]
	t.n++
	t.alone = true
	t.next = time.Now().Add(p.m.Timing.Poll)
	p.tries[e.uid] = t
	if t.n == 1 {
		p.m.Log.Warn("entry not taken, tried again at each poll", "uid", e.uid, "size", e.size, "err", err)
	}
	if p.m.Trace.Skipped != nil {
		p.m.Trace.Skipped(p.source(e), err)
	}
}

// broke notes that the connection broke while an entry was fetched. Once is
// nobody's fault; an entry that does it again waits for the next poll.
func (p *poller) broke(e entry, err error) {
	if t := p.tries[e.uid]; t.alone {
		p.fail(e, err)
		return
	}
	t := p.tries[e.uid]
	t.alone = true
	p.tries[e.uid] = t
}

func (p *poller) source(e entry) exchange.Source {
	return exchange.Source{Via: "imap", Mailbox: p.m.Name, UIDValidity: p.validity, UID: e.uid, EntryDate: e.date}
}

// incoming describes an entry to Accept.
func (p *poller) incoming(e entry) Incoming {
	received := time.Now()
	if !e.date.IsZero() && e.date.Before(received) {
		received = e.date
	}
	return Incoming{Source: p.source(e), ReceivedAt: received.UTC(), Size: e.size}
}
