package mailin

import (
	"errors"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
)

// eagerFor is how long after a message the folder is looked at often, without
// IDLE: where one message comes, more follow, and some servers (Dovecot: half a
// second) take their time to tell an idling client.
const eagerFor = 2 * time.Second

// wait returns when there is something to do: a hint of the server, a
// decision, the next poll, or the end of a pause after ErrBusy.
func (p *poller) wait(s *session) error {
	if p.busy {
		p.busy = false
		sleep(p.ctx, p.m.Timing.BusyPause)
		return p.ctx.Err()
	}
	if len(s.hint) > 0 {
		return nil
	}
	eager := p.m.Timing.Eager > 0 && time.Since(p.active) < eagerFor
	var idle *imapclient.IdleCommand
	if !eager {
		idle = s.startIdle()
	}
	if p.m.Trace.Waiting != nil {
		p.m.Trace.Waiting(idle != nil)
	}
	renew, err := p.hold(s, eager)
	if idle != nil {
		if stopErr := s.stopIdle(idle); err == nil {
			err = stopErr
		}
	}
	if err == nil && renew {
		err = s.do(StepIdle, func() error { return s.client.Noop().Wait() })
	}
	return err
}

// hold waits for the reason to go on. renew: only to prove the connection.
func (p *poller) hold(s *session, eager bool) (renew bool, err error) {
	until := time.Until(p.nextPoll)
	if eager {
		until = min(until, p.m.Timing.Eager)
	}
	poll := time.NewTimer(until)
	defer poll.Stop()
	proof := time.NewTimer(p.m.Timing.Idle)
	defer proof.Stop()
	gather := time.NewTimer(0)
	gather.Stop()
	defer gather.Stop()
	gathering := false
	for {
		select {
		case <-p.ctx.Done():
			return false, p.ctx.Err()
		case <-s.client.Closed():
			return false, p.m.fault(StepIdle, errors.New("the server closed the connection"))
		case <-s.hint:
			return false, nil
		case <-poll.C:
			return false, nil
		case <-proof.C:
			return true, nil
		case _, open := <-p.wake:
			if !open {
				p.wake = nil
			} else if !gathering {
				gathering = true
				gather.Reset(p.m.Timing.Gather)
			}
		case <-gather.C:
			gathering = false
			settled, err := p.ledger.Settled(p.ctx, p.m.Name, s.validity)
			if err != nil {
				return false, ledgerFault(err)
			}
			if len(settled) > 0 {
				return false, nil
			}
		}
	}
}

// startIdle starts IDLE, or returns nil where the server has or wants none.
func (s *session) startIdle() *imapclient.IdleCommand {
	if !s.idle {
		return nil
	}
	var cmd *imapclient.IdleCommand
	err := s.do(StepIdle, func() (err error) {
		cmd, err = s.client.Idle()
		return err
	})
	if err != nil {
		s.idle = false // a broken connection shows itself in the wait
		return nil
	}
	return cmd
}

func (s *session) stopIdle(cmd *imapclient.IdleCommand) error {
	return s.do(StepIdle, func() error {
		if err := cmd.Close(); err != nil {
			return err
		}
		return cmd.Wait()
	})
}
