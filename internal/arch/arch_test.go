package arch

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestTheHouse runs every rule over the whole module.
func TestTheHouse(t *testing.T) {
	root := os.DirFS("../..")
	files, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	page, err := fs.ReadFile(root, "docs/ARCHITECTURE.md")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	rules := []struct {
		name  string
		wrong []string
	}{
		{"every package is in the table and on the page", Rooms(files, House(), string(page))},
		{"who imports whom", Imports(files, House(), Libraries())},
		{"pure rooms", Purity(files, House())},
		{"package comments", Comments(files)},
		{"length", Size(files, House())},
		{"no init", Inits(files)},
		{"no sleeping in tests", Sleeps(files)},
		{"no state in package variables", State(files)},
		{"gocrypto", Shadows(files)},
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, w := range r.wrong {
				t.Error(w)
			}
		})
	}
}

// The table names no room twice in two guises: what it refers to, it has.
func TestTheTableIsWhole(t *testing.T) {
	house := House()
	for name, r := range house {
		for _, to := range append(slices.Clone(r.Imports), r.Guests...) {
			if _, known := house[to]; !known && to != Helpers && to != Everything {
				t.Errorf("%s: %s is no room", name, to)
			}
		}
	}
	for library, homes := range Libraries() {
		for _, to := range homes {
			if _, known := house[to]; !known {
				t.Errorf("%s: %s is no room", library, to)
			}
		}
	}
}

// source makes files from texts, "path: text", as Load would read them.
func source(t *testing.T, texts map[string]string) []*File {
	t.Helper()
	from := fstest.MapFS{}
	for name, text := range texts {
		from[name] = &fstest.MapFile{Data: []byte(text)}
	}
	files, err := Load(from)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// one checks a rule on a single file: want is a part of what it must say, ""
// where it must say nothing.
func one(t *testing.T, rule func([]*File) []string, name, text, want string) {
	t.Helper()
	got := strings.Join(rule(source(t, map[string]string{name: text})), "\n")
	if want == "" && got != "" || !strings.Contains(got, want) {
		t.Errorf("%s\n%s\nsays %q, want %q", name, text, got, want)
	}
}

func TestLoadSkipsWhatTheGoToolSkips(t *testing.T) {
	files := source(t, map[string]string{
		"rules/rules.go": "package rules", "rules/testdata/x.go": "broken", ".git/x.go": "broken", "_old/x.go": "broken", "docs/x.md": "broken",
		"rules/gen.go": "//go:build ignore\n\npackage main", "rules/linux.go": "//go:build linux\n\npackage rules",
	})
	var names []string
	for _, f := range files {
		names = append(names, f.Path)
	}
	if !slices.Equal(names, []string{"rules/linux.go", "rules/rules.go"}) {
		t.Errorf("%q", names)
	}
	if _, err := Load(fstest.MapFS{"x.go": {Data: []byte("pakcage x")}}); err == nil {
		t.Error("a file that cannot be parsed must not pass in silence")
	}
}

func TestRooms(t *testing.T) {
	cases := []struct{ name, path, page, want string }{
		{"known and named", "rules/x.go", "the room `rules`", ""},
		{"a subfolder named beside its room", "crypto/pgpmime/x.go", "| `crypto` (`pgpmime`, `smime`) |", ""},
		{"a subfolder named in full", "crypto/pgpmime/x.go", "see `crypto/pgpmime`", ""},
		{"a subfolder not named", "crypto/pgpmime/x.go", "| `crypto` (`smime`) |", "does not name"},
		{"what lies under a helper", "internal/arch/states/x.go", "`internal/arch`", ""},
		{"no page yet", "rules/x.go", "", ""},
		{"not on the page", "rules/x.go", "the rules of the house", "does not name"},
		{"a new package", "gossip/x.go", "`gossip`", "new package"},
		{"a name that says nothing", "internal/util/x.go", "`internal/util`", "says nothing"},
		{"end to end", "test/t-01-x/x_test.go", "`rules`", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			one(t, func(f []*File) []string { return Rooms(f, House(), c.page) }, c.path, "package x", c.want)
		})
	}
}

func TestImports(t *testing.T) {
	cases := []struct{ name, path, imports, want string }{
		{"the standard library", "exchange/x.go", "strings", ""},
		{"the domain from a pure room", "rules/x.go", "almasu/exchange", ""},
		{"a helper from a room", "queue/x.go", "almasu/internal/safeio", ""},
		{"a subfolder from its room", "crypto/x.go", "almasu/crypto/pgpmime", ""},
		{"a room from its subfolder", "parser/card/x.go", "almasu/parser/tree", ""},
		{"everything from the wiring", "cmd/almasu/x.go", "almasu/queue", ""},
		{"tests are exempt", "exchange/x_test.go", "almasu/queue", ""},
		{"the domain imports ours", "exchange/x.go", "almasu/internal/mimepart", "may not import"},
		{"one room of level 1 imports another", "crypto/x.go", "almasu/parser", "may not import"},
		{"a subfolder imports another room", "crypto/pgpmime/x.go", "almasu/queue", "may not import"},
		{"a room imports the road", "queue/x.go", "almasu/gateway", "only cmd/almasu may"},
		{"settings reach a room", "gateway/x.go", "almasu/config", "only cmd/almasu may"},
		{"a helper imports a helper", "internal/safeio/x.go", "almasu/internal/mimepart", "may not import"},
		{"what is for tests reaches the program", "cmd/almasu/x.go", "almasu/internal/testpeer", "only internal/testmail, internal/testpg may"},
		{"the wiring is imported", "gateway/x.go", "almasu/cmd/almasu", "no room may"},
		{"the console reaches the keys", "web/x.go", "almasu/crypto", "may not import"},
		{"a library at home", "queue/x.go", "github.com/jackc/pgx/v5/stdlib", ""},
		{"a library in a subfolder of its home", "crypto/pgpmime/x.go", "github.com/ProtonMail/go-crypto/openpgp/v2", ""},
		{"a library away from home", "gateway/x.go", "github.com/emersion/go-imap/v2", "lives in mailin"},
		{"a library in the domain", "exchange/x.go", "golang.org/x/text/language", "lives in"},
		{"a library for tests in the program", "rules/x.go", "pgregory.net/rapid", "library of no room"},
		{"a library that only begins like another", "queue/x.go", "modernc.org/sqliteplus", "library of no room"},
		{"any library in a test", "rules/x_test.go", "pgregory.net/rapid", ""},
		{"any library in a test room", "internal/testmail/x.go", "github.com/ProtonMail/go-crypto/openpgp/v2", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rule := func(f []*File) []string { return Imports(f, House(), Libraries()) }
			one(t, rule, c.path, "package x\n\nimport _ \""+c.imports+"\"\n", c.want)
		})
	}
}

func TestPurity(t *testing.T) {
	cases := []struct{ name, path, text, want string }{
		{"time as an argument", "rules/x.go", `import "time"; func f(now time.Time) time.Time { return now.Add(time.Hour) }`, ""},
		{"the clock", "rules/x.go", `import "time"; func f() time.Time { return time.Now() }`, "time.Now"},
		{"the clock under another name", "rules/x.go", `import clock "time"; func f() time.Time { return clock.Now() }`, "time.Now"},
		{"the clock as a value", "rules/x.go", `import "time"; func f() func() time.Time { return time.Now }`, "time.Now"},
		{"the disk", "parser/card/x.go", `import "os"; func f() { os.Getpid() }`, "import os"},
		{"the network", "crypto/x.go", `import "net"`, "import net"},
		{"mail addresses are no network", "crypto/x.go", `import "net/mail"`, ""},
		{"a room of input and output", "queue/x.go", `import "time"; func f() time.Time { return time.Now() }`, ""},
		{"a test", "rules/x_test.go", `import "time"; func f() time.Time { return time.Now() }`, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			one(t, func(f []*File) []string { return Purity(f, House()) }, c.path, "package x; "+c.text, c.want)
		})
	}
}
