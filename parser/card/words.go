package card

import (
	"strings"
	"sync"

	"almasu/exchange"
)

// wordLists are the closed lists a card tag can name.
var wordLists = sync.OnceValue(func() map[string][]string {
	return map[string][]string{
		"rsit":    Classes(),
		"country": strings.Fields(countries),
		"kind":    wordsOf(exchange.ReportKinds()),
		"refusal": wordsOf(exchange.Codes()),
		"problem": wordsOf(exchange.ProblemCodes()),
	}
})

func wordsOf[T ~string](list []T) []string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return words
}

// rsit is the reference taxonomy of incidents (DOMAIN 2.3): each predicate with
// its values, those of the older and of the newer editions.
const rsit = `
abusive-content: spam harmful-speech violence
malicious-code: infected-system c2-server malware-distribution malware-configuration
information-gathering: scanner sniffing social-engineering
intrusion-attempts: ids-alert brute-force exploit
intrusions: privileged-account-compromise unprivileged-account-compromise application-compromise burglary system-compromise
availability: dos ddos misconfiguration sabotage outage
information-content-security: unauthorised-information-access unauthorised-information-modification data-loss leak-of-confidential-information
fraud: unauthorized-use-of-resources copyright masquerade phishing
vulnerable: weak-crypto ddos-amplifier potentially-unwanted-accessible information-disclosure vulnerable-system
other: other uncategorised undetermined
test: test`

// Classes are the classes of the reference taxonomy, "predicate/value".
func Classes() []string {
	var classes []string
	for line := range strings.Lines(strings.TrimSpace(rsit)) {
		predicate, values, _ := strings.Cut(line, ":")
		for _, v := range strings.Fields(values) {
			classes = append(classes, predicate+"/"+v)
		}
	}
	return classes
}

// countries are the codes of ISO 3166-1 alpha-2, with XK for Kosovo as it is
// used in practice.
const countries = `AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ
MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO
RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW
TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW`
