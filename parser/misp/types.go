package misp

import (
	"encoding/base64"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"almasu/parser/shape"
)

const (
	hashes = "md5 sha1 sha224 sha256 sha384 sha512 sha512/224 sha512/256 sha3-224 sha3-256 sha3-384 sha3-512 ssdeep imphash telfhash impfuzzy authentihash vhash cdhash "
	files  = "filename filename|md5 filename|sha1 filename|sha224 filename|sha256 filename|sha384 filename|sha512 filename|sha512/224 filename|sha512/256 " +
		"filename|sha3-224 filename|sha3-256 filename|sha3-384 filename|sha3-512 filename|authentihash filename|vhash filename|ssdeep filename|tlsh filename|imphash filename|impfuzzy filename|pehash "
	prints  = "x509-fingerprint-sha1 x509-fingerprint-md5 x509-fingerprint-sha256 "
	plain   = "comment text other hex anonymised "
	network = "ip-src ip-dst ip-dst|port ip-src|port hostname domain mac-address mac-eui-64 url user-agent AS "
	jarm    = "ja3-fingerprint-md5 jarm-fingerprint hassh-md5 hasshserver-md5 "
	whois   = "whois-registrant-phone whois-registrant-email whois-registrant-name whois-registrant-org whois-registrar whois-creation-date "
)

// categories are the types of attributes each category has (section 2.4.2.3,
// with the types the instances of MISP have beside them).
var categories = sync.OnceValue(func() map[string][]string {
	lists := map[string]string{
		"Antivirus detection": "link attachment " + plain,
		"Artifacts dropped": hashes + files + prints + plain + "tlsh pehash regkey regkey|value pattern-in-file pattern-in-memory filename-pattern pdb stix2-pattern yara sigma attachment malware-sample " +
			"mutex process-state windows-scheduled-task windows-service-name windows-service-displayname cookie gene kusto-query mime-type pgp-public-key pgp-private-key",
		"Attribution": whois + prints + plain + "threat-actor campaign-name campaign-id dns-soa-email email",
		"External analysis": hashes + files + network + prints + jarm + plain + "domain|ip regkey regkey|value snort bro zeek pattern-in-file pattern-in-traffic pattern-in-memory filename-pattern " +
			"vulnerability cpe weakness attachment malware-sample link github-repository cortex community-id dom-hash onion-address favicon-mmh3 email",
		"Financial fraud":    plain + "btc dash xmr iban bic bank-account-nr aba-rtn bin cc-number prtn phone-number",
		"Internal reference": plain + "link git-commit-id",
		"Network activity": network + prints + jarm + plain + "port domain|ip email email-dst email-src eppn uri http-method snort pattern-in-file filename-pattern stix2-pattern pattern-in-traffic attachment cookie " +
			"hostname|port bro zeek community-id email-subject favicon-mmh3 dkim dkim-signature ssh-fingerprint dom-hash onion-address filename",
		"Other": plain + "size-in-bytes counter integer datetime cpe port float phone-number boolean pgp-public-key pgp-private-key uuid link",
		"Payload delivery": hashes + files + network + prints + jarm + plain + whois + "tlsh pehash email email-src email-dst email-subject email-attachment email-body pattern-in-file pattern-in-traffic filename-pattern " +
			"stix2-pattern yara sigma mime-type attachment malware-sample link malware-type vulnerability cpe weakness hostname|port domain|ip email-dst-display-name email-src-display-name " +
			"email-header email-reply-to email-x-mailer email-mime-boundary email-thread-index email-message-id azure-application-id mobile-application-id chrome-extension-id onion-address",
		"Payload installation": hashes + files + prints + plain + "tlsh pehash pattern-in-file pattern-in-traffic pattern-in-memory filename-pattern stix2-pattern yara sigma vulnerability cpe weakness " +
			"attachment malware-sample malware-type azure-application-id mobile-application-id chrome-extension-id mime-type",
		"Payload type":          plain,
		"Persistence mechanism": plain + "filename regkey regkey|value",
		"Person": plain + "first-name middle-name last-name full-name date-of-birth place-of-birth gender passport-number passport-country passport-expiration redress-number nationality visa-number " +
			"issue-date-of-the-visa primary-residence country-of-residence special-service-request frequent-flyer-number travel-details payment-details place-port-of-original-embarkation " +
			"place-port-of-clearance place-port-of-onward-foreign-destination passenger-name-record-locator-number phone-number identity-card-number email pgp-public-key pgp-private-key",
		"Social network": plain + whois + "github-username github-repository github-organisation jabber-id twitter-id email email-src email-dst eppn pgp-public-key pgp-private-key",
		"Support Tool":   plain + "link attachment",
		"Targeting data": plain + "target-user target-email target-machine target-org target-location target-external",
	}
	all := map[string][]string{}
	for name, list := range lists {
		all[name] = strings.Fields(list)
	}
	all["Artifacts dropped"] = append(all["Artifacts dropped"], "named pipe")
	return all
})

func categoryNames() []string { return slices.Sorted(maps.Keys(categories())) }

func knownType(kind string) bool {
	for _, list := range categories() {
		if slices.Contains(list, kind) {
			return true
		}
	}
	return false
}

var (
	hexDigits = map[string]int{"md5": 32, "imphash": 32, "sha1": 40, "pehash": 40, "sha224": 56, "sha256": 64, "authentihash": 64, "sha384": 96, "sha512": 128,
		"sha512/224": 56, "sha512/256": 64, "sha3-224": 56, "sha3-256": 64, "sha3-384": 96, "sha3-512": 128,
		"x509-fingerprint-md5": 32, "x509-fingerprint-sha1": 40, "x509-fingerprint-sha256": 64, "ja3-fingerprint-md5": 32, "hassh-md5": 32, "hasshserver-md5": 32}
	hexText   = regexp.MustCompile(`^[0-9a-fA-F]+$`)
	asNumber  = regexp.MustCompile(`^(AS)?[0-9]{1,10}$`)
	weakness  = regexp.MustCompile(`^CWE-[0-9]{1,6}$`)
	flaw      = regexp.MustCompile(`^(CVE-[0-9]{4}-[0-9]{4,19}|(?i:GCVE-|GHSA-|EUVD-|BDU).*)$`)
	macDigits = regexp.MustCompile(`^[0-9a-fA-F]{2}([:\-][0-9a-fA-F]{2}){5}$`)
)

// sound reports whether a value is one of its type. Types whose values may be
// anything are sound.
func sound(kind, value string) bool {
	if first, second, ok := strings.Cut(kind, "|"); ok {
		i := strings.LastIndex(value, "|")
		return i > 0 && sound(first, value[:i]) && sound(second, value[i+1:])
	}
	if n := hexDigits[kind]; n > 0 {
		return len(value) == n && hexText.MatchString(value)
	}
	switch kind {
	case "ip-src", "ip-dst", "ip":
		_, err := netip.ParsePrefix(value)
		_, err2 := netip.ParseAddr(value)
		return err == nil || err2 == nil
	case "port":
		n, err := strconv.Atoi(value)
		return err == nil && n >= 0 && n <= 65535
	case "hostname", "domain":
		return shape.Hostname(idn(value)) && !strings.ContainsAny(value, " /")
	case "email", "email-src", "email-dst", "email-reply-to", "target-email", "whois-registrant-email", "dns-soa-email":
		return strings.Contains(value, "@") && !strings.ContainsAny(value, " \t\r\n")
	case "link":
		return shape.URI(value) || strings.Contains(value, "://")
	case "AS":
		return asNumber.MatchString(value)
	case "vulnerability":
		return flaw.MatchString(value)
	case "weakness":
		return weakness.MatchString(value)
	case "cpe":
		return shape.CPE(value)
	case "mac-address":
		return macDigits.MatchString(value)
	case "uuid":
		return shape.UUID(value)
	case "boolean":
		return slices.Contains([]string{"0", "1", "true", "false", "True", "False"}, value)
	case "counter", "size-in-bytes", "integer":
		_, err := strconv.ParseInt(value, 10, 64)
		return err == nil
	case "float":
		_, err := strconv.ParseFloat(value, 64)
		return err == nil
	case "datetime":
		return len(value) >= len("2006-01-02") && hexText.MatchString(value[:4])
	}
	return true
}

// idn stands for the letters of international names, which MISP writes as they
// are.
func idn(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 0x80 {
			return 'x'
		}
		return c
	}, s)
}

// soundBase64: line ends may stand in it.
func soundBase64(s string) bool {
	_, err := base64.StdEncoding.DecodeString(s)
	return err == nil
}

// expected is the text that says what a value of the type looks like.
func expected(kind string) (key string, args []string) {
	if n := hexDigits[kind]; n > 0 {
		return "semantic-digest", []string{kind, strconv.Itoa(n)}
	}
	switch kind {
	case "ip-src", "ip-dst", "ip":
		return "pattern-ip", nil
	case "hostname", "domain":
		return "pattern-fqdn", nil
	case "email", "email-src", "email-dst", "email-reply-to", "target-email", "whois-registrant-email", "dns-soa-email":
		return "pattern-email", nil
	case "vulnerability":
		return "pattern-cve", nil
	case "weakness":
		return "pattern-cwe", nil
	case "cpe":
		return "pattern-cpe", nil
	}
	if first, second, ok := strings.Cut(kind, "|"); ok {
		return "semantic-misp-pair", []string{first, second}
	}
	return "semantic-indicator", []string{kind}
}
