package main

import (
	"context"
	"log/slog"
	"net"

	"almasu/config"
	"almasu/gateway"
	"almasu/mailin"
)

// door is the milter of an MTA and its socket.
type door struct {
	milter *mailin.Milter
	socket net.Listener
}

// newDoor opens the milter of the configuration, nil if there is none.
func newDoor(c *config.Config, log *slog.Logger) (*door, error) {
	if c.Listen.Milter == "" {
		return nil, nil
	}
	socket, err := listenOn(c.Listen.Milter)
	return &door{&mailin.Milter{Name: "milter", MaxMessage: counterLimit(c.Limits), MaxConns: c.Limits.Connections, Log: log}, socket}, err
}

// serve answers the MTA for the gateway until ctx ends.
func (d *door) serve(ctx context.Context, g *gateway.Gateway) error {
	d.milter.Recipient = func(address string) bool { return g.Addressee(address) != nil }
	d.milter.Judge = func(ctx context.Context, to []string, message []byte) error {
		s, err := g.SubmitMail(ctx, gateway.HandedIn{Message: message, To: to, Judge: true})
		if err == nil && s.Refusal.Code == "" {
			return nil
		}
		_, err = relayReply(s, err)
		return err
	}
	return d.milter.Serve(ctx, d.socket)
}
