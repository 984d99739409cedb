package mailin

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Run empties the mailbox until ctx ends, and returns ctx's error; any other
// error means that the settings can never work. It connects again for ever,
// with growing pauses. wake hints that something was decided and can be moved;
// it may be nil.
func (m *Mailbox) Run(ctx context.Context, accept Accept, l Ledger, wake <-chan struct{}) error {
	m = m.withDefaults()
	if err := m.validate(); err != nil {
		return m.fault(StepSettings, err)
	}
	p := &poller{m: m, ctx: ctx, accept: accept, ledger: l, wake: wake, tries: map[uint32]try{}, taken: map[uint32]bool{}}
	for failures := 0; ; failures++ {
		p.whole = false
		err := p.session()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if p.whole || errors.Is(err, errAbandoned) { // nothing wrong with the server
			failures = 0
		}
		wait := m.pause(failures, err, rand.Float64)
		m.Log.Warn("mailbox connection ended", "err", err, "again_in", wait)
		if m.Trace.Disconnected != nil {
			m.Trace.Disconnected(err, wait)
		}
		if !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
}

// pause is how long to wait after a failure: doubling from BackoffMin to
// BackoffMax with jitter of one half, so that many nodes do not come at once.
// A refused login starts at half a minute: servers lock accounts out.
func (m *Mailbox) pause(failures int, err error, random func() float64) time.Duration {
	d := m.Timing.BackoffMin
	var fault *StepError
	if errors.As(err, &fault) && fault.Step == StepLogin && refused(err) {
		d = max(d, 30*time.Second)
	}
	for ; failures > 0 && d < m.Timing.BackoffMax; failures-- {
		d *= 2
	}
	d = min(d, m.Timing.BackoffMax)
	return d/2 + time.Duration(random()*float64(d/2))
}

// poller is one Run: what this process knows about the mailbox. Losing it
// costs a second look, never a message.
type poller struct {
	m      *Mailbox
	ctx    context.Context
	accept Accept
	ledger Ledger
	wake   <-chan struct{}

	validity uint32          // the UIDVALIDITY taken and tries speak of
	last     uint32          // all entries up to here are taken
	taken    map[uint32]bool // accepted, not yet gone from the folder
	tries    map[uint32]try  // failed entries
	nextPoll time.Time
	whole    bool      // this session has looked through the whole folder
	busy     bool      // the last pass ended with ErrBusy
	active   time.Time // when a message was taken last
}

// session runs one connection until it fails. It returns no nil.
func (p *poller) session() error {
	s, err := openSession(p.ctx, p.m)
	if err != nil {
		return err
	}
	defer s.close()
	if err := p.recognise(s); err != nil {
		return err
	}
	caps := make([]string, 0, len(s.caps))
	for c := range s.caps {
		caps = append(caps, string(c))
	}
	p.m.Log.Info("mailbox connected", "folder", p.m.Folder, "uidvalidity", s.validity, "idle", s.idle)
	if p.m.Trace.Connected != nil {
		p.m.Trace.Connected(caps)
	}
	p.nextPoll = time.Now() // the whole folder first of all, new mail before it
	for {
		if err := p.pass(s); err != nil {
			return err
		}
		if err := p.wait(s); err != nil {
			return err
		}
	}
}

// recognise compares the folder's UIDVALIDITY with the ledger's. After a
// change nothing known about UIDs holds (RFC 9051 2.3.1.1): the cursor starts
// again, everything is handed over once more, and Accept recognises it.
func (p *poller) recognise(s *session) error {
	validity, last, err := p.ledger.Cursor(p.ctx, p.m.Name)
	if err != nil {
		return ledgerFault(err)
	}
	if validity != s.validity {
		if validity != 0 {
			p.m.Log.Warn("UIDVALIDITY changed, the folder is looked through anew", "was", validity, "is", s.validity)
		}
		last = 0
		if err := p.ledger.SetCursor(p.ctx, p.m.Name, s.validity, 0); err != nil {
			return ledgerFault(err)
		}
	}
	if p.validity != s.validity {
		clear(p.taken)
		clear(p.tries)
	}
	p.validity, p.last = s.validity, last
	return nil
}

// pass takes what is there and moves what is decided. Every poll interval it
// looks at the whole folder, otherwise only behind the cursor.
func (p *poller) pass(s *session) error {
	drain(s.hint)
	whole := !time.Now().Before(p.nextPoll)
	if whole && p.last > 0 && !p.whole { // just connected: new mail first
		if err := p.look(s, p.last+1); err != nil {
			return err
		}
	}
	from := p.last + 1
	if whole {
		from = 1
	}
	if err := p.look(s, from); err != nil {
		return err
	}
	if whole {
		p.whole = true
		if !p.busy { // else the look ended early
			p.nextPoll = time.Now().Add(p.m.Timing.Poll)
		}
	}
	return p.settle(s)
}

// sleep waits and reports whether ctx still runs.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func drain(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}

func ledgerFault(err error) error {
	return fmt.Errorf("ask the store about the mailbox: %w", err)
}
