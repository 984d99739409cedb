package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"almasu/queue"
)

// Pusher is a consumer of the report queue that the gateway drives: it posts
// each incoming report to one address, in order, until it is taken.
type Pusher struct {
	Name    string // of the consumer
	URL     string
	RootCAs *x509.CertPool // nil: the system's
	Gateway string         // our id
	// Sign makes the value of X-Almasu-Signature for a body.
	Sign    func(at time.Time, body []byte) string
	Timeout time.Duration // of one call
	// Again is how long a report that was refused is left alone, and the longest
	// pause while nobody answers.
	Again time.Duration
	Zone  *time.Location
	Clock func() time.Time
	Store *queue.Store
	Log   *slog.Logger
}

// The shortest pause after a call that failed.
const firstPause = time.Second

// errRefused: the other side understood the call and does not want the report.
var errRefused = errors.New("refused")

// Run posts until ctx ends, and returns nil then.
func (p *Pusher) Run(ctx context.Context) error {
	client := &http.Client{Timeout: p.Timeout,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.RootCAs, MinVersion: tls.VersionTLS12}, Proxy: http.ProxyFromEnvironment, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	hints, end := p.Store.Watch()
	defer end()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	pause := time.Duration(0)
	for ctx.Err() == nil {
		more, err := p.next(ctx, client)
		switch {
		case err != nil && ctx.Err() == nil:
			pause = min(max(2*pause, firstPause), max(p.Again, firstPause))
			p.Log.Error("push failed", "consumer", p.Name, "error", err, "again in", pause)
		case err == nil:
			pause = 0
		}
		if more && pause == 0 {
			continue
		}
		if pause > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
			continue
		}
		select {
		case <-ctx.Done():
		case <-hints:
		case <-tick.C:
		}
	}
	return nil
}

// next posts one report; more: there may be another. An error is that of the
// address, not of the report, which is given back then.
func (p *Pusher) next(ctx context.Context, client *http.Client) (more bool, err error) {
	leased, err := p.Store.Lease(ctx, p.Name, 1, p.Timeout+p.Again)
	if err != nil || len(leased) == 0 {
		return false, err
	}
	l := leased[0]
	err = p.post(ctx, client, l)
	settling := context.WithoutCancel(ctx)
	switch {
	case errors.Is(err, errRefused): // it keeps its lease, so that it blocks nobody, and comes again after it
		p.Log.Error("pushed report refused", "consumer", p.Name, "position", l.Position, "delivery", l.Delivery, "error", err)
		return true, nil
	case err != nil:
		return false, errors.Join(err, p.Store.Nack(settling, p.Name, l.Position, l.Token))
	}
	p.Log.Info("report pushed", "consumer", p.Name, "position", l.Position, "delivery", l.Delivery)
	return true, p.Store.Ack(settling, p.Name, l.Position, l.Token)
}

// post hands one report over. The key is the same at each delivery, so that
// the other side can know a report that comes twice.
func (p *Pusher) post(ctx context.Context, client *http.Client, l queue.Leased) error {
	body, err := marshal(queued(l, p.Zone))
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", strconv.Quote(p.Gateway+":"+strconv.FormatInt(l.Position, 10)))
	r.Header.Set("X-Almasu-Signature", p.Sign(p.Clock(), body))
	answer, err := client.Do(r)
	if err != nil {
		return err // names the address, never the body
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, mostAsked) // what it says is of no interest
	switch code := answer.StatusCode; {
	case code >= 200 && code <= 299:
		return nil
	case code >= 400 && code <= 499 && code != http.StatusUnauthorized && code != http.StatusForbidden && code != http.StatusNotFound &&
		code != http.StatusRequestTimeout && code != http.StatusTooManyRequests:
		return fmt.Errorf("%w: it answered %d", errRefused, code)
	}
	return fmt.Errorf("it answered %d", answer.StatusCode)
}
