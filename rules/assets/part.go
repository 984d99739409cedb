package assets

import (
	"strconv"

	"almasu/exchange"
)

// Part makes what of a report concerns the participant: its own assets, the
// indicators that are nobody else's, and, where free says that the marking
// allows it, the free text that names nobody else. What is another's is
// removed and counted, never blanked. Who reported is not in it.
func (x *Index) Part(r *exchange.Report, to *exchange.Participant, free bool) exchange.NoticePart {
	c := contentOf(r)
	p := parting{x: x, to: -1}
	if at := x.words[key{ID, to.ID}]; len(at) > 0 {
		p.to = at[0]
	}
	p.out.Kind = r.Kind
	if r.Kind == exchange.Notice {
		p.out.Kind = noticeAbout(r.Notice)
	}
	p.gone = append(p.gone, c.reporter...)
	p.gone = append(p.gone, r.Reporter, r.ID)
	for _, v := range c.victims {
		p.victim(v)
	}
	for _, o := range c.objects {
		p.object(o)
	}
	p.products(c.products)
	p.objectNames() // whatever is removed is known from here on
	p.sources(c.sources)
	p.indicators(c.indicators)
	p.texts(c.texts, free)
	p.out.CVE = c.cve
	if p.withheld != (exchange.Withheld{}) {
		p.out.Withheld = &p.withheld
	}
	return p.out
}

func noticeAbout(n *exchange.NoticeBody) exchange.ReportKind {
	if n != nil && n.Part != nil {
		return n.Part.Kind
	}
	return exchange.Incident
}

// parting is the making of one part.
type parting struct {
	x        *Index
	to       int      // the addressee's place in the register, -1: not in it
	gone     []string // what was removed: it must not come back in a text
	out      exchange.NoticePart
	withheld exchange.Withheld
}

func (p *parting) owns(w What, value string) bool {
	return value != "" && p.x.owns(Mention{What: w, Value: value}, p.to)
}

func (p *parting) foreign(w What, value string) bool {
	return value != "" && p.x.foreign(Mention{What: w, Value: value}, p.to)
}

// remove notes that a value was left out.
func (p *parting) remove(values ...string) { p.gone = append(p.gone, values...) }

// victim keeps the organisation that the report is about if it is the
// addressee's own: by its BIN, or where it has none by its name.
func (p *parting) victim(v *exchange.Organisation) {
	if v == nil {
		return
	}
	names := []string{v.Name.KK, v.Name.RU, v.Name.EN}
	named, others := false, false
	for _, n := range names {
		named, others = named || p.owns(Name, n), others || p.foreign(Name, n)
	}
	if !p.owns(BIN, v.BIN) && (v.BIN != "" || !named) {
		p.withheld.Victims++
		p.remove(append(names, v.BIN)...)
		return
	}
	own := *v
	if others {
		own.Name = exchange.Names{}
		p.remove(names...)
	}
	p.out.Victim = &own
}

// object keeps of an object what is the addressee's: all of what has its BIN
// and is nobody else's, and of any other what its own file names.
func (p *parting) object(o exchange.Object) {
	mine := p.owns(BIN, o.Owner)
	whole := mine || o.Owner == ""
	keep := func(w What, values []string) []string {
		var kept []string
		for _, v := range values {
			if p.owns(w, v) || mine && !p.foreign(w, v) {
				kept = append(kept, v)
			} else {
				whole = false
				p.remove(v)
			}
		}
		return kept
	}
	own := exchange.Object{Type: o.Type, IP: keep(Address, o.IP), FQDN: keep(Domain, o.FQDN), URL: keep(URL, o.URL)}
	for _, n := range o.ASN {
		if kept := keep(ASN, []string{strconv.Itoa(n)}); kept != nil {
			own.ASN = append(own.ASN, n)
		}
	}
	something := mine || len(own.IP)+len(own.FQDN)+len(own.URL)+len(own.ASN) > 0
	if mine {
		own.Owner = o.Owner
	} else {
		p.remove(o.Owner)
	}
	whole = whole && something
	for _, s := range o.Software {
		if whole || p.owns(Product, s) {
			own.Software = append(own.Software, s)
		}
	}
	if something = something || len(own.Software) > 0; something {
		if whole {
			own.Name = o.Name
		}
		p.out.Objects = append(p.out.Objects, own)
	}
	if !whole {
		p.withheld.Objects++
		p.remove(o.Name)
	}
}

// products keeps the products that the addressee uses and those that nobody
// else is known to use.
func (p *parting) products(list []exchange.Product) {
	for _, product := range list {
		if p.foreign(Product, product.CPE) {
			p.withheld.Products++
			continue
		}
		p.out.Products = append(p.out.Products, product)
	}
}

// objectNames goes over what is kept of objects once more: their names and
// software are free text, and may name what was removed of another object.
func (p *parting) objectNames() {
	for i := range p.out.Objects {
		o := &p.out.Objects[i]
		if p.betrays(o.Name) {
			o.Name = ""
			p.withheld.Objects++
		}
		var kept []string
		for _, s := range o.Software {
			if !p.betrays(s) {
				kept = append(kept, s)
			}
		}
		o.Software = kept
	}
}

// sources keeps where the attack came from unless it is another participant's
// or was named as another's object.
func (p *parting) sources(list []exchange.AttackSource) {
	for _, s := range list {
		others := p.foreign(Address, s.IP) || p.foreign(Domain, s.FQDN) || p.foreign(URL, s.URL) || p.foreign(Domain, mailDomain(s.Email)) ||
			s.ASN != 0 && p.foreign(ASN, strconv.Itoa(s.ASN))
		for _, v := range []string{s.IP, s.FQDN, s.URL, s.Email} {
			others = others || p.betrays(v)
		}
		if others {
			p.withheld.Sources++
			p.remove(s.IP, s.FQDN, s.URL, s.Email)
			continue
		}
		p.out.Sources = append(p.out.Sources, s)
	}
}

// indicators keeps the indicators under the same condition. A note that names
// another goes by itself.
func (p *parting) indicators(list []exchange.Indicator) {
	for _, i := range list {
		if p.betrays(i.Value) || p.foreign(indicatorWhat(i.Type), hostPart(i.Type, i.Value)) {
			p.withheld.Indicators++
			p.remove(i.Value)
			continue
		}
		if p.betrays(i.Note) {
			i.Note = ""
			p.withheld.Texts++
		}
		p.out.Indicators = append(p.out.Indicators, i)
	}
}

// texts keeps the free text that names nobody else.
func (p *parting) texts(list []string, free bool) {
	for _, t := range list {
		switch {
		case t == "":
		case !free || p.betrays(t):
			p.withheld.Texts++
		default:
			p.out.Texts = append(p.out.Texts, t)
		}
	}
}
