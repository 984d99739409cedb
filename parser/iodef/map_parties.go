package iodef

import (
	"strings"

	"almasu/exchange"
)

// party is the first Contact of the role.
func (x thing) party(role string) thing {
	for _, c := range x.all("Contact") {
		if c.attr("role") == role {
			return c
		}
	}
	return thing{}
}

// organisation is the legal entity that a Contact speaks of, nil if it tells
// nothing of one.
func (m *mapper) organisation(c thing) *exchange.Organisation {
	if !c.here() || c.attr("type") == "person" {
		return nil
	}
	ext := m.extension(c)
	o := exchange.Organisation{Sector: ext.text("sector"), Critical: ext.truth("critical")}
	for _, n := range c.all("ContactName") {
		said := n.lang()
		if said == "" {
			said = string(m.language(c))
		}
		language, _, _ := strings.Cut(strings.ToLower(said), "-")
		into := &o.Name.EN
		switch exchange.Language(language) {
		case exchange.Kazakh:
			into = &o.Name.KK
		case exchange.Russian:
			into = &o.Name.RU
		}
		if *into == "" {
			*into = n.text()
		}
	}
	o.BIN = bin(c)
	if o == (exchange.Organisation{}) {
		return nil
	}
	return &o
}

func bin(c thing) string {
	for _, h := range c.all("RegistryHandle") {
		if h.attr("ext-registry") == binRegistry {
			return h.word()
		}
	}
	return ""
}

// contact is where the creator is reached; the name of a person stands in a
// Contact of its own inside.
func (m *mapper) contact(c thing) exchange.ContactPoint {
	p := exchange.ContactPoint{Email: c.one("Email", "EmailTo").word(), Phone: phone(c.one("Telephone", "TelephoneNumber").word())}
	person := c
	if c.attr("type") != "person" {
		person = thing{}
		for _, inner := range c.all("Contact") {
			if inner.attr("type") == "person" && !person.here() {
				person = inner
			}
		}
	}
	p.Name = person.one("ContactName").text()
	return p
}

// phone takes away what people write between the digits.
func phone(s string) string {
	return strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(s)
}

// events are the EventData of the Incident and those inside them.
func (x thing) events() []thing {
	var all []thing
	for _, e := range x.all("EventData") {
		all = append(append(all, e), e.events()...)
	}
	return all
}

// systems are the systems of the category in any event.
func (x thing) systems(category string) []thing {
	var found []thing
	for _, e := range x.events() {
		for _, s := range e.all("Flow", "System") {
			if s.attr("category") == category {
				found = append(found, s)
			}
		}
	}
	return found
}

// addresses are the Addresses of the categories in a Node. Without one it is
// an IPv6 address (RFC 7970 section 3.18.1).
func (x thing) addresses(categories ...string) []string {
	var found []string
	for _, a := range x.all("Address") {
		category := a.attr("category")
		if category == "" {
			category = "ipv6-addr"
		}
		for _, c := range categories {
			if c == category {
				found = append(found, a.word())
			}
		}
	}
	return found
}

func ipCategories() []string { return []string{"ipv4-addr", "ipv4-net", "ipv6-addr", "ipv6-net"} }

func (x thing) domains() []string {
	var found []string
	for _, d := range x.all("DomainData", "Name") {
		found = append(found, d.word())
	}
	return found
}

func (x thing) asns() []int {
	var found []int
	for _, s := range x.addresses("asn") {
		s = strings.TrimPrefix(strings.ToUpper(s), "AS")
		if n, ok := number(s); ok && n >= 1 && n <= 1<<32-1 && n == float64(int(n)) {
			found = append(found, int(n))
		}
	}
	return found
}

func (m *mapper) objects(x thing) []exchange.Object {
	var all []exchange.Object
	for _, s := range x.systems("target") {
		if m.tooMany(len(all), s.n) {
			break
		}
		node, ext := s.one("Node"), m.extension(s)
		o := exchange.Object{Name: s.description(), Owner: ext.text("owner_bin"), IP: node.addresses(ipCategories()...),
			Type: ext.enum("type", "electronic-information-resource", "information-system", "telecommunication-network", "other"),
			FQDN: node.domains(), URL: node.addresses("site-uri"), ASN: node.asns()}
		for _, path := range [][]string{{"OperatingSystem", "Description"}, {"Service", "Application", "Description"}} {
			for _, d := range s.all(path...) {
				o.Software = append(o.Software, d.text())
			}
		}
		all = append(all, o)
	}
	return all
}

// sources: a source of ours has one address of each sort; where a System has
// more, the others are sources of their own.
func (m *mapper) sources(x thing) []exchange.AttackSource {
	var all []exchange.AttackSource
	for _, s := range x.systems("source") {
		node := s.one("Node")
		place := node.one("Location").word()
		ips, names, urls, mails, asns := node.addresses(ipCategories()...), node.domains(), node.addresses("site-uri"), node.addresses("e-mail"), node.asns()
		for i := range max(1, len(ips), len(names), len(urls), len(mails), len(asns)) {
			if m.tooMany(len(all), s.n) {
				return all
			}
			a := exchange.AttackSource{IP: at(ips, i), FQDN: at(names, i), URL: at(urls, i), Email: at(mails, i), ASN: at(asns, i)}
			if i == 0 && isCountry(place) {
				a.Country = place
			}
			all = append(all, a)
		}
	}
	return all
}

func isCountry(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

func at[T any](list []T, i int) T {
	var zero T
	if i < len(list) {
		return list[i]
	}
	return zero
}
