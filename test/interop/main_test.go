package main

import (
	"strings"
	"testing"
)

func TestMatrixOfEvents(t *testing.T) {
	events := `{"Action":"attr","Package":"p","Test":"T","Key":"interop-version","Value":"gpg|gpg 2"}
{"Action":"attr","Package":"p","Test":"T/a","Key":"interop-cell","Value":"gpg|theirs, read here|key|RSA|opens"}
{"Action":"attr","Package":"p","Test":"T/b","Key":"interop-cell","Value":"gpg|ours, read there|key|RSA|opens"}
{"Action":"attr","Package":"p","Test":"T/c","Key":"interop-cell","Value":"gpg|theirs, read here|key|DSA|opens"}
{"Action":"attr","Package":"p","Test":"T/s","Key":"interop-cell","Value":"gpg|theirs, read here|key|slow|opens"}
{"Action":"pass","Package":"p","Test":"T/a"}
{"Action":"fail","Package":"p","Test":"T/c"}
{"Action":"skip","Package":"p","Test":"T/s"}
{"Action":"pass","Package":"p","Test":"T/b"}`
	m, err := read(strings.NewReader(events))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	m.print(&out)
	for _, want := range []string{"## gpg\n\ngpg 2\n", "| key: RSA | opens | opens |\n", "| key: DSA | FAILS | - |\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "slow") {
		t.Error("a row of a test that was skipped")
	}
	if _, err := read(strings.NewReader("FAIL")); err == nil {
		t.Error("what is not JSON was read")
	}
}
