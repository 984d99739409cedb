package arch

import (
	"strings"
	"testing"
)

func TestComments(t *testing.T) {
	cases := []struct{ name, path, text, want string }{
		{"as it should be", "rules/x.go", "// Package rules owns decisions.\npackage rules", ""},
		{"a command", "cmd/almasu/x.go", "// Command almasu is wiring only.\npackage main", ""},
		{"none", "rules/x.go", "package rules", "no package comment"},
		{"a licence is none", "rules/x.go", "// All rights reserved.\n\npackage rules", "no package comment"},
		{"without the name", "rules/x.go", "// The rules own decisions.\npackage rules", "begins with Package"},
		{"it does not say what the room owns", "rules/x.go", "// Package rules is about rules.\npackage rules", "what the room owns"},
		{"tests need none", "rules/x_test.go", "package rules", ""},
		{"nor do the end-to-end tests", "test/e2e/x.go", "package e2e", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { one(t, Comments, c.path, c.text, c.want) })
	}
	files := source(t, map[string]string{"rules/a.go": "package rules", "rules/b.go": "// Package rules owns decisions.\npackage rules"})
	if wrong := Comments(files); len(wrong) != 0 {
		t.Errorf("one comment for the package is enough: %q", wrong)
	}
}

func TestSize(t *testing.T) {
	function := func(lines int) string { return "package x\nfunc f() {\n" + strings.Repeat("\n", lines-2) + "}\n" }
	file := func(lines int) string { return "package x" + strings.Repeat("\n", lines) }
	cases := []struct{ name, path, text, want string }{
		{"the longest function", "rules/x.go", function(maxFunction), ""},
		{"a function too long", "rules/x.go", function(maxFunction + 1), "f has 61 lines"},
		{"the longest file", "rules/x.go", file(maxFile), ""},
		{"a file too long", "rules/x.go", file(maxFile + 1), "401 lines"},
		{"tests are exempt", "rules/x_test.go", function(maxFile + 1), ""},
		{"test rooms are exempt", "internal/testmail/x.go", function(maxFile + 1), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			one(t, func(f []*File) []string { return Size(f, House()) }, c.path, c.text, c.want)
		})
	}
}

func TestInits(t *testing.T) {
	one(t, Inits, "rules/x.go", "package x; func init() {}", "init")
	one(t, Inits, "rules/x_test.go", "package x; func init() {}", "init")
	one(t, Inits, "rules/x.go", "package x; type T int; func (T) init() {}; func start() {}", "")
}

func TestSleeps(t *testing.T) {
	head := "package x; import (\"testing\"; \"testing/synctest\"; \"time\"); func TestX(t *testing.T) { "
	cases := []struct{ name, path, body, want string }{
		{"it sleeps", "rules/x_test.go", "time.Sleep(1) }", "does not sleep"},
		{"it sleeps in a goroutine", "rules/x_test.go", "go func() { time.Sleep(1) }() }", "does not sleep"},
		{"time is not real", "rules/x_test.go", "synctest.Test(t, func(t *testing.T) { time.Sleep(1) }) }", ""},
		{"it sleeps after that", "rules/x_test.go", "synctest.Test(t, func(t *testing.T) {}); time.Sleep(1) }", "does not sleep"},
		{"it sleeps end to end", "test/e2e/x.go", "time.Sleep(1) }", "does not sleep"},
		{"it waits", "rules/x_test.go", "<-time.After(1) }", ""},
		{"the program may", "queue/x.go", "time.Sleep(1) }", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { one(t, Sleeps, c.path, head+c.body, c.want) })
	}
}

func TestShadows(t *testing.T) {
	one(t, Shadows, "crypto/x.go", `package crypto; import "crypto"`, "gocrypto")
	one(t, Shadows, "crypto/cms/x.go", `package cms; import gocrypto "crypto"`, "")
	one(t, Shadows, "mailin/x.go", `package mailin; import "crypto"`, "")
}

func TestState(t *testing.T) {
	fine := []string{
		`import "errors"; var ErrX = errors.New("x")`,
		`import "fmt"; var errX = fmt.Errorf("x: %w", ErrY)`,
		`import "regexp"; var pattern = regexp.MustCompile("x")`,
		`import "embed"; ` + "\n//go:embed *.json\nvar files embed.FS",
		`import "sync"; var load = sync.OnceValues(func() (int, error) { return 1, nil })`,
		`import "sync"; var load = sync.OnceValue[int](f); func f() int { return 1 }`,
		`import "io"; var _ io.Reader = (*T)(nil); type T struct{}`,
		`var table = map[string]int{"a": 1}; func f(k string) int { return table[k] }`,
		`var list = []string{"a"}; func f() []string { list := append([]string{}, list...); list[0] = "b"; return list }`,
		`var magic = []byte("x")`,
		`var worked = func() [256]byte { var t [256]byte; t[1] = 2; return t }()`,
		`var defaults = Limits{Depth: 3}; type Limits struct{ Depth int }; func f() Limits { l := defaults; l.Depth = 4; return l }`,
		`var n = 1; type T struct{ n int }; func (t *T) f() { t.n = 2 }`,
		`var n = 1; func f(n int) { n = 2; _ = n }`,
		`const x = 1; func f() { var count int; count++ }`,
	}
	for _, text := range fine {
		one(t, State, "rules/x.go", "package x; "+text, "")
	}
	bad := map[string]string{
		`var count int`:                                                  "without a value",
		`import "sync"; var lock sync.Mutex`:                             "without a value",
		`import "sync"; var pool = sync.Pool{}`:                          "looks like state",
		`var cache = make(map[string]int)`:                               "looks like state",
		`var box = &T{}; type T struct{}`:                                "looks like state",
		`var jobs = make(chan int)`:                                      "looks like state",
		`import "os"; var home = os.Getenv("HOME")`:                      "looks like state",
		`var a, b = f(); func f() (int, int) { return 1, 2 }`:            "when the program starts",
		`var n = 1; func f() { n = 2 }`:                                  "f changes",
		`var n = 1; func f() { n++ }`:                                    "f changes",
		`var n = 1; func f() *int { return &n }`:                         "f changes",
		`var m = map[string]int{}; func f() { m["a"] = 1 }`:              "f changes",
		`var m = map[string]int{}; func f() { delete(m, "a") }`:          "f changes",
		`var m = map[string]int{}; func f() { clear(m) }`:                "f changes",
		`var s = []int{1}; func f() { s = append(s, 2) }`:                "f changes",
		`var d = T{}; type T struct{ n []int }; func f() { d.n[0] = 1 }`: "f changes",
		`var n = 1; func f() { for n = range 3 { _ = 0 } }`:              "f changes",
		`var n = 1; func f() { func() { (n) = 2 }() }`:                   "f changes",
		`import clock "time"; var started = clock.Now()`:                 "looks like state",
	}
	for text, want := range bad {
		one(t, State, "rules/x.go", "package x; "+text, want)
	}
}

func TestStateIsChangedInAnotherFile(t *testing.T) {
	files := source(t, map[string]string{"rules/a.go": "package rules; var n = 1", "rules/b_test.go": "package rules; func f() { n = 2 }",
		"queue/c.go": "package queue; func f() { n := 1; n = 2; _ = n }"})
	if wrong := State(files); len(wrong) != 1 || !strings.HasPrefix(wrong[0], "rules/b_test.go:1") {
		t.Errorf("%q", wrong)
	}
}
