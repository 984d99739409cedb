package receipt

import (
	"strconv"
	"strings"

	"almasu/exchange"
)

// maxParts bounds what a letter lists for people; the machine part has all.
const maxParts = 20

// part words what of a report concerns the addressee (clauses 5 and 12.1).
func (b *block) part(p *exchange.NoticePart) {
	if p.Victim != nil {
		b.line("organisation", clean(p.Victim.Name.In(b.language)+" "+p.Victim.BIN, 300))
	}
	for _, o := range p.Objects[:min(len(p.Objects), maxParts)] {
		b.line("object", object(o))
	}
	for _, product := range p.Products[:min(len(p.Products), maxParts)] {
		b.line("product", clean(strings.Join(strings.Fields(product.Vendor+" "+product.Name+" "+product.Version), " "), 300))
	}
	b.line("cve", clean(strings.Join(p.CVE, ", "), 300))
	b.count("sources", len(p.Sources))
	b.count("indicators", len(p.Indicators))
	for _, text := range p.Texts[:min(len(p.Texts), maxParts)] {
		b.line("summary", clean(text, 2000))
	}
	if w := p.Withheld; w != nil {
		b.count("withheld", w.Victims+w.Objects+w.Sources+w.Indicators+w.Products+w.Texts)
	}
}

// object names an object by its name and by where it is.
func object(o exchange.Object) string {
	var all []string
	for _, list := range [][]string{{o.Name, o.Owner}, o.FQDN, o.IP, o.URL, o.Software} {
		for _, s := range list {
			if s != "" {
				all = append(all, s)
			}
		}
	}
	return clean(strings.Join(all, ", "), 500)
}

func (b *block) count(field string, n int) {
	if n > 0 {
		b.line(field, strconv.Itoa(n))
	}
}
