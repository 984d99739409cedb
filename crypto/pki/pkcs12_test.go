package pki

import (
	"os"
	"path/filepath"
	"testing"
)

func TestKZ(t *testing.T) {
	files, _ := filepath.Glob("/work/shared/vectors/kz-pki/*.p12")
	for _, f := range files {
		b, _ := os.ReadFile(f)
		s, err := PKCS12(b, []byte("Qwerty12"))
		if err != nil {
			t.Errorf("%s %v", f, err)
			continue
		}
		ids, err := s.Identities()
		t.Log(filepath.Base(f), len(s.Keys), len(s.Certificates), err)
		for _, i := range ids {
			t.Log(i.Certificate.Subject, i.Private.Algorithm, i.Private.Key != nil, i.Certificate.NotAfter)
		}
	}
}
