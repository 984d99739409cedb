package config

import (
	"reflect"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

func isScalarType(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct, reflect.Slice:
		return false
	case reflect.Pointer:
		return t == reflect.TypeFor[*time.Location]() || t == reflect.TypeFor[*bool]()
	}
	return true
}

func resolved(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool {
	n = resolved(n)
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a group of keys"
	case yaml.SequenceNode:
		return "a list"
	}
	return "a single value"
}

func list(known []setting) []string {
	out := make([]string, len(known))
	for i, s := range known {
		out[i] = s.name
	}
	return out
}

func names(known []setting) string { return strings.Join(list(known), ", ") }

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// shown is a path for people: without the places in lists, which the line tells.
func shown(path string) string {
	if path == "" {
		return "the file"
	}
	return regexp.MustCompile(`\[\d+\]`).ReplaceAllString(path, "")
}

// clip keeps a value of a stranger from filling a screen.
func clip(s string) string {
	const enough = 40
	if r := []rune(s); len(r) > enough {
		return string(r[:enough]) + "..."
	}
	return s
}
