package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"syscall"
	"time"

	"almasu/config"
)

// web asks the HTTP API how it is. Where nobody answers, its address must be
// free for us.
func (k *checker) web(ctx context.Context, c *config.Config, now time.Time) {
	if c.Web.Address == "" {
		return
	}
	if c.Web.TLSCert != "" {
		k.certificate("web", c.Web.TLSCert, c.Web.TLSKey, now)
	}
	tokens, err := tokensInForce(ctx, c, now)
	if err != nil {
		return // the store has a line of its own
	}
	if tokens == 0 {
		k.warn("web", "web-no-token")
	}
	err = askHealth(ctx, c)
	if err == nil {
		k.ok("web", "web-ok", c.Web.Address, fmt.Sprint(tokens))
		return
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		var ln net.Listener
		if ln, err = net.Listen("tcp", c.Web.Address); err == nil {
			ln.Close()
			k.ok("web", "web-free", c.Web.Address, fmt.Sprint(tokens))
			return
		}
	}
	k.fail("web", "web-failed", err.Error())
}

func tokensInForce(ctx context.Context, c *config.Config, now time.Time) (n int, err error) {
	store, err := openStore(ctx, c, true, func() time.Time { return now })
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil // before the first start
	}
	if err != nil {
		return 0, err
	}
	defer store.Close()
	tokens, err := store.Tokens(ctx)
	for _, t := range tokens {
		if t.InForce(now) {
			n++
		}
	}
	return n, err
}

// askHealth asks the gateway on this machine, and takes no other certificate
// than the configured one.
func askHealth(ctx context.Context, c *config.Config) error {
	scheme, transport := "http", &http.Transport{DisableKeepAlives: true}
	if c.Web.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(c.Web.TLSCert, c.Web.TLSKey)
		if err != nil {
			return err
		}
		scheme = "https"
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, // the name is not ours to judge, the certificate is
			VerifyConnection: func(s tls.ConnectionState) error {
				if !bytes.Equal(s.PeerCertificates[0].Raw, pair.Certificate[0]) {
					return errors.New("it shows another certificate than web.tls_cert: restart the gateway after a renewal")
				}
				return nil
			}}
	}
	host, port, err := net.SplitHostPort(c.Web.Address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return err
	}
	answer, err := (&http.Client{Transport: transport, Timeout: probeTime}).Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", r.URL, answer.Status)
	}
	return nil
}
