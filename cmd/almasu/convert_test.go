package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func runCLI(t *testing.T, args ...string) (status int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	status = execute(t.Context(), args, strings.NewReader(""), &o, &e)
	return status, o.String(), e.String()
}

func TestConvertThereAndBack(t *testing.T) {
	dir := t.TempDir()
	keep := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	_, card, _ := runCLI(t, "example", "incident", "--reporter", "soc-alfa", "--addressee", "nccis")
	original := keep("card.json", card)
	for _, format := range []string{"card-xml", "iodef-xml", "iodef-json", "stix", "misp"} {
		status, there, errOut := runCLI(t, "convert", "--to", format, original)
		if status != exitOK {
			t.Errorf("%s: %d %s", format, status, errOut)
			continue
		}
		path := keep(format, there)
		if status, out, _ := runCLI(t, "validate", path); status != exitOK {
			t.Errorf("%s is not valid: %s", format, out)
		}
		if _, back, _ := runCLI(t, "convert", "--to", "card-json", path); strings.TrimSpace(back) != strings.TrimSpace(card) {
			t.Errorf("%s and back:\n%s\nwant\n%s", format, back, card)
		}
	}
	broken := keep("broken.json", strings.Replace(card, `"revision": 1`, `"revision": 0`, 1))
	if status, out, errOut := runCLI(t, "convert", "--to", "stix", broken); status != exitFailed || out != "" || !strings.Contains(errOut, "/revision") {
		t.Errorf("an invalid card: %d %q %q", status, out, errOut)
	}
	if status, _, _ := runCLI(t, "convert", original); status != exitUsage {
		t.Errorf("no format named: %d", status)
	}
	if status, _, _ := runCLI(t, "convert", "--to", "csaf", original); status != exitFailed {
		t.Errorf("a format that is not written: %d", status)
	}
}
