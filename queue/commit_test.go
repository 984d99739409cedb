package queue_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/queue"

	"pgregory.net/rapid"
)

func commitCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"all of it or nothing":              allOrNothing,
		"same content by two workers":       sameContent,
		"same report by two workers":        sameReport,
		"older revision after newer":        olderRevision,
		"report twice in one message":       reportTwice,
		"several reports in one message":    severalReports,
		"without a number":                  withoutNumber,
		"moves the tables do not have":      forbiddenMoves,
		"refused message is not remembered": refusedForgotten,
		"submission":                        submission,
		"settled by a person":               settled,
		"many at once":                      manyCommits,
		"known content is told in full":     knownInFull,
		"report lists":                      reportLists,
	}
}

func allOrNothing(r *rig) {
	a, positions := r.accept(imap(1), "INC-1", 1)
	if a.State != exchange.ArrivalAccepted || a.Number != "NCCIS-2026-000001" || !slices.Equal(positions, []int64{1}) {
		r.Errorf("%+v at %v", a, positions)
	}
	r.arrive(imap(2), mail(5))
	b, lease := r.lease()
	number, err := r.store.Number(r.ctx, b.ID, "NCCIS")
	r.must(err)
	d := accepted(b.ID, lease, number, "INC-2", 1)
	d.Letters = append(d.Letters, letter("<INC-1.1.1@nccis.example>")) // a Message-ID that is taken
	if _, err := r.store.Commit(r.ctx, d); err == nil {
		r.Fatal("a Message-ID was used twice")
	}
	if got, err := r.store.Arrival(r.ctx, b.ID); err != nil || got.State != exchange.ArrivalStored {
		r.Errorf("%+v, %v", got, err)
	}
	if k, err := r.store.KnownReport(r.ctx, "soc-alfa", exchange.Key{ID: "INC-2", Revision: 1}); k != nil || err != nil {
		r.Errorf("known %v, %v", k, err)
	}
	d.Letters = d.Letters[:1]
	positions, err = r.store.Commit(r.ctx, d)
	if err != nil || !slices.Equal(positions, []int64{2}) {
		r.Errorf("positions %v, %v", positions, err)
	}
	letters, err := r.store.Letters(r.ctx, queue.LetterFilter{Report: 2})
	r.must(err)
	deadlines, err := r.store.Deadlines(r.ctx, 2)
	r.must(err)
	if len(letters) != 1 || len(deadlines) != 1 || deadlines[0].State != "open" {
		r.Errorf("letters %v, deadlines %v", letters, deadlines)
	}
}

// race has two workers commit a decision each on messages of their own.
func (r *rig) race(change func(second *exchange.Decision, first exchange.Decision)) error {
	r.Helper()
	var ds []exchange.Decision
	for i := range uint32(2) {
		r.arrive(imap(i+1), mail(int(i)))
		a, lease := r.lease()
		number, err := r.store.Number(r.ctx, a.ID, "NCCIS")
		r.must(err)
		ds = append(ds, accepted(a.ID, lease, number, fmt.Sprintf("INC-%d", i), 2))
	}
	change(&ds[1], ds[0])
	_, err := r.store.Commit(r.ctx, ds[0])
	r.must(err)
	_, err = r.store.Commit(r.ctx, ds[1])
	return err
}

func sameContent(r *rig) {
	err := r.race(func(second *exchange.Decision, first exchange.Decision) {
		second.Known.ContentDigest = first.Known.ContentDigest
	})
	r.is(err, queue.ErrConflict)
	if a, err := r.store.Arrival(r.ctx, 2); err != nil || a.State != exchange.ArrivalStored || a.Number == "" {
		r.Errorf("%+v, %v: has to be run again under its lease", a, err)
	}
}

func sameReport(r *rig) {
	r.is(r.race(func(second *exchange.Decision, first exchange.Decision) { second.Known.Reports = first.Known.Reports }), queue.ErrConflict)
}

func olderRevision(r *rig) {
	r.is(r.race(func(second *exchange.Decision, first exchange.Decision) {
		second.Known.Reports = []exchange.Key{{ID: first.Known.Reports[0].ID, Revision: 1}}
	}), queue.ErrConflict)
	if n, err := r.store.LatestRevision(r.ctx, "soc-alfa", "INC-0"); n != 2 || err != nil {
		r.Errorf("latest %d, %v", n, err)
	}
	if n, err := r.store.LatestRevision(r.ctx, "soc-beta", "INC-0"); n != 0 || err != nil {
		r.Errorf("another participant's latest %d, %v", n, err)
	}
}

func reportTwice(r *rig) {
	err := r.race(func(second *exchange.Decision, _ exchange.Decision) {
		second.Known.Reports = append(second.Known.Reports, second.Known.Reports...)
	})
	if err == nil || errors.Is(err, queue.ErrConflict) {
		r.Errorf("%v: running it again would never end", err)
	}
}

func severalReports(r *rig) {
	r.must(r.race(func(second *exchange.Decision, _ exchange.Decision) {
		for i := range 2 {
			more := second.Reports[0]
			more.Key.ID += fmt.Sprint(".", i)
			second.Reports = append(second.Reports, more)
			second.Known.Reports = append(second.Known.Reports, more.Key)
		}
		second.Letters[0].Report, second.Deadlines[0].Report = 1, 0
	}))
	list, err := r.store.Reports(r.ctx, queue.ReportFilter{Arrival: 2})
	r.must(err)
	for i, s := range list {
		if s.Position != int64(i+2) || s.Document != nil {
			r.Errorf("report %d: %+v", i, s)
		}
	}
	if deadlines, err := r.store.Deadlines(r.ctx, 2); err != nil || len(deadlines) != 1 || len(list) != 3 {
		r.Errorf("%d reports, deadlines of the first %v, %v", len(list), deadlines, err)
	}
	if letters, err := r.store.Letters(r.ctx, queue.LetterFilter{Report: 1}); err != nil || len(letters) != 2 {
		r.Errorf("letters %v, %v: one names its report itself", letters, err)
	}
}

func withoutNumber(r *rig) {
	r.arrive(imap(1), mail(1))
	a, lease := r.lease()
	for _, state := range []exchange.ArrivalState{exchange.ArrivalAccepted, exchange.ArrivalRefused} {
		if _, err := r.store.Commit(r.ctx, exchange.Decision{Arrival: a.ID, Lease: lease, State: state}); err == nil {
			r.Errorf("%s without a number", state)
		}
	}
}

func forbiddenMoves(r *rig) {
	r.arrive(imap(1), mail(1))
	a, lease := r.lease()
	for _, state := range []exchange.ArrivalState{"", exchange.ArrivalStored, exchange.ArrivalEntered, exchange.ArrivalDeclined, "nonsense"} {
		_, err := r.store.Commit(r.ctx, exchange.Decision{Arrival: a.ID, Lease: lease, State: state})
		r.is(err, queue.ErrForbidden)
	}
	for _, to := range []exchange.ArrivalState{exchange.ArrivalStored, exchange.ArrivalAccepted, "nonsense"} {
		r.is(r.store.Settle(r.ctx, a.ID, to, exchange.Decision{}), queue.ErrForbidden)
	}
	r.is(r.store.Settle(r.ctx, a.ID, exchange.ArrivalDeclined, exchange.Decision{}), queue.ErrForbidden) // it is not held
}

func refusedForgotten(r *rig) {
	r.arrive(imap(1), mail(1))
	a, lease := r.lease()
	number, err := r.store.Number(r.ctx, a.ID, "NCCIS")
	r.must(err)
	d := accepted(a.ID, lease, number, "INC-1", 1)
	d.State, d.Code = exchange.ArrivalRefused, exchange.Invalid
	_, err = r.store.Commit(r.ctx, d)
	r.is(err, queue.ErrForbidden)
	d.Known = nil
	_, err = r.store.Commit(r.ctx, d)
	r.is(err, queue.ErrForbidden) // nor are its reports stored
	d.Reports = nil
	_, err = r.store.Commit(r.ctx, d)
	r.must(err)
	r.accept(imap(2), "INC-1", 1) // corrected and sent again
}

func submission(r *rig) {
	d := accepted(0, "", "", "OUR-1", 1)
	d.Known, d.State = nil, ""
	d.Reports[0].Outgoing = true
	positions, err := r.store.Commit(r.ctx, d)
	r.must(err)
	got, err := r.store.Report(r.ctx, positions[0])
	r.must(err)
	if !got.Outgoing || got.Arrival != 0 || string(got.Document) != string(d.Reports[0].Document) {
		r.Errorf("%+v", got)
	}
	if l, err := r.store.LetterByMessageID(r.ctx, d.Letters[0].MessageID); err != nil || l.Report != positions[0] {
		r.Errorf("%+v, %v", l, err)
	}
}

func settled(r *rig) {
	a, b := r.hold(imap(1), exchange.Unsigned), r.hold(imap(2), exchange.Unsigned)
	d := accepted(0, "", "H-2026-000001", "INC-1", 1)
	d.Known, d.Reports[0].Entered = nil, true
	d.Events = []exchange.Event{{Name: "entered", Object: "arrival:1", Actor: "dana"}}
	r.must(r.store.Settle(r.ctx, a.ID, exchange.ArrivalEntered, d))
	r.must(r.store.Settle(r.ctx, b.ID, exchange.ArrivalDeclined, exchange.Decision{Code: exchange.Unsigned}))
	r.is(r.store.Settle(r.ctx, b.ID, exchange.ArrivalEntered, exchange.Decision{}), queue.ErrForbidden)
	list, err := r.store.Reports(r.ctx, queue.ReportFilter{Number: "H-2026-000001"})
	if err != nil || len(list) != 1 || !list[0].Entered || list[0].Arrival != a.ID {
		r.Errorf("%+v, %v", list, err)
	}
	r.is(r.store.Release(r.ctx, a.ID, "dana"), queue.ErrForbidden)
}

func manyCommits(r *rig) {
	const n = 60
	for uid := range uint32(n) {
		r.arrive(imap(uid+1), mail(int(uid)))
	}
	var mu sync.Mutex
	var positions []int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for {
				a, lease, _, err := r.store.LeaseArrival(r.ctx, "w", time.Minute)
				if err != nil || a == nil {
					r.ok(err)
					return
				}
				number, err := r.store.Number(r.ctx, a.ID, "NCCIS")
				r.ok(err)
				p, err := r.store.Commit(r.ctx, accepted(a.ID, lease, number, fmt.Sprint("INC-", a.ID), 1))
				r.ok(err)
				mu.Lock()
				positions = append(positions, p...)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	slices.Sort(positions)
	for i, p := range positions {
		if p != int64(i+1) {
			r.Fatalf("positions %v", positions)
		}
	}
	if len(positions) != n {
		r.Errorf("%d positions", len(positions))
	}
}

// ok is must for goroutines of a test.
func (r *rig) ok(err error) {
	if err != nil {
		r.Error(err)
	}
}

func knownInFull(r *rig) {
	r.arrive(imap(1), mail(1))
	a, lease := r.lease()
	number, err := r.store.Number(r.ctx, a.ID, "NCCIS")
	r.must(err)
	d := accepted(a.ID, lease, number, "INC-1", 3)
	d.Known.ReceivedAt, d.Known.Code = r.clock.now(), exchange.Superseded
	d.Known.Reports = append(d.Known.Reports, exchange.Key{ID: "INC-2", Revision: 1})
	_, err = r.store.Commit(r.ctx, d)
	r.must(err)
	byContent, err := r.store.KnownContent(r.ctx, d.Known.ContentDigest)
	r.must(err)
	byReport, err := r.store.KnownReport(r.ctx, "soc-alfa", exchange.Key{ID: "INC-2", Revision: 1})
	r.must(err)
	for _, k := range []*exchange.Known{byContent, byReport} {
		if k == nil || fmt.Sprintf("%+v", *k) != fmt.Sprintf("%+v", *d.Known) {
			r.Errorf("known %+v, want %+v", k, *d.Known)
		}
	}
	for _, digest := range []string{"", "other"} {
		if k, err := r.store.KnownContent(r.ctx, digest); k != nil || err != nil {
			r.Errorf("content %q: %v, %v", digest, k, err)
		}
	}
	if k, err := r.store.KnownReport(r.ctx, "soc-alfa", exchange.Key{ID: "INC-1", Revision: 2}); k != nil || err != nil {
		r.Errorf("other revision: %v, %v", k, err)
	}
}

func reportLists(r *rig) {
	for i := range uint32(3) {
		r.accept(imap(i+1), fmt.Sprintf("INC-%d", i), 1)
	}
	for want, f := range map[string]queue.ReportFilter{
		"[1 2 3]": {},
		"[3 2]":   {Newest: true, Limit: 2},
		"[2 3]":   {After: 1, Incoming: true},
		"[2]":     {Participant: "soc-alfa", ID: "INC-1", Kind: exchange.Incident},
		"[3]":     {Number: "NCCIS-2026-000003", Document: true},
		"[]":      {Outgoing: true},
	} {
		list, err := r.store.Reports(r.ctx, f)
		r.must(err)
		positions := []int64{}
		for _, s := range list {
			positions = append(positions, s.Position)
			if (s.Document != nil) != f.Document {
				r.Errorf("%+v: document %q", f, s.Document)
			}
		}
		if fmt.Sprint(positions) != want {
			r.Errorf("%+v: %v, want %s", f, positions, want)
		}
	}
	_, err := r.store.Report(r.ctx, 4)
	r.is(err, queue.ErrNotFound)
}

// Whatever is done in whatever order, the invariants hold (the rig checks them)
// and numbers and positions have no gaps.
func TestAnyOrderOfCallsKeepsTheInvariants(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := unchecked(t, sqliteDSN(t))
		defer r.end()
		uid := uint32(0)
		var held []int64
		rt.Repeat(map[string]func(*rapid.T){
			"arrive": func(rt *rapid.T) { uid++; r.arrive(imap(uid), mail(rapid.IntRange(0, 3000).Draw(rt, "size"))) },
			"pass": func(rt *rapid.T) {
				r.clock.pass(time.Duration(rapid.IntRange(0, 60).Draw(rt, "seconds")) * time.Second)
			},
			"decide": func(rt *rapid.T) {
				a, lease, _, err := r.store.LeaseArrival(r.ctx, "w", 20*time.Second)
				if r.must(err); a == nil {
					return
				}
				if rapid.Bool().Draw(rt, "crash") {
					return
				}
				state := rapid.SampledFrom([]exchange.ArrivalState{exchange.ArrivalAccepted, exchange.ArrivalRefused, exchange.ArrivalHeld,
					exchange.ArrivalDuplicate, exchange.ArrivalReceipt}).Draw(rt, "state")
				d := exchange.Decision{Arrival: a.ID, Lease: lease, State: state}
				if state == exchange.ArrivalAccepted || state == exchange.ArrivalRefused || rapid.Bool().Draw(rt, "number") {
					number, err := r.store.Number(r.ctx, a.ID, "NCCIS")
					r.must(err)
					if state == exchange.ArrivalAccepted {
						d = accepted(a.ID, lease, number, fmt.Sprint("INC-", rapid.IntRange(1, 3).Draw(rt, "report")), rapid.IntRange(1, 9).Draw(rt, "revision"))
					}
				}
				if _, err := r.store.Commit(r.ctx, d); errors.Is(err, queue.ErrConflict) {
					return
				} else if r.must(err); state == exchange.ArrivalHeld {
					held = append(held, a.ID)
				}
			},
			"release": func(rt *rapid.T) {
				if len(held) > 0 {
					r.must(r.store.Release(r.ctx, held[0], "dana"))
					held = held[1:]
				}
			},
		})
	})
}
