package mailin

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// offer gives a message to Accept, and again after a pause while it is busy,
// as long as the message can be given from its beginning.
func (p *poller) offer(in Incoming, rewind func() bool) error {
	for until := time.Now().Add(p.m.Timing.BusyHold); ; {
		err := p.accept(p.ctx, in)
		if !errors.Is(err, ErrBusy) {
			return err
		}
		if p.m.Trace.Busy != nil {
			p.m.Trace.Busy(in.Source)
		}
		if !time.Now().Before(until) || !rewind() || !sleep(p.ctx, p.m.Timing.BusyPause) {
			return err
		}
	}
}

// hands gives messages to Accept, a few at a time.
type hands struct {
	p     *poller
	slots chan struct{}
	wg    sync.WaitGroup
	mu    sync.Mutex
	done  []outcome
	busy  atomic.Bool // one gave up because Accept stays busy: so do the others
}

type outcome struct {
	e   entry
	err error
}

// give waits for a free hand.
func (h *hands) give(e entry, data []byte) {
	h.slots <- struct{}{}
	h.wg.Go(func() {
		err := ErrBusy
		if !h.busy.Load() {
			in, body := h.p.incoming(e), bytes.NewReader(data)
			in.Body = body
			err = h.p.offer(in, func() bool { body.Reset(data); return true })
		}
		if errors.Is(err, ErrBusy) {
			h.busy.Store(true)
		}
		h.mu.Lock()
		h.done = append(h.done, outcome{e, err})
		h.mu.Unlock()
		<-h.slots
	})
}

// results waits for all hands and notes what came of the entries.
func (h *hands) results(s *session) error {
	h.wg.Wait()
	for _, o := range h.done {
		if err := h.p.result(s, o.e, o.err); err != nil {
			return err
		}
	}
	return nil
}
