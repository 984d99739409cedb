// Command states writes docs/STATES.md from the tables and the comments of
// room exchange: `go generate ./exchange`. It owns the layout of that page and
// nothing of what stands in it.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	source := flag.String("source", "state.go", "the file with the states and their comments")
	out := flag.String("out", "../docs/STATES.md", "the page to write")
	flag.Parse()
	if err := write(*source, *out); err != nil {
		fmt.Fprintln(os.Stderr, "states:", err)
		os.Exit(1)
	}
}

func write(source, out string) error {
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	page, err := Page(text)
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	return os.WriteFile(out, page, 0o644)
}
