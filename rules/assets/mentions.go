// Package assets owns the words "in the part that concerns them" of clauses 5
// and 12.1: which participant a report concerns by what it names, and what of
// the report that participant may get. It refuses to decide who is told and
// under which marking.
package assets

import (
	"iter"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"almasu/exchange"
)

// What is the sort of an asset.
type What string

// The sorts of assets.
const (
	BIN     What = "bin"
	Address What = "address" // an IP address or network
	ASN     What = "asn"
	Domain  What = "domain-name"
	URL     What = "url"
	Product What = "product"
	Sector  What = "sector"
	Name    What = "name" // of an organisation
	ID      What = "id"   // of a participant
)

// Place is where in a report an asset is named.
type Place string

// The places.
const (
	Named     Place = "named"  // the reporter says whom it concerns
	Victim    Place = "victim" // the organisation hit, or the owner of what is vulnerable
	Owner     Place = "object-owner"
	Object    Place = "object"    // an informatisation object
	Source    Place = "source"    // where an attack came from
	Indicator Place = "indicator" // an indicator of compromise
	Affected  Place = "affected"  // a vulnerable product
)

// Mention is one asset that a report names.
type Mention struct {
	Place Place
	What  What
	Value string
}

// content is what a report of any kind says of assets, by the fields that the
// kinds share.
type content struct {
	victims    []*exchange.Organisation
	objects    []exchange.Object
	sources    []exchange.AttackSource
	indicators []exchange.Indicator
	products   []exchange.Product
	cve        []string
	concerns   []string
	texts      []string // free text, what is most worth reading first
	reporter   []string // what tells whose report it is
}

// contentOf collects what a report says, whatever its kind.
func contentOf(r *exchange.Report) content {
	var c content
	switch {
	case r.Incident != nil:
		c.incident(r.Incident)
	case r.Vulnerability != nil:
		v := r.Vulnerability
		c.victims, c.objects, c.products = []*exchange.Organisation{v.Owner}, v.Objects, v.Products
		c.cve = v.CVE
		c.texts = []string{v.Title, v.Description, v.FoundHow, v.Remediation}
	case r.Threat != nil:
		t := r.Threat
		c.objects, c.sources, c.indicators = t.Objects, t.Sources, t.Indicators
		c.texts = []string{t.Title, t.Description, t.Advice}
	case r.Notice != nil && r.Notice.Incident != nil:
		c.incident(r.Notice.Incident)
	case r.Notice != nil && r.Notice.Part != nil:
		p := r.Notice.Part
		c.victims, c.objects, c.sources, c.indicators = []*exchange.Organisation{p.Victim}, p.Objects, p.Sources, p.Indicators
		c.products, c.cve, c.texts = p.Products, p.CVE, p.Texts
	}
	return c
}

func (c *content) incident(in *exchange.IncidentBody) {
	c.reporter = []string{in.IncidentID, in.Contact.Email, in.Contact.Phone}
	if o := in.Organisation; o != nil {
		c.reporter = append(c.reporter, o.BIN, o.Name.KK, o.Name.RU, o.Name.EN)
	}
	c.victims, c.objects, c.sources, c.indicators = []*exchange.Organisation{in.Victim}, in.Objects, in.Sources, in.Indicators
	c.concerns = in.Concerns
	c.texts = []string{in.Summary, in.Cause, in.Measures, in.HelpRequested}
}

// Mentions are the assets that a report names, what says most of whom it
// concerns first.
func Mentions(r *exchange.Report) iter.Seq[Mention] {
	c := contentOf(r)
	return func(yield func(Mention) bool) {
		more := true
		say := func(p Place, w What, value string) {
			more = more && (value == "" || yield(Mention{p, w, value}))
		}
		for _, id := range c.concerns {
			say(Named, ID, id)
		}
		for _, v := range c.victims {
			organisation(v, say)
		}
		for _, o := range c.objects {
			objectMentions(o, say)
		}
		for _, p := range c.products {
			say(Affected, Product, p.CPE)
		}
		for _, s := range c.sources {
			sourceMentions(s, say)
		}
		for _, i := range c.indicators {
			if w := indicatorWhat(i.Type); w != "" {
				say(Indicator, w, hostPart(i.Type, i.Value))
			}
		}
	}
}

func organisation(o *exchange.Organisation, say func(Place, What, string)) {
	if o == nil {
		return
	}
	say(Victim, BIN, o.BIN)
	for _, name := range []string{o.Name.KK, o.Name.RU, o.Name.EN} {
		say(Victim, Name, name)
	}
	say(Victim, Sector, o.Sector)
}

func objectMentions(o exchange.Object, say func(Place, What, string)) {
	say(Owner, BIN, o.Owner)
	for _, ip := range o.IP {
		say(Object, Address, ip)
	}
	for _, name := range o.FQDN {
		say(Object, Domain, name)
	}
	for _, u := range o.URL {
		say(Object, URL, u)
	}
	for _, n := range o.ASN {
		say(Object, ASN, strconv.Itoa(n))
	}
	for _, s := range o.Software {
		if strings.HasPrefix(s, "cpe:") {
			say(Object, Product, s)
		}
	}
}

func sourceMentions(s exchange.AttackSource, say func(Place, What, string)) {
	say(Source, Address, s.IP)
	say(Source, Domain, s.FQDN)
	say(Source, URL, s.URL)
	say(Source, Domain, mailDomain(s.Email))
	if s.ASN != 0 {
		say(Source, ASN, strconv.Itoa(s.ASN))
	}
}

// indicatorWhat is the sort of asset that an indicator of the type names.
func indicatorWhat(t string) What {
	return map[string]What{"ip": Address, "fqdn": Domain, "url": URL, "email": Domain}[t]
}

func hostPart(t, value string) string {
	if t == "email" {
		return mailDomain(value)
	}
	return value
}

func mailDomain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// prefix reads an address or a network; IPv4 inside IPv6 is IPv4.
func prefix(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, false
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

// domain is a domain name in the one form it is compared in.
func domain(s string) string {
	return strings.TrimPrefix(strings.Trim(strings.ToLower(s), "."), "*.")
}

// address splits a web address into host and path as they are compared.
func address(s string) (host, path string) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Host == "" {
		return "", ""
	}
	return domain(u.Hostname()), strings.TrimRight(u.EscapedPath(), "/")
}

// words is a name without case, quotation marks and doubled spaces.
func words(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`"'«»“”„`, r) {
			return -1
		}
		return r
	}, s))), " ")
}
