// Package revocation owns the way to the services of certificate authorities:
// it fetches CRLs and OCSP answers by HTTP and keeps them in a folder until they
// are stale. It refuses to know what is in them (whoever asks says whether an
// answer is genuine and fresh), to decide which certificates are worth asking
// about, to follow redirects, and to be led into a network that nobody opened
// to it: the URLs stand in certificates, and a host name may resolve to
// anything.
package revocation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// The errors of fetching; wrapped with the URL and the cause.
var (
	ErrTarget = errors.New("the address is of a network that trust.fetch.networks does not open")
	ErrAnswer = errors.New("the answer cannot be used")
	ErrLarge  = errors.New("the answer is larger than trust.fetch.size")
)

// Options are the bounds of the room; a zero field takes its default.
type Options struct {
	Timeout time.Duration // of one question, the connection included; 10 s
	Size    int64         // octets of one answer; 64 MiB
	// Networks are loopback, private and link-local networks that URLs may lead
	// to; any other such address is refused. Public addresses need no entry.
	Networks []netip.Prefix
	// Hosts of configured URLs may stand at any address.
	Hosts []string
	// Proxy is asked for everything, nil: nobody. Which addresses it reaches is
	// then its own to say.
	Proxy *url.URL
	// Folder is where answers are kept, "" for nowhere.
	Folder string
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Size <= 0 {
		o.Size = 64 << 20
	}
	return o
}

// Ask is one question.
type Ask struct {
	Key  string // what it is kept under, the same for the same question
	URL  string // http or https
	Body []byte // an OCSP request, sent by POST; nil: a CRL, by GET
	// Judge says whether an answer is genuine and fresh, and keeps what it needs
	// of it. fetched is false for one that was kept from before.
	Judge func(answer []byte, fetched bool) error
}

// Client asks. Make it with New; it may be shared.
type Client struct {
	options Options
	http    *http.Client
	cache   cache
}

// New makes a client. It touches no disk and no network.
func New(o Options) *Client {
	o = o.withDefaults()
	c := &Client{options: o, cache: cache{folder: o.Folder}}
	transport := &http.Transport{DialContext: c.dial, Proxy: nil, DisableCompression: true, DisableKeepAlives: true,
		MaxResponseHeaderBytes: maxHeader, TLSHandshakeTimeout: o.Timeout}
	if o.Proxy != nil {
		transport.Proxy = http.ProxyURL(o.Proxy)
	}
	c.http = &http.Client{Transport: transport, Timeout: o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c
}

const maxHeader = 64 << 10 // octets of a response header

// Get answers a question: with what was kept, if Judge takes it, or else from
// the network. What Judge took is kept. An error says what failed, for people.
func (c *Client) Get(ctx context.Context, a Ask) error {
	if c.Kept(a) {
		return nil
	}
	answer, err := c.fetch(ctx, a)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", a.URL, err)
	}
	if err := a.Judge(answer, true); err != nil {
		return fmt.Errorf("fetch %s: %w: %w", a.URL, ErrAnswer, err)
	}
	if err := c.cache.put(a.Key, answer); err != nil { // the answer is there all the same
		return errors.Join(ErrNotKept, err)
	}
	return nil
}

// Kept answers a question with what was kept from before, without the network
// and without writing anything. It says whether Judge took it.
func (c *Client) Kept(a Ask) bool {
	answer, ok := c.cache.get(a.Key, c.options.Size)
	return ok && a.Judge(answer, false) == nil
}

func (c *Client) fetch(ctx context.Context, a Ask) ([]byte, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if a.Body != nil {
		method, body = http.MethodPost, bytes.NewReader(a.Body)
	}
	ctx, stop := context.WithTimeout(ctx, c.options.Timeout)
	defer stop()
	request, err := http.NewRequestWithContext(ctx, method, a.URL, body)
	if err != nil {
		return nil, err
	}
	if s := request.URL.Scheme; s != "http" && s != "https" || request.URL.User != nil {
		return nil, fmt.Errorf("%w: only http and https, without a password", ErrTarget)
	}
	request.Header.Set("User-Agent", "almasu")
	if a.Body != nil { // RFC 6960 appendix A.1
		request.Header.Set("Content-Type", "application/ocsp-request")
		request.Header.Set("Accept", "application/ocsp-response")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, unwrapped(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		hint := ""
		if to := response.Header.Get("Location"); to != "" {
			hint = ", a redirect, which is not followed: write the place it leads to under trust.fetch.crls"
		}
		return nil, fmt.Errorf("%w: status %d%s", ErrAnswer, response.StatusCode, hint)
	}
	return limited(response.Body, c.options.Size)
}

// limited reads to the end, or fails at the first octet above the limit.
func limited(r io.Reader, limit int64) ([]byte, error) {
	answer, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(answer)) > limit:
		return nil, ErrLarge
	}
	return answer, nil
}

// unwrapped drops method and URL from the error of the HTTP client: both are
// told already.
func unwrapped(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// dial connects, and looks at the address once the name is resolved: a name
// that leads elsewhere at the second look gains nothing.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: c.options.Timeout}
	if c.options.Proxy == nil && !c.configured(host) {
		d.Control = func(_, resolved string, _ syscall.RawConn) error { return c.permitted(resolved) }
	}
	return d.DialContext(ctx, network, address)
}

func (c *Client) configured(host string) bool {
	for _, h := range c.options.Hosts {
		if h == host {
			return true
		}
	}
	return false
}

// permitted: a public address, or one of a network that was opened.
func (c *Client) permitted(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrTarget, address)
	}
	ip := at.Addr().Unmap()
	for _, n := range c.options.Networks {
		if n.Contains(ip.WithZone("")) {
			return nil
		}
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || special(ip) {
		return fmt.Errorf("%w: %s", ErrTarget, ip)
	}
	return nil
}

// special are networks that the standard library takes for public and that lead
// inside all the same: shared address space (RFC 6598), this network, benchmarks,
// and the ways in which IPv6 writes an IPv4 address (RFC 6052, 3056, 4380).
func special(ip netip.Addr) bool {
	for _, n := range []string{"100.64.0.0/10", "0.0.0.0/8", "198.18.0.0/15", "192.0.0.0/24", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"} {
		if netip.MustParsePrefix(n).Contains(ip) {
			return true
		}
	}
	return false
}
