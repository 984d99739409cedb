package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

// How often a request that waits looks: at a hint of the store, but not all
// the time, and on its own, because hints get lost and other processes commit.
const (
	lookPause = 100 * time.Millisecond
	lookEvery = time.Second
	heartbeat = 15 * time.Second // of a stream
	pageSize  = 500              // rows of the journal at once
)

// watch calls look at once and after each change until it says stop, the time
// is over, the client is gone or we end.
func (c *call) watch(ctx context.Context, look func() (stop bool, err error)) error {
	hints, end := c.a.Store.Watch()
	defer end()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if stop, err := look(); stop || err != nil {
			return err
		}
		pause := time.NewTimer(lookPause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-c.a.stopping:
			pause.Stop()
			return nil
		}
		select {
		case <-hints:
		case <-tick.C:
		case <-ctx.Done():
			return nil
		case <-c.a.stopping:
			return nil
		}
	}
}

// wait reads the parameter wait: 30s, or seconds; at most the limit.
func (c *call) wait() (time.Duration, error) {
	text := c.r.URL.Query().Get("wait")
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if n, plain := strconv.Atoi(text); plain == nil {
		d, err = time.Duration(min(n, 86400))*time.Second, nil
	}
	if err != nil || d < 0 {
		return 0, refuse(http.StatusBadRequest, "parameter").because("wait: a time as in 30s")
	}
	return min(d, c.a.Limits.Wait), nil
}

// report is GET /api/v1/reports/{id}: where it stands, at once or, with wait,
// once it is settled or the time is over.
func report(c *call) error {
	d, err := c.wait()
	if err != nil {
		return err
	}
	found, err := c.find()
	if err != nil {
		return err
	}
	s, err := c.a.describeReport(c.r.Context(), found)
	if err != nil {
		return err
	}
	if d > 0 && !s.Settled {
		if err := c.patient(); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(c.r.Context(), d)
		defer cancel()
		if err := c.watch(ctx, func() (bool, error) {
			s, err = c.a.describeReport(c.r.Context(), found)
			return s.Settled, err
		}); err != nil {
			return err
		}
	}
	return c.json(http.StatusOK, s)
}

// events is GET /api/v1/events: a stream of server-sent events, one for each
// report whose state changed, with the state it has now. The id of an event is
// that of the journal's last row in it: a client that comes back with it
// misses nothing.
func events(c *call) error {
	last, fresh, err := c.lastEvent()
	if err != nil {
		return err
	}
	if err := c.patient(); err != nil {
		return err
	}
	only := c.r.URL.Query().Get("report")
	h := c.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // for nginx in between
	c.status = http.StatusOK
	c.w.WriteHeader(http.StatusOK)
	s := &stream{c: c, last: last, only: only, beat: time.Now()}
	if err := s.send(": almasu\n\n"); err != nil {
		return nil
	}
	if fresh && only != "" {
		if err := s.now(); err != nil {
			return err
		}
	}
	return c.watch(c.r.Context(), s.look)
}

// lastEvent is the row of the journal to go on from; fresh: the client names
// none, the stream begins now.
func (c *call) lastEvent() (id int64, fresh bool, err error) {
	text := c.r.Header.Get("Last-Event-ID")
	if text == "" {
		text = c.r.URL.Query().Get("after")
	}
	end, err := c.a.Store.LastEvent(c.r.Context())
	if err != nil || text == "" {
		return end, true, err
	}
	id, err = strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 || id > end {
		return 0, false, refuse(http.StatusBadRequest, "parameter").because("Last-Event-ID: an id of an event of this stream")
	}
	return id, false, nil
}

// stream is one client that is told of changes.
type stream struct {
	c    *call
	last int64  // row of the journal
	only string // report id, "" for all
	beat time.Time
}

// send writes to the client, who has a short time to take it.
func (s *stream) send(text string) error {
	control := http.NewResponseController(s.c.w)
	if err := control.SetWriteDeadline(time.Now().Add(s.c.a.Limits.ReplyTime)); err != nil {
		return err
	}
	if _, err := fmt.Fprint(s.c.w, text); err != nil {
		return err
	}
	s.beat = time.Now()
	return control.Flush()
}

// look reads the journal on and tells of the reports it speaks of.
func (s *stream) look() (stop bool, err error) {
	for {
		rows, err := s.c.a.Store.EventsAfter(s.c.r.Context(), s.last, pageSize)
		if err != nil {
			return true, err
		}
		if len(rows) > 0 {
			s.last = rows[len(rows)-1].ID
			if stop, err := s.tell(rows); stop || err != nil {
				return true, err
			}
		}
		if len(rows) < pageSize {
			break
		}
	}
	if time.Since(s.beat) > heartbeat {
		return s.send(fmt.Sprintf(": still here\nid: %d\n\n", s.last)) != nil, nil
	}
	return false, nil
}

// tell sends the state of each report that the rows speak of, once.
func (s *stream) tell(rows []exchange.Event) (stop bool, err error) {
	var order []int64
	reports := map[int64]exchange.StoredReport{}
	for _, e := range rows {
		found, err := s.c.a.reportsOf(s.c.r.Context(), e)
		if err != nil {
			return true, err
		}
		for _, r := range found {
			if _, twice := reports[r.Position]; !twice {
				order = append(order, r.Position)
			}
			reports[r.Position] = r
		}
	}
	for _, position := range order {
		if stop, err := s.one(reports[position]); stop || err != nil {
			return stop, err
		}
	}
	return false, nil
}

// now tells where the one report of the stream stands.
func (s *stream) now() error {
	found, err := s.c.a.Store.Reports(s.c.r.Context(), queue.ReportFilter{ID: s.only})
	for _, r := range found {
		if err != nil {
			return err
		}
		_, err = s.one(r)
	}
	return err
}

// one tells of a report, if the client may know of it.
func (s *stream) one(r exchange.StoredReport) (stop bool, err error) {
	if s.only != "" && r.Key.ID != s.only {
		return false, nil
	}
	if ok, err := s.c.mayRead(r); err != nil || !ok {
		return false, err
	}
	state, err := s.c.a.describeReport(s.c.r.Context(), r)
	if err != nil {
		return true, err
	}
	text, err := marshal(state)
	if err != nil {
		return true, err
	}
	return s.send(fmt.Sprintf("event: report\nid: %d\ndata: %s\n\n", s.last, text)) != nil, nil
}

// reportsOf finds the reports that a row of the journal speaks of.
func (a *api) reportsOf(ctx context.Context, e exchange.Event) ([]exchange.StoredReport, error) {
	what, id, _ := strings.Cut(e.Object, ":")
	number, _ := strconv.ParseInt(id, 10, 64)
	switch {
	case what == "letter" && number != 0:
		letters, err := a.Store.Letters(ctx, queue.LetterFilter{ID: number})
		if err != nil || len(letters) == 0 || letters[0].Report == 0 {
			return nil, err
		}
		return a.Store.Reports(ctx, queue.ReportFilter{After: letters[0].Report - 1, Limit: 1})
	case what == "deadline" && number != 0:
		d, err := a.Store.Deadline(ctx, number)
		if err != nil || d.Report == 0 {
			return nil, err
		}
		return a.Store.Reports(ctx, queue.ReportFilter{After: d.Report - 1, Limit: 1})
	case what == "arrival" && number != 0:
		return a.Store.Reports(ctx, queue.ReportFilter{Arrival: number})
	case what == "report" && e.Name == "submitted":
		return a.Store.Reports(ctx, queue.ReportFilter{ID: id, Outgoing: true, Newest: true, Limit: 1})
	}
	return nil, nil
}
