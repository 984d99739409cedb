package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// api is the server while it serves.
type api struct {
	*Server
	bounds   *bounds
	paths    *http.ServeMux
	document []byte // OpenAPI
	stopping <-chan struct{}
	requests sync.WaitGroup
	quiet    struct { // warnings of wrong tokens are told once a second
		sync.Mutex
		until time.Time
	}
}

// call is one request.
type call struct {
	a        *api
	w        http.ResponseWriter
	r        *http.Request
	token    exchange.Token
	language string
	status   int
}

func newAPI(s *Server, stopping <-chan struct{}) *api {
	a := &api{Server: s, bounds: newBounds(s.Limits), paths: http.NewServeMux(), stopping: stopping}
	routes := a.routes()
	a.document = describe(routes)
	byPath := map[string][]route{}
	for _, r := range routes {
		byPath[r.path] = append(byPath[r.path], r)
	}
	for path, methods := range byPath {
		a.paths.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, methods) })
	}
	a.paths.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, nil) })
	return a
}

// ServeHTTP lets nobody in who came by another name or from another page, and
// no more than there is room for.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.requests.Add(1)
	defer a.requests.Done()
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	a.paths.ServeHTTP(w, r)
}

// serve takes one request from the door to its answer.
func (a *api) serve(w http.ResponseWriter, r *http.Request, methods []route) {
	c := &call{a: a, w: w, r: r, language: catalogue.Negotiate(r.Header.Get("Accept-Language"), string(a.Language))}
	began := time.Now()
	defer func() {
		if x := recover(); x != nil {
			// What it says may hold what was sent; the trace does not.
			a.Log.Error("request panicked", "kind", fmt.Sprintf("%T", x), "trace", string(debug.Stack()))
			if c.status == 0 {
				c.problem(refuse(http.StatusInternalServerError, "unavailable"))
			}
		}
		a.Log.Debug("request", "method", r.Method, "path", r.Pattern, "status", c.status, "token", c.token.Name, "took", time.Since(began))
	}()
	err := c.handle(methods)
	var f *fault
	switch {
	case err == nil || c.status != 0:
	case errors.As(err, &f):
		c.problem(f)
	case r.Context().Err() != nil: // the client is gone
		c.status = 499
	default:
		a.Log.Error("request failed", "method", r.Method, "path", r.Pattern, "token", c.token.Name, "error", err)
		f = refuse(http.StatusServiceUnavailable, "unavailable")
		f.again = 5 * time.Second
		c.problem(f)
	}
}

// handle is the order of the checks: the cheap ones first, nothing of the body
// is read before all of them have passed.
func (c *call) handle(methods []route) error {
	if err := c.a.visitor(c.r); err != nil {
		return err
	}
	r, err := choose(methods, c.r.Method)
	if err != nil {
		return err
	}
	waits := r.waits && (r.streams || c.r.URL.Query().Has("wait"))
	leave, ok := c.a.bounds.enter(waits)
	if !ok {
		return &fault{status: http.StatusServiceUnavailable, code: "busy", again: time.Second}
	}
	defer leave()
	if !r.open {
		leave, err := c.authorize(r)
		if err != nil {
			return err
		}
		defer leave()
	}
	return r.do(c)
}

// choose finds the route of a method.
func choose(methods []route, method string) (route, error) {
	var allow []string
	for _, r := range methods {
		if r.method == method {
			return r, nil
		}
		allow = append(allow, r.method)
	}
	if methods == nil {
		return route{}, refuse(http.StatusNotFound, "not-found")
	}
	f := refuse(http.StatusMethodNotAllowed, "method")
	f.allow = strings.Join(allow, ", ")
	return route{}, f
}

// visitor checks under which name we are asked, and from which page: a page
// somebody else has opened in a browser here must not reach us, neither
// straight nor by a name that it made point to us.
func (a *api) visitor(r *http.Request) error {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !a.known(r.Host, local) {
		return refuse(http.StatusMisdirectedRequest, "host")
	}
	origins := r.Header.Values("Origin")
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return refuse(http.StatusForbidden, "origin")
	}
	if len(origins) == 0 {
		return nil
	}
	scheme := "http"
	if a.TLS != nil {
		scheme = "https"
	}
	u, err := url.Parse(origins[0])
	if len(origins) > 1 || err != nil || u.Scheme != scheme || !strings.EqualFold(u.Host, r.Host) {
		return refuse(http.StatusForbidden, "origin")
	}
	return nil
}

// known: the name is the address the client is connected to, one of the
// configured hosts, or, on loopback, localhost.
func (a *api) known(host string, local net.Addr) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), ""
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if slices.ContainsFunc(a.Hosts, func(h string) bool { return strings.EqualFold(h, name) }) {
		return true
	}
	at, ok := local.(*net.TCPAddr)
	if !ok || port != "" && port != fmt.Sprint(at.Port) {
		return false
	}
	ip := net.ParseIP(name)
	return ip != nil && ip.Equal(at.IP) || name == "localhost" && at.IP.IsLoopback()
}

// authorize finds the token of the request and counts it in.
func (c *call) authorize(r route) (leave func(), err error) {
	if c.token, err = c.a.bearer(c.r.Context(), c.r.Header.Get("Authorization")); errors.Is(err, errToken) {
		c.a.warn(c.r)
		return nil, refuse(http.StatusUnauthorized, "unauthorized")
	} else if err != nil {
		return nil, err
	}
	if len(r.scopes) > 0 && !slices.ContainsFunc(r.scopes, c.token.Has) {
		return nil, refuse(http.StatusForbidden, "scope").because("the token needs the scope " + words(r.scopes))
	}
	leave, again, ok := c.a.bounds.share(c.token.Name, c.a.Clock())
	if !ok {
		return nil, &fault{status: http.StatusTooManyRequests, code: "rate", again: again}
	}
	return leave, nil
}

// warn logs a wrong token, once a second at most, and nothing of it.
func (a *api) warn(r *http.Request) {
	a.quiet.Lock()
	defer a.quiet.Unlock()
	if now := time.Now(); now.After(a.quiet.until) {
		a.quiet.until = now.Add(time.Second)
		a.Log.Warn("request without a token in force", "client", r.RemoteAddr)
	}
}

func words[S ~string](list []S) string {
	texts := make([]string, len(list))
	for i, w := range list {
		texts[i] = string(w)
	}
	return strings.Join(texts, " or ")
}

// patient prepares a request that waits: the client has said all it has to say.
func (c *call) patient() error { return http.NewResponseController(c.w).SetReadDeadline(time.Time{}) }

// health says whether we can do our work.
func health(c *call) error {
	ctx, cancel := context.WithTimeout(c.r.Context(), 2*time.Second)
	defer cancel()
	if _, err := c.a.Store.LastEvent(ctx); err != nil {
		return err
	}
	return c.json(http.StatusOK, Health{Status: "ok", Role: c.a.Role})
}

// Health is the answer of /healthz.
type Health struct {
	Status string `json:"status" enum:"ok"`
	Role   string `json:"role" enum:"soc,nccis"`
}
