package stix

import (
	"slices"
	"strings"

	"almasu/parser/shape"
	"almasu/parser/tree"
)

// observable is together for the cyber-observable objects.
func (b *bundle) observable(o *tree.Node, kind string) {
	p := presence{b, o}
	switch kind {
	case "artifact":
		p.oneOf("payload_bin", "url")
		p.needs("url", "hashes")
		p.needs("decryption_key", "encryption_algorithm")
	case "email-message":
		b.message(o)
	case "file":
		p.anyOf("hashes", "name")
	case "network-traffic":
		p.anyOf("src_ref", "dst_ref")
		if shape.Text(o, "is_active") == "true" && p.has("end") {
			b.Semantic(o, "end", "semantic-stix-active")
		}
	case "process", "user-account", "windows-registry-key", "x509-certificate":
		b.something(o)
	}
}

// presence judges which properties of an object stand beside which.
type presence struct {
	b *bundle
	o *tree.Node
}

func (p presence) has(name string) bool { return p.o.Child(name) != nil }

func (p presence) oneOf(a, b string) {
	if p.has(a) == p.has(b) {
		p.b.Semantic(p.o, a, "semantic-stix-one", a, b)
	}
}

func (p presence) anyOf(names ...string) {
	if !slices.ContainsFunc(names, p.has) {
		p.b.Semantic(p.o, "", "semantic-stix-some", strings.Join(names, ", "))
	}
}

func (p presence) needs(name, other string) {
	if p.has(name) && !p.has(other) {
		p.b.Missing(p.o, other)
	}
}

// message: how a mail holds its body depends on is_multipart (section 6.6).
func (b *bundle) message(o *tree.Node) {
	parts := shape.Text(o, "is_multipart") == "true"
	if parts && o.Child("body") != nil {
		b.Semantic(o, "body", "semantic-stix-body")
	}
	if !parts && o.Child("body_multipart") != nil {
		b.Semantic(o, "body_multipart", "semantic-stix-body")
	}
}

// something: an object whose properties are all optional has one at least.
func (b *bundle) something(o *tree.Node) {
	for c := o.First; c != nil; c = c.Next {
		if !theTable().Lists("Observable", c.Name) || c.Name == "extensions" {
			return
		}
	}
	b.Semantic(o, "", "semantic-stix-empty")
}
