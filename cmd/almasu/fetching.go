package main

import (
	"net/netip"
	"net/url"

	"almasu/config"
	"almasu/gateway"
	"almasu/revocation"
)

// newFetching is how the revocation of certificates is fetched.
func newFetching(c *config.Config) gateway.Fetching {
	f := c.Trust.Fetch
	out := gateway.Fetching{Required: c.Trust.Revocation == "require", Lists: f.CRLs, Retry: f.Retry, Alarm: f.Alarm, Ahead: f.Ahead}
	if f.Enabled && c.Trust.Revocation != "off" && len(c.Trust.Anchors) > 0 {
		out.Fetcher = newRevocationClient(f, f.Cache)
	}
	return out
}

// newRevocationClient keeps what it fetches in a folder, "" for nowhere. What
// the configuration holds was checked when it was read.
func newRevocationClient(f config.Fetch, cache string) *revocation.Client {
	o := revocation.Options{Timeout: f.Timeout, Size: f.Size, Folder: cache}
	for _, n := range f.Networks {
		if p, err := netip.ParsePrefix(n); err == nil {
			o.Networks = append(o.Networks, p)
		}
	}
	for _, list := range f.CRLs {
		if u, err := url.Parse(list); err == nil {
			o.Hosts = append(o.Hosts, u.Hostname())
		}
	}
	if u, err := url.Parse(f.Proxy); err == nil && f.Proxy != "" {
		o.Proxy = u
	}
	return revocation.New(o)
}
