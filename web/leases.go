package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"almasu/queue"
)

// Bounds of one lease.
const (
	mostLeased = 4 // reports at once: each may be as large as limits.document
	mostLease  = time.Hour
	mostAsked  = 4 << 10 // octets of a request
)

// LeaseRequest asks for the next reports of the queue.
type LeaseRequest struct {
	Count   int `json:"count,omitempty" doc:"at most so many, 1 to 4; 1 if absent"`
	Seconds int `json:"seconds,omitempty" doc:"how long they are the consumer's, up to 3600; 60 if absent"`
}

// Leases are reports handed to a consumer.
type Leases struct {
	Reports []LeasedReport `json:"reports"`
}

// LeasedReport is a report until its lease ends or it is settled.
type LeasedReport struct {
	Token   string `json:"token" doc:"to acknowledge or give back with"`
	Expires string `json:"expires" format:"date-time"`
	QueuedReport
}

// QueuedReport is an incoming report as its consumers get it.
type QueuedReport struct {
	Position    int64  `json:"position"`
	Delivery    int    `json:"delivery" doc:"how often this consumer got it, from 1"`
	Number      string `json:"number"`
	Participant string `json:"participant"`
	Kind        string `json:"kind"`
	ID          string `json:"id"`
	Revision    int    `json:"revision"`
	Format      string `json:"format"`
	MediaType   string `json:"media_type"`
	ReceivedAt  string `json:"received_at" format:"date-time"`
	Entered     bool   `json:"entered" doc:"by a person: not authenticated"`
	Document    []byte `json:"document" doc:"base64 of the octets as received"`
}

func queued(l queue.Leased, zone *time.Location) QueuedReport {
	return QueuedReport{Position: l.Position, Delivery: l.Delivery, Number: l.Number, Participant: l.Participant, Kind: string(l.Kind), ID: l.Key.ID,
		Revision: l.Key.Revision, Format: string(l.Format), MediaType: l.MediaType, ReceivedAt: stamp(l.ReceivedAt, zone), Entered: l.Entered, Document: l.Document}
}

// SettleRequest names a leased report.
type SettleRequest struct {
	Position int64  `json:"position"`
	Token    string `json:"token"`
}

// lease is POST /api/v1/queue/lease: the next reports, first those that were
// given back or whose lease ended. With wait it waits for one to come.
func lease(c *call) error {
	ask := LeaseRequest{Count: 1, Seconds: 60}
	if err := c.read(&ask); err != nil {
		return err
	}
	period := time.Duration(ask.Seconds) * time.Second
	if ask.Count < 1 || ask.Count > mostLeased || period <= 0 || period > mostLease {
		return refuse(http.StatusBadRequest, "parameter").because("count: 1 to 4; seconds: 1 to 3600")
	}
	d, err := c.wait()
	if err != nil {
		return err
	}
	if err := c.patient(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), d)
	defer cancel()
	var leased []queue.Leased
	err = c.watch(ctx, func() (bool, error) {
		leased, err = c.a.Store.Lease(c.r.Context(), c.token.Consumer, ask.Count, period)
		return len(leased) > 0, err
	})
	if err != nil {
		return err
	}
	out := Leases{Reports: []LeasedReport{}}
	for _, l := range leased {
		out.Reports = append(out.Reports, LeasedReport{l.Token, c.a.stamp(l.Expires), queued(l, c.a.Zone)})
	}
	return c.json(http.StatusOK, out)
}

// ack and nack are POST /api/v1/queue/ack and nack.
func ack(c *call) error  { return c.settle((*queue.Store).Ack) }
func nack(c *call) error { return c.settle((*queue.Store).Nack) }

func (c *call) settle(do func(*queue.Store, context.Context, string, int64, string) error) error {
	var ask SettleRequest
	if err := c.read(&ask); err != nil {
		return err
	}
	err := do(c.a.Store, c.r.Context(), c.token.Consumer, ask.Position, ask.Token)
	if errors.Is(err, queue.ErrLeaseLost) {
		return refuse(http.StatusConflict, "lease-lost")
	}
	if err != nil {
		return err
	}
	c.status = http.StatusNoContent
	c.w.WriteHeader(c.status)
	return nil
}

// read reads a small JSON object; none at all is an empty one.
func (c *call) read(into any) error {
	if c.r.ContentLength == 0 {
		return nil
	}
	d := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, mostAsked))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil || d.More() {
		return refuse(http.StatusBadRequest, "body").because(fmt.Sprintf("one JSON object of at most %d octets with known fields", mostAsked))
	}
	return nil
}
