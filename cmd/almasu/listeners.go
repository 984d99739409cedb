package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"

	"almasu/config"
	"almasu/mailin"
)

func newListener(c *config.Config, lmtp bool, log *slog.Logger) (*mailin.Listener, error) {
	certificate, err := certificateOf(c)
	if err != nil {
		return nil, err
	}
	address := c.Identity.Address
	name := "smtp"
	if lmtp {
		name = "lmtp"
	}
	return &mailin.Listener{Name: name, LMTP: lmtp, Hostname: address[strings.LastIndexByte(address, '@')+1:], Address: address,
		TLS: certificate, MaxMessage: c.Limits.Message, MaxConns: c.Limits.Connections, Log: log}, nil
}

// newListeners opens the sockets of the configuration, so that an address in
// use is told before anything else starts.
func newListeners(c *config.Config, log *slog.Logger) ([]listening, error) {
	var out []listening
	for _, l := range []struct {
		where string
		lmtp  bool
	}{{c.Listen.SMTP, false}, {c.Listen.LMTP, true}} {
		if l.where == "" {
			continue
		}
		socket, err := listenOn(l.where)
		if err != nil {
			return nil, err
		}
		server, err := newListener(c, l.lmtp, log)
		if err != nil {
			return nil, err
		}
		out = append(out, listening{server, socket})
	}
	return out, nil
}

// listenOn opens an address, or a socket path; a socket left by a killed
// process is removed if nobody answers on it. A mail server has a login of its
// own, so everybody may connect whom the mode of the folder lets in, as
// everybody on the machine may to a loopback address: who may submit is asked
// of the kernel or by a password.
func listenOn(where string) (net.Listener, error) {
	if !strings.HasPrefix(where, "/") && !strings.HasPrefix(where, ".") {
		return net.Listen("tcp", where)
	}
	if conn, err := net.Dial("unix", where); err == nil {
		conn.Close()
		return nil, fmt.Errorf("listen on %s: another process answers there", where)
	} else if errors.Is(err, syscall.ECONNREFUSED) {
		os.Remove(where)
	}
	ln, err := net.Listen("unix", where)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(where, 0o666); err != nil {
		return nil, errors.Join(fmt.Errorf("listen on %s: %w", where, err), ln.Close())
	}
	return ln, nil
}

func certificateOf(c *config.Config) (*tls.Config, error) {
	if c.Listen.TLSCert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.Listen.TLSCert, c.Listen.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("listen.tls_cert: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}
