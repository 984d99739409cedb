package mailout

import (
	"context"
	"fmt"
)

// ProbeResult is what a relay says of itself.
type ProbeResult struct {
	TLS           string   // "TLS1.3 TLS_AES_128_GCM_SHA256", "" without
	Authenticated bool     // a user name is configured and was accepted
	Extensions    []string // EHLO keywords among those that matter here
	MaxSize       int64    // octets, 0 if the relay names no limit
}

// Probe connects to the relay, protects the connection, authenticates and
// leaves, for `almasu check`. No mail is sent. The error says at which step it
// failed and what to do about it.
func Probe(ctx context.Context, r Relay) (ProbeResult, error) {
	s, at, err := r.open(ctx)
	if err != nil {
		_, _, words := describe(at, "", err)
		return ProbeResult{}, fmt.Errorf("probe relay %s: %s: %w", r.Address, hint(at), &probeError{words, err})
	}
	defer s.quit()
	result := ProbeResult{TLS: s.tlsWords(), Authenticated: r.Username != ""}
	for _, name := range []string{"8BITMIME", "AUTH", "DSN", "ENHANCEDSTATUSCODES", "PIPELINING", "REQUIRETLS", "SIZE", "SMTPUTF8"} {
		if ok, _ := s.client.Extension(name); ok {
			result.Extensions = append(result.Extensions, name)
		}
	}
	if size, ok := s.client.MaxMessageSize(); ok {
		result.MaxSize = int64(size)
	}
	if r.RequireTLS == "require" {
		if ok, _ := s.client.Extension("REQUIRETLS"); !ok {
			return result, fmt.Errorf("probe relay %s: it does not offer REQUIRETLS: set requiretls: prefer, or use another relay", r.Address)
		}
	}
	return result, nil
}

// probeError shows the relay's words as one bounded line and keeps the cause.
type probeError struct {
	words string
	cause error
}

func (e *probeError) Error() string { return e.words }
func (e *probeError) Unwrap() error { return e.cause }

// hint is the remedy for a failure at a stage.
func hint(at stage) string {
	switch at {
	case stageConnect:
		return "check address and firewall"
	case stageTLS:
		return "check tls, server_name and ca_file"
	case stageStartTLS:
		return "check tls and the port"
	case stageAuth:
		return "check username and password_file"
	}
	return "ask the relay's operator"
}
