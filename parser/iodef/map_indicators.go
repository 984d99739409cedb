package iodef

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"almasu/exchange"
)

// hashes are the algorithms of the exchange with their octets, by the last word
// of their URI in ds:DigestMethod (RFC 6931) or whatever names them.
var hashes = []struct {
	word, kind string
	uri        string
	octets     int
}{
	{"md5", "md5", "http://www.w3.org/2001/04/xmldsig-more#md5", 16},
	{"sha1", "sha1", "http://www.w3.org/2000/09/xmldsig#sha1", 20},
	{"sha256", "sha256", "http://www.w3.org/2001/04/xmlenc#sha256", 32},
	{"sha512", "sha512", "http://www.w3.org/2001/04/xmlenc#sha512", 64},
}

// indicators are those that the exchange has words for; the others stay in the
// document.
func (m *mapper) indicators(x thing) []exchange.Indicator {
	var all []exchange.Indicator
	for _, i := range x.all("IndicatorData", "Indicator") {
		note := i.description()
		for _, o := range observables(i) {
			for _, found := range m.observed(o) {
				if m.tooMany(len(all), i.n) {
					return all
				}
				found.Note = note
				all = append(all, found)
			}
		}
	}
	return all
}

// observables are those of an Indicator or inside its expression; what an
// expression denies is not one.
func observables(x thing) []thing {
	all := x.all("Observable")
	for _, e := range x.all("IndicatorExpression") {
		if e.attr("operator") != "not" {
			all = append(all, observables(e)...)
		}
	}
	return all
}

func (m *mapper) observed(o thing) []exchange.Indicator {
	var all []exchange.Indicator
	add := func(kind string, values ...string) {
		for _, v := range values {
			if v != "" {
				all = append(all, exchange.Indicator{Type: kind, Value: v})
			}
		}
	}
	add("ip", o.addresses(ipCategories()...)...)
	add("url", o.addresses("site-uri")...)
	add("email", o.addresses("e-mail")...)
	add("fqdn", o.domains()...)
	add("email", o.one("EmailData", "EmailFrom").word())
	for _, f := range o.all("FileData", "File") {
		add("file-name", f.one("FileName").text())
		for _, h := range f.all("HashData", "Hash") {
			all = append(all, m.hash(h)...)
		}
	}
	for _, d := range o.all("DetectionPattern") {
		kind := "other"
		if d.one("Application").description() == "YARA" {
			kind = "yara"
		}
		for _, c := range d.all("DetectionConfiguration") {
			add(kind, c.text())
		}
	}
	for _, a := range o.all("AdditionalData") {
		if a.attr("formatid") == FormatID && a.attr("name") == "other" {
			add("other", a.text())
		}
	}
	for _, b := range o.all("BulkObservable") {
		if kind := bulk[b.attr("type")]; kind != "" {
			for value := range strings.FieldsSeq(b.one("BulkObservableList").text()) {
				if add(kind, value); len(all) > mostItems {
					break
				}
			}
		}
	}
	return all
}

// bulk are the lists of indicators that the exchange has words for.
var bulk = map[string]string{"ipv4-addr": "ip", "ipv6-addr": "ip", "ipv4-net": "ip", "ipv6-net": "ip", "domain-name": "fqdn",
	"site-uri": "url", "e-mail": "email"}

// hash reads a Hash: its value in base64, as XML Signature has it, or in hex,
// as many write it.
func (m *mapper) hash(h thing) []exchange.Indicator {
	method, value := h.one("ds:DigestMethod"), h.one("ds:DigestValue")
	if !h.xml() {
		method, value = h.one("DigestMethod"), h.one("DigestValue")
	}
	name := method.attr("Algorithm") + method.word()
	name = strings.ToLower(strings.ReplaceAll(name[strings.LastIndexAny(name, "#/:")+1:], "-", ""))
	for _, a := range hashes {
		if a.word != name {
			continue
		}
		word := strings.ReplaceAll(value.word(), " ", "")
		sum, err := hex.DecodeString(word)
		if err != nil || len(sum) != a.octets {
			sum, err = base64.StdEncoding.DecodeString(word)
		}
		if err != nil || len(sum) != a.octets {
			m.semantic(h.n, "semantic-indicator", a.kind)
			return nil
		}
		return []exchange.Indicator{{Type: a.kind, Value: hex.EncodeToString(sum)}}
	}
	return nil
}
