package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const source, page = "../../../exchange/state.go", "../../../docs/STATES.md"

func TestThePageIsWhatTheSourceSays(t *testing.T) {
	fresh := filepath.Join(t.TempDir(), "STATES.md")
	if err := write(source, fresh); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(fresh)
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Error("docs/STATES.md is not what exchange/state.go says: run `go generate ./exchange`")
	}
}

func TestThePageNamesEveryStateAndChange(t *testing.T) {
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects() {
		for _, change := range o.table {
			row := "| " + beginning(change.From) + " | `" + change.To + "` | " + change.By + " |"
			if !bytes.Contains(have, []byte(row)) || !bytes.Contains(have, []byte("\n| `"+change.To+"` | ")) {
				t.Errorf("no row %q", row)
			}
		}
	}
}

func TestWhatThePageRefuses(t *testing.T) {
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct{ name, old, new, want string }{
		{"as it is", "", "", ""},
		{"a file that cannot be parsed", "package exchange", "pakcage exchange", "expected"},
		{"a state without a comment", "	// ArrivalRefused: the authenticated sender was answered with the problems. Final.\n", "", "ArrivalRefused has no comment"},
		{"a state the table does not know", `"declined"`, `"decided"`, `to "declined"`},
		{"a state nobody enters", "	// ArrivalEntered:", "	// ArrivalLost: nobody knows where.\n	ArrivalLost ArrivalState = \"lost\"\n	// ArrivalEntered:", `no change to "lost"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			changed := strings.Replace(string(text), c.old, c.new, 1)
			if c.old != "" && changed == string(text) {
				t.Fatalf("the source has no %q", c.old)
			}
			_, err := Page([]byte(changed))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestWriteSaysWhichFileItMisses(t *testing.T) {
	if err := write(filepath.Join(t.TempDir(), "none.go"), page); err == nil || !strings.Contains(err.Error(), "none.go") {
		t.Errorf("%v", err)
	}
}
