package config

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// asset is checkText for what a participant owns or uses. It keeps one form of
// each, so that the same thing written in two ways is the same.
func asset(text, is string) (any, error) {
	switch is {
	case "cidr":
		return network(text)
	case "asn":
		n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(text), "AS"), 10, 32)
		if err != nil || n == 0 {
			return nil, bad("write it as 9198 or AS9198", "%q is no autonomous system", clip(text))
		}
		return strconv.FormatUint(n, 10), nil
	case "url":
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			return nil, bad("write it as https://portal.example/path", "%q is no web address", clip(text))
		}
		return text, nil
	}
	const cpe = `^(cpe:2\.3:[aho*](:[^:\s]+){1,10}|cpe:/[aho](:[^:\s]*){1,6})$`
	return matches(text, cpe, "a CPE name", "write it as cpe:2.3:a:vendor:product:*")
}

// network reads a network or a single address. One with bits behind its mask
// is refused: it is more likely a slip than meant.
func network(text string) (any, error) {
	const remedy = "write it as 192.0.2.0/24 or 2001:db8::/32"
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()).String(), nil
	}
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return nil, bad(remedy, "%q is no network", clip(text))
	case p != p.Masked():
		return nil, bad("write "+p.Masked().String()+" if that is meant", "%q has bits behind its mask", clip(text))
	case p.Bits() == 0:
		return nil, bad("name the networks one by one", "%q is the whole internet", clip(text))
	}
	return p.String(), nil
}
