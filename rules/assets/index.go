package assets

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"almasu/exchange"
)

// Index finds whose an asset is. It is built once for a register and only read
// afterwards.
type Index struct {
	words   map[key][]int    // BINs, ASNs, domains, sectors, names, ids
	urls    map[string][]int // by host and path
	nets    []network
	lengths []int // lengths of the IPv4 and (as 1000+n) IPv6 prefixes that occur
	byNet   map[netip.Prefix][]int
	vendors map[string][]productAsset
	all     []*exchange.Participant
}

type key struct {
	what  What
	value string
}

type network struct {
	prefix netip.Prefix
	owner  int
}

type productAsset struct {
	cpe   [4]string
	owner int
}

const ipv6 = 1000 // keeps the lengths of IPv6 prefixes apart

// NewIndex indexes what the participants of a register own or use. Ourselves
// are not in it.
func NewIndex(participants []*exchange.Participant) *Index {
	x := &Index{words: map[key][]int{}, urls: map[string][]int{}, byNet: map[netip.Prefix][]int{},
		vendors: map[string][]productAsset{}, all: participants}
	for i, p := range participants {
		x.add(i, p)
	}
	slices.SortFunc(x.nets, func(a, b network) int {
		return cmp.Or(a.prefix.Addr().Compare(b.prefix.Addr()), cmp.Compare(a.prefix.Bits(), b.prefix.Bits()))
	})
	return x
}

func (x *Index) add(i int, p *exchange.Participant) {
	put := func(what What, values ...string) {
		for _, v := range values {
			if k := (key{what, v}); v != "" && !slices.Contains(x.words[k], i) {
				x.words[k] = append(x.words[k], i)
			}
		}
	}
	put(ID, p.ID)
	put(BIN, append([]string{p.BIN}, p.Assets.BINs...)...)
	for _, d := range append(slices.Clone(p.FQDNs), p.Assets.Domains...) {
		put(Domain, domain(d))
	}
	for _, n := range p.Assets.ASNs {
		put(ASN, strconv.Itoa(n))
	}
	for _, s := range p.Assets.Sectors {
		put(Sector, words(s))
	}
	put(Name, words(p.Name.KK), words(p.Name.RU), words(p.Name.EN))
	for _, u := range p.Assets.URLs {
		if host, path := address(u); host != "" {
			x.urls[host+path] = append(x.urls[host+path], i)
		}
	}
	for _, c := range p.Assets.CIDRs {
		x.addNetwork(c, i)
	}
	for _, s := range p.Assets.Products {
		if c, ok := cpe(s); ok {
			x.vendors[c[1]] = append(x.vendors[c[1]], productAsset{c, i})
		}
	}
}

func (x *Index) addNetwork(s string, owner int) {
	p, ok := prefix(s)
	if !ok {
		return
	}
	length := p.Bits()
	if p.Addr().Is6() {
		length += ipv6
	}
	if !slices.Contains(x.lengths, length) {
		x.lengths = append(x.lengths, length)
	}
	x.byNet[p] = append(x.byNet[p], owner)
	x.nets = append(x.nets, network{p, owner})
}

// owners calls found for every participant that a mention concerns, possibly
// more than once.
func (x *Index) owners(m Mention, found func(int)) {
	switch m.What {
	case Address:
		if p, ok := prefix(m.Value); ok {
			x.covering(p, found)
			x.inside(p, found)
		}
	case Domain:
		x.domains(m.Value, found)
	case URL:
		x.web(m.Value, found)
	case Product:
		x.products(m.Value, found)
	case Sector, Name:
		each(x.words[key{m.What, words(m.Value)}], found)
	default:
		each(x.words[key{m.What, m.Value}], found)
	}
}

func each(owners []int, found func(int)) {
	for _, o := range owners {
		found(o)
	}
}

// covering finds the networks that the network lies in.
func (x *Index) covering(p netip.Prefix, found func(int)) {
	for _, length := range x.lengths {
		bits := length % ipv6
		if p.Addr().Is6() != (length >= ipv6) || bits > p.Bits() {
			continue
		}
		wide, _ := p.Addr().Prefix(bits)
		each(x.byNet[wide], found)
	}
}

// inside finds the networks that lie in the network and are smaller.
func (x *Index) inside(p netip.Prefix, found func(int)) {
	if p.IsSingleIP() {
		return
	}
	from, _ := slices.BinarySearchFunc(x.nets, p.Addr(), func(n network, a netip.Addr) int { return n.prefix.Addr().Compare(a) })
	for _, n := range x.nets[from:] {
		if !p.Contains(n.prefix.Addr()) {
			return
		}
		if n.prefix.Bits() > p.Bits() {
			found(n.owner)
		}
	}
}

// domains finds the owners of a name and of every domain it lies under. A
// literal address stands in web addresses and is looked up as one.
func (x *Index) domains(name string, found func(int)) {
	name = domain(name)
	if p, ok := prefix(name); ok {
		x.covering(p, found)
		return
	}
	for name != "" {
		each(x.words[key{Domain, name}], found)
		_, name, _ = strings.Cut(name, ".")
	}
}

func (x *Index) web(s string, found func(int)) {
	host, path := address(s)
	if host == "" {
		return
	}
	x.domains(host, found)
	for path != "" { // itself, and whatever it lies under
		each(x.urls[host+path], found)
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
	}
	each(x.urls[host], found)
}

func (x *Index) products(s string, found func(int)) {
	named, ok := cpe(s)
	if !ok {
		return
	}
	vendors := []string{named[1], "*"}
	for _, vendor := range slices.Compact(vendors) {
		for _, p := range x.vendors[vendor] {
			if uses(p.cpe, named) {
				found(p.owner)
			}
		}
	}
}

// owns reports whether the participant owns all of what is named, or uses it.
func (x *Index) owns(m Mention, participant int) bool {
	mine := false
	found := func(i int) { mine = mine || i == participant }
	if p, ok := prefix(m.Value); m.What == Address {
		if ok {
			x.covering(p, found)
		}
		return mine
	}
	x.owners(m, found)
	return mine
}

// foreign reports whether something named is another participant's and not
// the participant's own.
func (x *Index) foreign(m Mention, participant int) bool {
	others := false
	x.owners(m, func(i int) { others = others || i != participant })
	return others && !x.owns(m, participant)
}

// Concern is why a report concerns a participant: the first thing it names of
// it.
type Concern struct {
	To  *exchange.Participant
	By  Mention
	Nth int // the participant's place in the register
}

// Concerns says whom a report concerns, in the order of the register. The
// empty list means: nobody that we know of.
func (x *Index) Concerns(r *exchange.Report) []Concern {
	var out []Concern
	seen := map[int]bool{}
	for m := range Mentions(r) {
		x.owners(m, func(i int) {
			if !seen[i] {
				seen[i] = true
				out = append(out, Concern{To: x.all[i], By: m, Nth: i})
			}
		})
	}
	slices.SortFunc(out, func(a, b Concern) int { return cmp.Compare(a.Nth, b.Nth) })
	return out
}
