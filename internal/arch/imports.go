package arch

import (
	"fmt"
	"go/ast"
	"maps"
	"path"
	"slices"
	"strings"
)

// Rooms says which packages are not in the table, which bear a name that says
// nothing, and which of them the page does not name (docs/ARCHITECTURE.md; an
// empty page is not looked at). The end-to-end tests under test/ are one room.
func Rooms(files []*File, house map[string]Room, page string) []string {
	seen := map[string]bool{}
	for _, f := range files {
		seen[f.Room] = true
	}
	var wrong []string
	for _, room := range slices.Sorted(maps.Keys(seen)) {
		if name := path.Base(room); slices.Contains([]string{"util", "utils", "common", "types", "helpers", "helper", "misc", "shared", "base"}, name) {
			wrong = append(wrong, fmt.Sprintf("%s: %q says nothing about what the room owns", room, name))
		}
		if top(room) == "test" {
			continue
		}
		if _, known := house[room]; !known {
			wrong = append(wrong, room+": a new package: put it into internal/arch/house.go and docs/ARCHITECTURE.md")
		}
		if page != "" && !names(page, room) {
			wrong = append(wrong, room+": docs/ARCHITECTURE.md does not name it")
		}
	}
	return wrong
}

// names: the page has the package's path, or its folder's with the rest beside
// it, as in "`crypto` (`pgpmime`, `smime`)". What lies under a helper belongs
// to the helper.
func names(page, room string) bool {
	if parts := strings.Split(room, "/"); parts[0] == Helpers && len(parts) > 2 {
		room = path.Join(parts[:2]...)
	}
	if strings.Contains(page, "`"+room+"`") || strings.Contains(page, "`"+room+"/") {
		return true
	}
	for line := range strings.Lines(page) {
		if parent := path.Dir(room); parent != "." && strings.Contains(line, "`"+parent+"`") && strings.Contains(line, "`"+path.Base(room)+"`") {
			return true
		}
	}
	return false
}

// Imports says which imports the table does not allow. Tests may import any
// room and any library.
func Imports(files []*File, house map[string]Room, libraries map[string][]string) []string {
	var wrong []string
	for _, f := range files {
		room, known := house[f.Room]
		if f.Test || !known {
			continue
		}
		for _, spec := range f.Syntax.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			var why string
			if ours, is := strings.CutPrefix(imported, Module+"/"); is {
				why = refusedRoom(f.Room, room, ours, house)
			} else if strings.Contains(strings.Split(imported, "/")[0], ".") && !room.Test {
				why = refusedLibrary(f.Room, imported, libraries)
			}
			if why != "" {
				wrong = append(wrong, f.at(spec.Pos(), "%s", why))
			}
		}
	}
	return wrong
}

func refusedRoom(from string, r Room, to string, house map[string]Room) string {
	target, known := house[to]
	switch {
	case !known:
		return "" // Rooms says so
	case top(from) == top(to) && top(from) != Helpers:
		return ""
	case target.Guests != nil && len(target.Guests) == 0:
		return fmt.Sprintf("%s may not import %s: no room may", from, to)
	case target.Guests != nil && !slices.Contains(target.Guests, from):
		return fmt.Sprintf("%s may not import %s: only %s may", from, to, words(target.Guests))
	case slices.Contains(r.Imports, Everything) || slices.Contains(r.Imports, to) || slices.Contains(r.Imports, top(to)):
		return ""
	}
	return fmt.Sprintf("%s may not import %s: it may import %s", from, to, words(r.Imports))
}

func refusedLibrary(from, imported string, libraries map[string][]string) string {
	for library, homes := range libraries {
		if imported != library && !strings.HasPrefix(imported, library+"/") {
			continue
		}
		if slices.Contains(homes, from) || slices.Contains(homes, top(from)) {
			return ""
		}
		return fmt.Sprintf("%s lives in %s, not in %s", library, words(homes), from)
	}
	return imported + " is a library of no room: see Libraries in internal/arch/house.go"
}

// Purity says where a pure room reaches for the disk, the network or a clock.
func Purity(files []*File, house map[string]Room) []string {
	world := []string{"os", "os/exec", "os/signal", "os/user", "io/ioutil", "net", "net/http", "net/smtp", "net/rpc", "syscall",
		"database/sql", "log", "log/slog", "math/rand", "math/rand/v2", "unsafe", "plugin"}
	clock := []string{"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.AfterFunc", "time.Tick", "time.NewTimer", "time.NewTicker"}
	var wrong []string
	for _, f := range files {
		if f.Test || !house[f.Room].Pure {
			continue
		}
		for _, spec := range f.Syntax.Imports {
			if imported := strings.Trim(spec.Path.Value, `"`); slices.Contains(world, imported) {
				wrong = append(wrong, f.at(spec.Pos(), "%s is pure: it may not import %s", f.Room, imported))
			}
		}
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			if x, ok := n.(*ast.SelectorExpr); ok {
				if name := f.call(&ast.CallExpr{Fun: x}); slices.Contains(clock, name) {
					wrong = append(wrong, f.at(x.Pos(), "%s is pure: time is an argument, not %s", f.Room, name))
				}
			}
			return true
		})
	}
	return wrong
}

// top is the room a package belongs to: "crypto" for "crypto/pgpmime".
func top(room string) string {
	first, _, _ := strings.Cut(room, "/")
	return first
}

func words(list []string) string {
	if len(list) == 0 {
		return "nothing of ours"
	}
	return strings.Join(list, ", ")
}
