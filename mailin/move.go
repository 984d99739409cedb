package mailin

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2"

	"almasu/exchange"
)

const (
	// moveBatch is how many entries one MOVE names: a line of a few hundred
	// numbers stays below the 8 KiB every server takes.
	moveBatch = 200
	// moveLimits is how many command limits a MOVE or COPY may take: some
	// servers really copy, and say nothing meanwhile.
	moveLimits = 4
)

// settle moves what is decided and marks it. It is the last step of a message
// and may be repeated: an entry that is gone already is as good as moved.
func (p *poller) settle(s *session) error {
	settled, err := p.ledger.Settled(p.ctx, p.m.Name, s.validity)
	if err != nil {
		return ledgerFault(err)
	}
	byFolder := map[string][]imap.UID{}
	for _, e := range settled {
		folder := p.m.Done
		if e.Held {
			folder = p.m.Held
		}
		byFolder[folder] = append(byFolder[folder], imap.UID(e.UID))
	}
	for _, folder := range []string{p.m.Done, p.m.Held} { // in turn, also where both are one
		uids := byFolder[folder]
		delete(byFolder, folder)
		for len(uids) > 0 {
			n := min(moveBatch, len(uids))
			if err := p.move(s, uids[:n], folder, settled); err != nil {
				return err
			}
			uids = uids[n:]
		}
	}
	return nil
}

// move moves a batch. Where the server refuses, it halves the batch, so that
// one entry it cannot move does not keep the others back.
func (p *poller) move(s *session, uids []imap.UID, folder string, settled []exchange.Moved) error {
	gone, err := s.moveTo(uids, folder, folder != p.m.Held, settled)
	if err != nil && refused(err) && len(uids) > 1 {
		half := len(uids) / 2
		if err := p.move(s, uids[:half], folder, settled); err != nil {
			return err
		}
		return p.move(s, uids[half:], folder, settled)
	}
	if err != nil && refused(err) {
		p.m.Log.Warn("entry cannot be moved, tried again later", "uid", uids[0], "folder", folder, "err", err)
		return nil
	}
	if err != nil {
		return err
	}
	return p.mark(s, gone, folder)
}

// mark tells the ledger; several at a time, because each is a transaction and
// those that arrive together share one fsync.
func (p *poller) mark(s *session, uids []imap.UID, folder string) error {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
		moved = make([]uint32, 0, len(uids))
		slots = make(chan struct{}, p.m.Parallel)
	)
	for _, uid := range uids {
		slots <- struct{}{}
		wg.Go(func() {
			err := p.ledger.MarkMoved(p.ctx, p.m.Name, s.validity, uint32(uid))
			mu.Lock()
			if err == nil {
				moved = append(moved, uint32(uid))
			} else if first == nil {
				first = ledgerFault(err)
			}
			mu.Unlock()
			<-slots
		})
	}
	wg.Wait()
	if p.m.Trace.Moved != nil && len(moved) > 0 {
		p.m.Trace.Moved(moved, folder)
	}
	return first
}

// moveTo moves entries to a folder and returns those that have left ours.
func (s *session) moveTo(uids []imap.UID, folder string, seen bool, settled []exchange.Moved) ([]imap.UID, error) {
	gone, err := s.tryMove(uids, folder, seen, settled)
	var e *imap.Error
	if errors.As(err, &e) && (e.Code == imap.ResponseCodeTryCreate || e.Code == imap.ResponseCodeNonExistent) {
		s.forget(folder) // it was there and is not any more
		return s.tryMove(uids, folder, seen, settled)
	}
	return gone, err
}

// tryMove moves those entries that are still there. A person may have moved or
// deleted the others; some servers answer a MOVE of nothing with nonsense.
func (s *session) tryMove(uids []imap.UID, folder string, seen bool, settled []exchange.Moved) ([]imap.UID, error) {
	name, err := s.folder(folder)
	if err != nil {
		return nil, err
	}
	var present, fresh imap.UIDSet
	err = s.do(StepMove, func() error {
		list, err := s.client.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, Flags: true}).Collect()
		for _, msg := range list {
			present.AddNum(msg.UID)
			if !flagged(msg.Flags, imap.FlagDeleted) {
				fresh.AddNum(msg.UID)
			}
		}
		return err
	})
	if err != nil || len(present) == 0 {
		return uids, err
	}
	if seen { // what is held stays unread: a person has to see it
		err := s.do(StepMove, func() error { return s.flag(present, imap.FlagSeen) })
		if err != nil && !refused(err) {
			return nil, err
		}
	}
	if s.caps.Has(imap.CapMove) {
		return uids, s.doMove(func() error {
			_, err := s.client.Move(present, name).Wait()
			return err
		})
	}
	if err := s.copyAway(fresh, name); err != nil {
		return nil, err
	}
	return s.expunge(uids, present, settled)
}

// copyAway is the first half of MOVE for servers without it (RFC 6851 is the
// extension): COPY, then \Deleted, one after the other. The library's own
// fallback sends all commands at once and would expunge what could not be
// copied. Entries that carry \Deleted already were copied by an earlier try.
func (s *session) copyAway(fresh imap.UIDSet, name string) error {
	if len(fresh) == 0 {
		return nil
	}
	err := s.doMove(func() error {
		_, err := s.client.Copy(fresh, name).Wait()
		return err
	})
	if err != nil {
		return err
	}
	return s.do(StepMove, func() error { return s.flag(fresh, imap.FlagDeleted) })
}

// expunge removes the copied entries for good. A server without UIDPLUS can
// only expunge everything that is marked \Deleted: that is done only if all of
// it is ours; else the entries wait, copied and marked.
func (s *session) expunge(uids []imap.UID, present imap.UIDSet, settled []exchange.Moved) ([]imap.UID, error) {
	if s.caps.Has(imap.CapUIDPlus) {
		return uids, s.do(StepMove, func() error { return s.client.UIDExpunge(present).Close() })
	}
	ours := map[imap.UID]bool{}
	for _, e := range settled {
		ours[imap.UID(e.UID)] = true
	}
	foreign := false
	err := s.do(StepMove, func() error {
		found, err := s.client.UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagDeleted}}, nil).Wait()
		if err != nil {
			return err
		}
		for _, uid := range found.AllUIDs() {
			foreign = foreign || !ours[uid]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if foreign {
		s.m.Log.Warn("entries cannot be expunged: others are marked as deleted in the folder, and the server has no UIDPLUS")
		return nil, nil
	}
	return uids, s.do(StepMove, func() error { return s.client.Expunge().Close() })
}

func (s *session) doMove(f func() error) error {
	limit := moveLimits * s.m.Timing.Command
	return s.within(StepMove, limit, limit, f)
}

func (s *session) flag(set imap.UIDSet, flag imap.Flag) error {
	return s.client.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{flag}}, nil).Close()
}

func flagged(flags []imap.Flag, want imap.Flag) bool {
	return slices.ContainsFunc(flags, func(f imap.Flag) bool { return strings.EqualFold(string(f), string(want)) })
}
