package csaf

import (
	"regexp"
	"slices"
	"strings"

	"almasu/parser/shape"

	"golang.org/x/text/language"
)

// The profiles (section 4).
const (
	advisoryProfile      = "csaf_security_advisory"
	informationalProfile = "csaf_informational_advisory"
	responseProfile      = "csaf_security_incident_response"
	vexProfile           = "csaf_vex"
)

// testDocument makes the tests of the document's own words: 6.1.12, 6.1.15,
// 6.1.26 and 6.1.28.
func (a *advisory) testDocument() {
	d := a.document
	for _, name := range []string{"lang", "source_lang"} {
		if tag := shape.Text(d, name); tag != "" && !knownLanguage(tag) {
			a.Semantic(d, name, "semantic-csaf-12")
		}
	}
	if shape.Text(d, "publisher", "category") == "translator" && d.Child("source_lang") == nil {
		a.Semantic(d, "source_lang", "semantic-csaf-15")
	}
	if lang := shape.Text(d, "lang"); lang != "" && strings.EqualFold(lang, shape.Text(d, "source_lang")) {
		a.Semantic(d, "source_lang", "semantic-csaf-28")
	}
	if prohibited(shape.Text(d, "category")) {
		a.Semantic(d, "category", "semantic-csaf-26")
	}
}

// knownLanguage: the subtags are registered (the register as golang.org/x/text
// has it). Private use and the default language are allowed.
func knownLanguage(tag string) bool {
	lower := strings.ToLower(tag)
	if lower == "i-default" || strings.HasPrefix(lower, "x-") || strings.HasPrefix(lower, "qaa") {
		return true
	}
	_, err := language.Parse(tag)
	return err == nil
}

var separators = regexp.MustCompile(`[\-_\s]`)

// prohibited: a category of one's own looks like no profile (6.1.26).
func prohibited(category string) bool {
	if strings.HasPrefix(category, "csaf_") {
		return !slices.Contains([]string{"csaf_base", advisoryProfile, informationalProfile, responseProfile, vexProfile,
			"csaf_deprecated_security_advisory", "csaf_withdrawn", "csaf_superseded"}, category)
	}
	plain := separators.ReplaceAllString(strings.ToLower(category), "")
	return slices.Contains([]string{"csafbase", "csafinformationaladvisory", "csafsecurityadvisory", "csafsecurityincidentresponse", "csafvex",
		"informationaladvisory", "securityadvisory", "securityincidentresponse", "vex"}, plain)
}
