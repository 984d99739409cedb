package csaf

import (
	"slices"
	"strings"

	"almasu/parser/shape"
	"almasu/parser/tree"
)

// testSyntax judges what version 2.1 writes in notations of others: licences
// (6.1.54) and version ranges (6.1.50), by their grammar and without their
// registers.
func (a *advisory) testSyntax() {
	if licence := shape.Get(a.document, "license_expression"); licence != nil && !isLicence(licence.Value) {
		a.Semantic(licence, "", "semantic-csaf-54")
	}
	a.eachBranch(shape.Get(a.Doc.Root, "product_tree"), func(b *tree.Node) {
		if shape.Text(b, "category") == "product_version_range" && !isVersionRange(shape.Text(b, "name")) {
			a.Semantic(b, "name", "semantic-csaf-50")
		}
	})
}

// isVersionRange reports a version range: vers:SCHEME/CONSTRAINTS in its canonical
// form, or the constraints alone (vls). The order of versions is their scheme's
// and is not judged.
func isVersionRange(name string) bool {
	constraints := name
	if rest, is := strings.CutPrefix(name, "vers:"); is {
		scheme, after, found := strings.Cut(rest, "/")
		if !found || scheme == "" || strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" {
			return false
		}
		if after == "*" {
			return true
		}
		constraints = after
	}
	var versions []string
	for one := range strings.SplitSeq(constraints, "|") {
		version := one
		for _, comparator := range []string{"!=", "<=", ">=", "<", ">"} {
			if rest, is := strings.CutPrefix(one, comparator); is {
				version = rest
				break
			}
		}
		if version == "" || strings.ContainsAny(version, " \t<>=!*/") || slices.Contains(versions, version) {
			return false
		}
		versions = append(versions, version)
	}
	return true
}

// isLicence reports a licence expression by the grammar of SPDX 3.0.1, annex B,
// whose DocumentRef CSAF does not allow.
func isLicence(text string) bool {
	l := licence{strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))}
	return l.expression(maxNested) && len(l.words) == 0
}

const maxNested = 32 // brackets in each other

type licence struct{ words []string }

// next takes one of the words away, if it stands there; an operator in capitals
// or in small letters.
func (l *licence) next(words ...string) bool {
	if len(l.words) == 0 || !slices.Contains(words, l.words[0]) {
		return false
	}
	l.words = l.words[1:]
	return true
}

func (l *licence) expression(depth int) bool {
	for {
		if !l.operand(depth) {
			return false
		}
		if !l.next("AND", "and", "OR", "or") {
			return true
		}
	}
}

func (l *licence) operand(depth int) bool {
	if l.next("(") {
		return depth > 0 && l.expression(depth-1) && l.next(")")
	}
	if !l.id("LicenseRef-", true) {
		return false
	}
	return !l.next("WITH", "with") || l.id("AdditionRef-", false)
}

// id takes an identifier away: letters, digits, - and ., behind the prefix at
// least one of them; plus says that a + may follow.
func (l *licence) id(prefix string, plus bool) bool {
	if len(l.words) == 0 || slices.Contains([]string{"AND", "and", "OR", "or", "WITH", "with", "(", ")"}, l.words[0]) {
		return false
	}
	id, isRef := strings.CutPrefix(l.words[0], prefix)
	l.words = l.words[1:]
	if plus && !isRef {
		id = strings.TrimSuffix(id, "+")
	}
	return id != "" && strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == ""
}

// testSSVC: the decisions are about the vulnerability they stand with (6.1.47).
func (a *advisory) testSSVC(v *tree.Node) {
	of := []string{shape.Text(v, "cve")}
	for _, id := range shape.Items(v, "ids") {
		of = append(of, shape.Text(id, "text"))
	}
	document := shape.Text(a.document, "tracking", "id")
	if len(a.vulnerabilities) == 1 {
		of = append(of, document)
	}
	for _, m := range shape.Items(v, "metrics") {
		ids := shape.Items(m, "content", "ssvc_v2", "target_ids")
		if one := shape.Get(m, "content", "ssvc_v1", "id"); one != nil {
			ids = append(ids, one)
		}
		for _, id := range ids {
			if id.Value == "" || !slices.Contains(of, id.Value) {
				a.Semantic(id, "", "semantic-csaf-47")
			}
		}
	}
}
