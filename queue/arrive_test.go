package queue_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strings"
	"testing/iotest"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

func arriveCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"entry read twice":                     entryReadTwice,
		"entry read again after uidvalidity":   entryAfterUIDValidity,
		"same content at another date":         sameContentOtherDate,
		"two equal entries after uidvalidity":  twoEqualEntries,
		"decided entry stands in folder again": decidedEntryAgain,
		"same mail by lmtp is a new arrival":   lmtpTwice,
		"chunk borders":                        chunkBorders,
		"connection breaks in the middle":      brokenReader,
		"slow sender holds up nobody":          slowSender,
		"oversize":                             oversize,
		"stale upload":                         staleUpload,
		"cancelled before it began":            cancelledArrive,
		"mailbox book-keeping":                 mailboxBooks,
	}
}

func (r *rig) again(src exchange.Source, body string) exchange.Arrival {
	r.Helper()
	a, fresh, err := r.store.Arrive(r.ctx, exchange.Arrival{Source: src}, strings.NewReader(body))
	r.must(err)
	if fresh {
		r.Fatalf("%+v is a new arrival", src)
	}
	return a
}

func entryReadTwice(r *rig) {
	first := r.arrive(imap(7), mail(10))
	if a := r.again(imap(7), "other octets"); a.ID != first.ID {
		r.Errorf("arrival %d, want %d", a.ID, first.ID)
	}
	other := imap(7)
	other.Mailbox = "second"
	r.arrive(other, mail(10))
}

func entryAfterUIDValidity(r *rig) {
	first := r.arrive(imap(7), mail(2500))
	moved := imap(7)
	moved.UIDValidity, moved.UID = 2, 1
	if a := r.again(moved, mail(2500)); a.ID != first.ID || a.Source.UID != 1 || a.Source.UIDValidity != 2 {
		r.Errorf("arrival %+v, want %d under the new identity", a, first.ID)
	}
	if a := r.again(moved, ""); a.ID != first.ID {
		r.Errorf("the new identity names arrival %d", a.ID)
	}
	if raw, err := r.store.Raw(r.ctx, first.ID); err != nil || string(raw) != mail(2500) {
		r.Errorf("octets %d, %v", len(raw), err)
	}
}

func sameContentOtherDate(r *rig) {
	r.arrive(imap(7), mail(10))
	other := imap(8)
	other.UIDValidity = 2
	r.arrive(other, mail(10))
}

func twoEqualEntries(r *rig) {
	a, b := imap(1), imap(2)
	b.EntryDate = a.EntryDate
	first, second := r.arrive(a, mail(10)), r.arrive(b, mail(10))
	a.UIDValidity, b.UIDValidity = 2, 2
	if x, y := r.again(a, mail(10)), r.again(b, mail(10)); x.ID != first.ID || y.ID != second.ID {
		r.Errorf("arrivals %d and %d, want %d and %d", x.ID, y.ID, first.ID, second.ID)
	}
	b.UID = 3
	r.arrive(b, mail(10))
}

func decidedEntryAgain(r *rig) {
	r.accept(imap(1), "INC-1", 1)
	r.must(r.store.MarkMoved(r.ctx, "main", 1, 1))
	back := imap(1)
	back.UIDValidity, back.UID = 5, 9
	a := r.again(back, mail(2))
	if a.State != exchange.ArrivalAccepted {
		r.Errorf("state %s", a.State)
	}
	moved, err := r.store.Settled(r.ctx, "main", 5)
	r.must(err)
	if !slices.Equal(moved, []exchange.Moved{{UID: 9}}) {
		r.Errorf("to move %v", moved)
	}
}

func lmtpTwice(r *rig) {
	src := exchange.Source{Via: "lmtp", Mailbox: "lmtp"}
	if a, b := r.arrive(src, mail(1)), r.arrive(src, mail(1)); a.ID == b.ID {
		r.Error("one arrival")
	}
}

func chunkBorders(r *rig) {
	for i, size := range []int{0, 1, 999, 1000, 1001, 1999, 2000, 2001, 5500} {
		body := bytes.Repeat([]byte{byte(i), 0, 255}, size)[:size]
		// OneByteReader: chunks do not depend on how the network cuts them.
		a, _, err := r.store.Arrive(r.ctx, exchange.Arrival{Source: imap(uint32(i + 1))}, iotest.OneByteReader(bytes.NewReader(body)))
		r.must(err)
		raw, err := r.store.Raw(r.ctx, a.ID)
		r.must(err)
		if !bytes.Equal(raw, body) || a.Size != int64(size) || a.SHA256 != sha256.Sum256(body) {
			r.Errorf("%d octets: read %d, size %d", size, len(raw), a.Size)
		}
	}
}

func brokenReader(r *rig) {
	gone := errors.New("connection reset")
	for _, size := range []int{0, 500, 1000, 3500} {
		in := io.MultiReader(strings.NewReader(mail(size)), iotest.ErrReader(gone))
		_, _, err := r.store.Arrive(r.ctx, exchange.Arrival{Source: imap(1)}, in)
		r.is(err, gone)
	}
	list, err := r.store.Arrivals(r.ctx, "", 0)
	r.must(err)
	if len(list) != 0 {
		r.Errorf("%d arrivals", len(list))
	}
	r.arrive(imap(1), mail(3500))
}

func slowSender(r *rig) {
	in, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, _, err := r.store.Arrive(r.ctx, exchange.Arrival{Source: imap(1)}, in)
		done <- err
	}()
	if _, err := out.Write(make([]byte, 3500)); err != nil { // returns when all of it was read
		r.Fatal(err)
	}
	r.arrive(imap(2), mail(3500)) // would wait for ever behind an open transaction
	r.must(out.Close())
	r.must(<-done)
}

func oversize(r *rig) {
	in := exchange.Arrival{Source: imap(1), Oversize: true, Size: 60 << 20}
	a, fresh, err := r.store.Arrive(r.ctx, in, strings.NewReader("Subject: big\r\n\r\n"))
	r.must(err)
	got, err := r.store.ArrivalByNumber(r.ctx, "H-2026-000001")
	r.must(err)
	if !fresh || a.Number != "H-2026-000001" || got.ID != a.ID || got.State != exchange.ArrivalHeld || got.Code != exchange.TooLarge || got.Size != 60<<20 {
		r.Errorf("fresh %v, %+v", fresh, got)
	}
	if moved, err := r.store.Settled(r.ctx, "main", 1); err != nil || !slices.Equal(moved, []exchange.Moved{{UID: 1, Held: true}}) {
		r.Errorf("to move %v, %v", moved, err)
	}
	if none, _, _, err := r.store.LeaseArrival(r.ctx, "w", time.Second); none != nil || err != nil {
		r.Errorf("leased %v, %v", none, err)
	}
	r.is(r.store.Release(r.ctx, a.ID, "root"), queue.ErrForbidden)
	if raw, err := r.store.Raw(r.ctx, a.ID); err != nil || string(raw) != "Subject: big\r\n\r\n" {
		r.Errorf("header %q, %v", raw, err)
	}
}

func staleUpload(r *rig) {
	in, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, _, err := r.store.Arrive(r.ctx, exchange.Arrival{Source: imap(1)}, in)
		done <- err
	}()
	if _, err := out.Write(make([]byte, 3500)); err != nil {
		r.Fatal(err)
	}
	r.clock.pass(2 * time.Hour)
	second, err := queue.Open(r.ctx, r.dsn, r.o) // another process starts and cleans up
	r.must(err)
	r.must(second.Close())
	r.must(out.Close())
	if err := <-done; err == nil {
		r.Error("a message without its first part was taken")
	}
	r.arrive(imap(1), mail(3500))
}

func cancelledArrive(r *rig) {
	ctx, cancel := context.WithCancel(r.ctx)
	cancel()
	_, _, err := r.store.Arrive(ctx, exchange.Arrival{Source: imap(1)}, strings.NewReader(mail(5)))
	r.is(err, context.Canceled)
}

func mailboxBooks(r *rig) {
	if v, u, err := r.store.Cursor(r.ctx, "main"); v != 0 || u != 0 || err != nil {
		r.Errorf("new mailbox: %d %d %v", v, u, err)
	}
	const big = 4_294_967_295
	r.must(r.store.SetCursor(r.ctx, "main", 1, 5))
	r.must(r.store.SetCursor(r.ctx, "main", big, big))
	if v, u, err := r.store.Cursor(r.ctx, "main"); v != big || u != big || err != nil {
		r.Errorf("cursor %d %d %v", v, u, err)
	}
	r.accept(imap(3), "INC-3", 1)
	r.accept(imap(1), "INC-1", 1)
	r.arrive(imap(4), mail(4)) // undecided: stays
	moved, err := r.store.Settled(r.ctx, "main", 1)
	r.must(err)
	if !slices.Equal(moved, []exchange.Moved{{UID: 1}, {UID: 3}}) {
		r.Errorf("to move %v", moved)
	}
	for range 2 {
		r.must(r.store.MarkMoved(r.ctx, "main", 1, 1))
	}
	if moved, err = r.store.Settled(r.ctx, "main", 1); err != nil || !slices.Equal(moved, []exchange.Moved{{UID: 3}}) {
		r.Errorf("to move %v, %v", moved, err)
	}
}
