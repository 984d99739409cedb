package plain

import (
	"slices"
	"strings"
	"sync"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// form is how a value is written.
type form uint8

const (
	line       form = iota // one line; what was wrapped is put together
	text                   // as it stands, with its lines
	word                   // one of a list of words
	moment                 // a time
	truth                  // yes or no
	number                 // a whole number
	list                   // values with commas, blanks or line ends between
	indicators             // a type and a value, or a value alone, each on its line
	actions                // a time and what was done, each on its line
	class                  // of an incident
	vector                 // of CVSS
)

// field is one field that a text can name: its key in the catalogue and its
// place in the card. In a path "#" is the object at hand, "*" a new one for
// each value, "@" the language of the card.
type field struct {
	key   string
	path  string
	form  form
	words string // of a word: its list in the catalogue
	// in are the places in cards of some kinds, where they differ.
	in map[exchange.ReportKind]string
}

func (f field) place(kind exchange.ReportKind) string {
	if p := f.in[kind]; p != "" {
		return p
	}
	return f.path
}

// fields is the table. What stands in a card but not here (the quarterly
// report, receipts) is for programs.
var fields = sync.OnceValue(func() []field {
	type k = map[exchange.ReportKind]string
	return []field{
		{key: "kind", path: "kind", form: word, words: "kind"}, {key: "report_id", path: "report_id"},
		{key: "revision", path: "revision", form: number}, {key: "reporter", path: "reporter"}, {key: "addressee", path: "addressee"},
		{key: "generated_at", path: "generated_at", form: moment}, {key: "tlp", path: "tlp", form: word, words: "tlp"},
		{key: "language", path: "language", form: word, words: "language"}, {key: "marking", path: "marking"},

		{key: "incident_id", path: "incident_id"}, {key: "organisation", path: "organisation/name/@"},
		{key: "organisation_bin", path: "organisation/bin"}, {key: "contact_name", path: "contact/name"},
		{key: "email", path: "contact/email", in: k{exchange.Contact: "email"}},
		{key: "phone", path: "contact/phone", in: k{exchange.Contact: "phone"}},
		{key: "detected_at", path: "detected_at", form: moment}, {key: "confirmed_at", path: "confirmed_at", form: moment},
		{key: "started_at", path: "started_at", form: moment}, {key: "ended_at", path: "ended_at", form: moment},
		{key: "recovered_at", path: "recovered_at", form: moment}, {key: "class", path: "class", form: class},
		{key: "severity", path: "severity", form: word, words: "severity"}, {key: "status", path: "status", form: word, words: "status"},
		{key: "summary", path: "summary", form: text}, {key: "occasion", path: "occasion"},
		{key: "victim", path: "victim/name/@"}, {key: "victim_bin", path: "victim/bin"}, {key: "victim_sector", path: "victim/sector"},
		{key: "victim_critical", path: "victim/critical", form: truth},
		{key: "object", path: "objects/#/name"}, {key: "object_type", path: "objects/#/type", form: word, words: "object"},
		{key: "object_bin", path: "objects/#/owner_bin"}, {key: "object_ip", path: "objects/#/ip", form: list},
		{key: "object_fqdn", path: "objects/#/fqdn", form: list}, {key: "object_url", path: "objects/#/url", form: list},
		{key: "object_software", path: "objects/#/software", form: list},
		{key: "source_ip", path: "sources/*/ip", form: list}, {key: "source_fqdn", path: "sources/*/fqdn", form: list},
		{key: "source_url", path: "sources/*/url", form: list}, {key: "source_email", path: "sources/*/email", form: list},
		{key: "source_country", path: "sources/*/country", form: list}, {key: "indicators", path: "indicators/*", form: indicators},
		{key: "detection_source", path: "detection_source"},
		{key: "confidentiality", path: "impact/confidentiality", form: word, words: "impact"},
		{key: "integrity", path: "impact/integrity", form: word, words: "impact"},
		{key: "availability", path: "impact/availability", form: word, words: "impact"},
		{key: "personal_data", path: "impact/personal_data", form: truth},
		{key: "users_affected", path: "impact/users_affected", form: number},
		{key: "downtime_minutes", path: "impact/downtime_minutes", form: number},
		{key: "actions", path: "actions_taken/*", form: actions}, {key: "cause", path: "cause", form: text},
		{key: "measures", path: "measures", form: text}, {key: "help", path: "help_requested", form: text},
		{key: "concerns", path: "concerns", form: list},

		{key: "vulnerability_id", path: "vulnerability_id"}, {key: "title", path: "title"},
		{key: "description", path: "description", form: text, in: k{exchange.Incident: "summary"}},
		{key: "cve", path: "cve", form: list}, {key: "cwe", path: "cwe", form: list}, {key: "cvss", path: "cvss", form: vector},
		{key: "product", path: "products/#/name"}, {key: "product_vendor", path: "products/#/vendor"},
		{key: "product_version", path: "products/#/version"}, {key: "owner", path: "owner/name/@"}, {key: "owner_bin", path: "owner/bin"},
		{key: "found_by", path: "found_by"}, {key: "found_how", path: "found_how", form: text}, {key: "found_at", path: "found_at", form: moment},
		{key: "exploit_known", path: "exploit_known", form: word, words: "known"},
		{key: "exploited_here", path: "exploited_here", form: word, words: "known"},
		{key: "remediation", path: "remediation", form: text}, {key: "fix_by", path: "fix_by", form: moment}, {key: "patch", path: "patch"},

		{key: "threat_id", path: "threat_id"}, {key: "observed_at", path: "observed_at", form: moment}, {key: "advice", path: "advice", form: text},

		{key: "duty", path: "duty"}, {key: "deputy", path: "deputy"}, {key: "fingerprints", path: "key_fingerprints", form: list},
		{key: "valid_from", path: "valid_from", form: moment}, {key: "quarter", path: "confirmation_of_quarter"},
		{key: "change_reason", path: "change_reason", form: text},

		{key: "clause", path: "clause"}, {key: "subject", path: "subject"}, {key: "text", path: "text", form: text},
		{key: "authority", path: "authority"}, {key: "answer_by", path: "answer_by", form: moment},
		{key: "request_id", path: "request_id"}, {key: "verdict", path: "verdict", form: word, words: "verdict"},
	}
})

// languages are those that keys are written in, Kazakh first.
func languages() []exchange.Language {
	return []exchange.Language{exchange.Kazakh, exchange.Russian, exchange.English}
}

// name is one way to write the key of a field.
type name struct {
	field
	language  exchange.Language
	languages int // that write it so
}

// theIndex finds the field of a key as plainKey has it.
var theIndex = sync.OnceValue(func() map[string]name {
	index := map[string]name{}
	for _, f := range fields() {
		add := func(written string, l exchange.Language) {
			n, there := index[plainKey(written)]
			if there && n.key != f.key {
				panic("plain: the name " + written + " means " + n.key + " and " + f.key)
			}
			if !there || n.language != l {
				index[plainKey(written)] = name{f, l, n.languages + 1}
			}
		}
		add(f.key, exchange.English)
		for _, l := range languages() {
			for _, written := range Names(f.key, l) {
				add(written, l)
			}
		}
	}
	return index
})

// known are all names, sorted.
var known = sync.OnceValue(func() []string {
	var all []string
	for written := range theIndex() {
		all = append(all, written)
	}
	slices.Sort(all)
	return all
})

// Keys are the keys of the catalogue (under field) of all fields, in the order
// of the table.
func Keys() []string {
	var keys []string
	for _, f := range fields() {
		keys = append(keys, f.key)
	}
	return keys
}

// Names are the names of a field in a language, the first is the one to show.
func Names(key string, l exchange.Language) []string {
	return strings.Split(catalogue.Text(string(l), "field."+key), "|")
}

// plainKey takes away what does not tell two names apart.
func plainKey(s string) string {
	return strings.Join(strings.Fields(sameLetters.Replace(strings.ToLower(s))), " ")
}

var sameLetters = strings.NewReplacer("ё", "е", "_", " ", "-", " ", "\u00a0", " ", "*", "", ".", " ")
