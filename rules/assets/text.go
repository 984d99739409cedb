package assets

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"almasu/exchange"
)

// The shapes in which assets stand in running text.
var (
	addressLike = regexp.MustCompile(`[0-9a-fA-F:.]*[0-9a-fA-F:.](/[0-9]{1,3})?`)
	exactly     = regexp.MustCompile(`[0-9]{1,3}(\.[0-9]{1,3}){3}(/[0-9]{1,2})?|[0-9]{12}`)
	nameLike    = regexp.MustCompile(`[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)+`)
	webLike     = regexp.MustCompile(`https?://[^\s"'<>»)]+`)
	asnLike     = regexp.MustCompile(`(?i)\bas ?([0-9]{1,10})\b`)
	idLike      = regexp.MustCompile(`[A-Za-z0-9._:-]{3,64}`)
	refanged    = strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[:]", ":", "[://]", "://", "[@]", "@", "hxxp", "http", "hXXp", "http")
)

// shortest is the length from which on a removed value is looked for in
// texts: a shorter one stands in everything.
const shortest = 3

// betrays reports whether a text names what was removed, or anything that is
// another participant's. Where that is not certain the answer is yes.
func (p *parting) betrays(text string) bool {
	if text == "" {
		return false
	}
	text = refanged.Replace(text)
	plain := words(text)
	for _, v := range p.gone {
		if w := words(v); utf8.RuneCountInString(w) >= shortest && strings.Contains(plain, w) {
			return true
		}
	}
	return p.tellsAsset(text) || p.tellsName(plain)
}

// tellsAsset looks for addresses, names, BINs and numbers of other
// participants.
func (p *parting) tellsAsset(text string) bool {
	for _, w := range addressLike.FindAllString(text, -1) {
		w = strings.Trim(w, ".")
		if p.foreign(Address, w) || p.foreign(Address, strings.TrimRight(w, ":")) || p.foreign(BIN, w) {
			return true
		}
		if host, _, ok := strings.Cut(w, ":"); ok && p.foreign(Address, host) {
			return true
		}
	}
	for _, w := range exactly.FindAllString(text, -1) {
		if p.foreign(Address, w) || p.foreign(BIN, w) {
			return true
		}
	}
	for _, w := range nameLike.FindAllString(text, -1) {
		if p.foreign(Domain, w) {
			return true
		}
	}
	for _, w := range webLike.FindAllString(text, -1) {
		if p.foreign(URL, strings.TrimRight(w, ".,;:!?")) {
			return true
		}
	}
	for _, m := range asnLike.FindAllStringSubmatch(text, -1) {
		if p.foreign(ASN, strings.TrimLeft(m[1], "0")) {
			return true
		}
	}
	for _, w := range idLike.FindAllString(text, -1) {
		if p.foreign(ID, strings.Trim(w, ".:-")) {
			return true
		}
	}
	return false
}

// tellsName looks for the names of the other organisations. A name may bear an
// ending: Kazakh and Russian decline it.
func (p *parting) tellsName(plain string) bool {
	for i, other := range p.x.all {
		if i == p.to || !organisational(other) {
			continue
		}
		for _, n := range []string{other.Name.KK, other.Name.RU, other.Name.EN} {
			if n = words(n); utf8.RuneCountInString(n) >= shortest && beginsWord(plain, n) && !p.owns(Name, n) {
				return true
			}
		}
	}
	return false
}

// organisational: it owns what can be attacked, and is no body that texts
// speak of as an authority.
func organisational(p *exchange.Participant) bool {
	return p.Is(exchange.KindSOC) || p.Is(exchange.KindServedOrganisation) || p.Is(exchange.KindOwnUnit)
}

// beginsWord reports whether name stands in text at the beginning of a word.
func beginsWord(text, name string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], name)
		if at < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(text[:from+at])
		if from+at == 0 || !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			return true
		}
		from += at + len(name)
	}
}
