package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"almasu/alarm"
	"almasu/config"
	"almasu/gateway"
	"almasu/web"
)

// apiServer is the HTTP API and its socket.
type apiServer struct {
	server *web.Server
	socket net.Listener
}

// newAPIServer opens the HTTP API of the configuration, nil if there is none.
func newAPIServer(c *config.Config, now func() time.Time, log *slog.Logger) (*apiServer, error) {
	if c.Web.Address == "" {
		return nil, nil
	}
	w := c.Web
	s := &apiServer{server: &web.Server{Hosts: w.Hosts, Role: string(c.Role), Language: c.Language, Zone: c.Zone, Clock: now, Log: log.With("listener", "web"),
		Limits: web.Limits{Connections: c.Limits.Connections + w.Waiting, Requests: w.Requests, Waiting: w.Waiting, PerToken: w.PerToken, PerMinute: w.PerMinute,
			Header: int(w.Header), Body: c.Limits.Document, InWork: max(w.InWork, c.Limits.Document), BodyTime: w.BodyTime, ReplyTime: w.ReplyTime, Wait: w.Wait}}}
	if w.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(w.TLSCert, w.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("web.tls_cert: %w", err)
		}
		s.server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	var err error
	if s.socket, err = net.Listen("tcp", w.Address); err != nil {
		return nil, fmt.Errorf("web.address: %w", err)
	}
	return s, nil
}

// serve answers for the gateway until ctx ends.
func (s *apiServer) serve(ctx context.Context, n *node) error {
	s.server.Store = n.store
	s.server.Submit = submitWeb(n.gateway)
	return s.server.Serve(ctx, s.socket)
}

// submitWeb takes a document from the HTTP API down the road of every
// submission.
func submitWeb(g *gateway.Gateway) func(context.Context, web.Submission) (web.Submitted, error) {
	return func(ctx context.Context, in web.Submission) (web.Submitted, error) {
		s, err := g.Submit(ctx, gateway.Order{Document: in.Document, To: in.To, Actor: in.Actor, Kinds: in.Kinds, Handed: &in.Handed})
		out := web.Submitted{Position: s.Position, Refusal: s.Refusal, Problems: s.Problems}
		switch {
		case errors.Is(err, gateway.ErrAddressee):
			out.Addressee = err.Error()
			return out, nil
		case s.Again != 0:
			out.Position = s.Again
		}
		return out, err
	}
}

// newPushers are the consumers that the gateway posts reports to.
func newPushers(c *config.Config, now func() time.Time, log *slog.Logger) ([]*web.Pusher, error) {
	var all []*web.Pusher
	for _, p := range c.Push {
		secret, err := config.Secret(p.SecretFile)
		if err == nil && len(secret) == 0 {
			err = errors.New("the secret is empty")
		}
		if err != nil {
			return nil, fmt.Errorf("push %s: secret_file: %w", p.Name, err)
		}
		anchors, err := anchorsOf(p.CAFile)
		if err != nil {
			return nil, fmt.Errorf("push %s: %w", p.Name, err)
		}
		all = append(all, &web.Pusher{Name: p.Name, URL: p.URL, RootCAs: anchors, Gateway: c.Identity.ID, Timeout: p.Timeout, Again: p.Again,
			Sign: func(at time.Time, body []byte) string { return alarm.Sign(secret, at, body) }, Zone: c.Zone, Clock: now, Log: log})
	}
	return all, nil
}
