package mailin

import (
	"bytes"
	"errors"
	"io"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

const (
	smallMessage = 256 << 10 // octets; up to here a message is read whole before Accept sees it
	batchOctets  = 4 << 20   // of small messages asked for in one FETCH
	batchEntries = 64
	headerOctets = 256 << 10 // of a message over the size limit
)

// take takes the entries in order: small ones in batches, large ones one by
// one and streamed, those over the limit by their header. It ends early, with
// p.busy set, when Accept stays busy.
func (p *poller) take(s *session, todo []entry) error {
	for len(todo) > 0 && !p.busy {
		select {
		case <-p.wake: // a long drain must not keep decided entries waiting
			if err := p.settle(s); err != nil {
				return err
			}
		default:
		}
		n := p.batch(todo)
		var err error
		switch e := todo[0]; {
		case n > 0:
			err = p.takeBatch(s, todo[:n])
		case e.over || e.size > p.m.MaxMessage:
			n, err = 1, p.takeHeader(s, e)
		default:
			n, err = 1, p.takeLarge(s, e)
		}
		if err != nil {
			return err
		}
		todo = todo[n:]
	}
	return nil
}

// batch counts the leading small entries that fit into one FETCH.
func (p *poller) batch(todo []entry) int {
	var octets int64
	for n, e := range todo {
		octets += e.size
		if e.over || e.size > min(smallMessage, p.m.MaxMessage) || octets > batchOctets || n == batchEntries {
			return n
		}
		if p.tries[e.uid].alone {
			return max(n, 1)
		}
	}
	return len(todo)
}

// takeBatch fetches small messages in one command and hands them to Accept,
// several at a time, while the next ones arrive.
func (p *poller) takeBatch(s *session, batch []entry) error {
	missing := map[uint32]entry{}
	var set imap.UIDSet
	for _, e := range batch {
		missing[e.uid] = e
		set.AddNum(imap.UID(e.uid))
	}
	hands := &hands{p: p, slots: make(chan struct{}, p.m.Parallel)}
	fetchErr := s.within(StepFetch, p.m.Timing.Silence, p.m.Timing.Body, func() error {
		cmd := s.client.Fetch(set, wholeBody())
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			uid, literal := bodyOf(msg)
			e, asked := missing[uid]
			if !asked {
				continue
			}
			if literal == nil || literal.Size() == 0 && e.size > 0 { // RFC 2180 4.1.3: how an expunged entry may look
				continue
			}
			delete(missing, uid)
			if literal.Size() > smallMessage {
				p.resized(s, e, literal.Size())
				continue
			}
			e.size = literal.Size()
			data := make([]byte, e.size)
			if _, err := io.ReadFull(literal, data); err != nil {
				missing[uid] = e
				return errors.Join(err, s.abandon(cmd))
			}
			hands.give(e, data)
		}
		return cmd.Close()
	})
	if err := hands.results(s); err != nil || fetchErr == nil {
		return err
	}
	return p.batchFailed(s, batch, missing, fetchErr)
}

// resized sends an entry that is larger than the server had said down the
// right road in the next pass, which follows at once.
func (p *poller) resized(s *session, e entry, size int64) {
	p.tries[e.uid] = try{alone: true, size: size}
	signal(s.hint)
}

// batchFailed deals with the entries of a batch that did not come.
func (p *poller) batchFailed(s *session, batch []entry, missing map[uint32]entry, err error) error {
	for _, e := range batch {
		if _, is := missing[e.uid]; !is {
			continue
		}
		switch {
		case !refused(err):
			p.broke(e, err)
		case len(batch) == 1:
			p.fail(e, err)
		default:
			if err := p.takeBatch(s, []entry{e}); err != nil {
				return err
			}
		}
	}
	if refused(err) {
		return nil
	}
	return err
}

// takeHeader hands over the header of a message over the limit.
func (p *poller) takeHeader(s *session, e entry) error {
	section := &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierHeader,
		Partial: &imap.SectionPartial{Size: headerOctets}}
	var header []byte
	there := false
	err := s.within(StepFetch, p.m.Timing.Silence, p.m.Timing.Body, func() error {
		cmd := s.client.Fetch(imap.UIDSetNum(imap.UID(e.uid)), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			if uid, literal := bodyOf(msg); uid == e.uid && literal != nil {
				var err error
				if header, err = io.ReadAll(io.LimitReader(literal, headerOctets)); err != nil {
					return errors.Join(err, s.abandon(cmd))
				}
				there = int64(len(header)) == min(literal.Size(), headerOctets)
			}
		}
		return cmd.Close()
	})
	switch {
	case err != nil && refused(err):
		p.fail(e, err)
		return nil
	case err != nil:
		p.broke(e, err)
		return err
	case !there: // gone meanwhile
		return nil
	}
	in := p.incoming(e)
	in.Oversize = true
	body := bytes.NewReader(header)
	in.Body = body
	err = p.offer(in, func() bool { body.Reset(header); return true })
	if errors.Is(err, ErrTooLarge) { // there is nothing smaller to offer
		p.fail(e, err)
		return nil
	}
	return p.result(s, e, err)
}

func wholeBody() *imap.FetchOptions {
	return &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}}
}

// bodyOf reads a FETCH answer up to its first body literal.
func bodyOf(msg *imapclient.FetchMessageData) (uid uint32, literal imap.LiteralReader) {
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = uint32(item.UID)
		case imapclient.FetchItemDataBodySection:
			return uid, item.Literal
		}
	}
	return uid, nil
}
