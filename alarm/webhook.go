package alarm

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"almasu/exchange"
)

// SignatureHeader carries "t=SECONDS,v1=HEX": HMAC-SHA256 under the shared
// secret over the seconds, a full stop and the body as sent. AlarmHeader carries
// the alarm's name: one that comes twice is the same alarm.
const (
	SignatureHeader = "X-Almasu-Signature"
	AlarmHeader     = "X-Almasu-Alarm"
)

// Webhook posts alarms to one address.
type Webhook struct {
	URL     string
	Secret  []byte
	RootCAs *x509.CertPool // nil: the system's
	Timeout time.Duration  // of one call, 0 for DefaultTimeout
	Gateway string         // our id
	Zone    *time.Location
	Clock   func() time.Time // time.Now if nil
}

// CheckURL accepts https, and http on loopback.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return errors.New("no web address: write https://host/path")
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return errors.New("neither https nor http")
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() || strings.EqualFold(u.Hostname(), "localhost") {
		return nil
	}
	return errors.New("http sends alarms in clear: write https, or an address on loopback")
}

// Tell posts the alarm once. Any answer but 2xx is an error; redirections are
// not followed.
func (w *Webhook) Tell(ctx context.Context, a exchange.Alarm) error {
	if err := CheckURL(w.URL); err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	body, err := json.Marshal(NewBody(a, w.Gateway, w.Zone))
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	ctx, stop := context.WithTimeout(ctx, orDefault(w.Timeout))
	defer stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(AlarmHeader, a.Name())
	r.Header.Set(SignatureHeader, Sign(w.Secret, w.now(), body))
	// A connection of its own: alarms are few, and one kept open may be dead.
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.RootCAs, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
		Proxy: http.ProxyFromEnvironment}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("webhook: %s", oneLine(err.Error()))
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxWords) // what it says is of no interest
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("webhook: it answered %d", answer.StatusCode)
	}
	return nil
}

func (w *Webhook) now() time.Time {
	if w.Clock == nil {
		return time.Now()
	}
	return w.Clock()
}

// Sign makes the value of SignatureHeader.
func Sign(secret []byte, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(seconds + "."))
	h.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(h.Sum(nil))
}
