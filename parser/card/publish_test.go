package card

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the published schemas instead of comparing them")

// The schemas in docs/ are those of the Go types: `go generate ./parser/card`
// writes them anew.
func TestPublishedSchemas(t *testing.T) {
	for name, want := range map[string][]byte{"card.schema.json": JSONSchema(), "card.xsd": XSD()} {
		path := filepath.Join("..", "..", "docs", name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the Go types say; run go generate ./parser/card (%v)", path, err)
		}
	}
}
