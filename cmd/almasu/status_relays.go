package main

import (
	"context"
	"fmt"

	"almasu/config"
	"almasu/queue"
)

// relayStatus is how one relay of the configuration fared with the latest
// letters.
type relayStatus struct {
	Address  string `json:"address"`
	State    string `json:"state"` // ok, failing, unused
	Sent     int    `json:"sent"`
	Failed   int    `json:"failed"`
	LastSent string `json:"last_sent,omitempty"`
	LastFail string `json:"last_fail,omitempty"`
	Reply    string `json:"reply,omitempty"` // of the latest attempt
}

// String is the line of `almasu status`.
func (r relayStatus) String() string {
	switch r.State {
	case "unused":
		return fmt.Sprintf("relay %s: not used yet", r.Address)
	case "failing":
		return fmt.Sprintf("relay %s: last failed %s, last took a letter %s: %s", r.Address, r.LastFail, orNone(r.LastSent), r.Reply)
	}
	return fmt.Sprintf("relay %s: ok, last took a letter %s", r.Address, r.LastSent)
}

// relayStates lists the configured relays in the order they are tried. One
// fails while its latest attempt failed.
func relayStates(ctx context.Context, c *config.Config, store *queue.Store) ([]relayStatus, error) {
	known, err := store.Relays(ctx)
	out := []relayStatus{}
	for _, relay := range c.Relays {
		s := relayStatus{Address: relay.Address, State: "unused"}
		for _, h := range known {
			if h.Relay != relay.Address {
				continue
			}
			s.State = "ok"
			if h.LastFail.After(h.LastSent) {
				s.State = "failing"
			}
			s.Sent, s.Failed, s.LastSent, s.LastFail, s.Reply = h.Sent, h.Failed, stamp(h.LastSent, c), stamp(h.LastFail, c), h.Reply
		}
		out = append(out, s)
	}
	return out, err
}
