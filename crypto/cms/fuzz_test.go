package cms

import (
	"bytes"
	"crypto/x509"
	"io"
	"testing"

	"almasu/crypto/cms/ber"
)

func seeds(f *testing.F) {
	for _, who := range []string{"p256", "ed25519", "rsa"} {
		for _, o := range []SignOptions{{}, {OmitAttributes: true}, {Detached: true}, {OmitCertificates: true}} {
			o.Time = noon
			raw, err := Sign(content, []SigningKey{people()[who].signs()}, o)
			must(err)
			f.Add(raw)
			f.Add(segmented(f, raw))
		}
	}
	for _, cipher := range []Cipher{AES256GCM, AES128CBC} {
		raw, err := Encrypt(content, []Recipient{{Certificate: people()["p256"].cert}, {Certificate: people()["x25519"].cert}}, EncryptOptions{Cipher: cipher})
		must(err)
		f.Add(raw)
		f.Add(segmented(f, raw))
	}
	f.Add(compressed(zlibCompress, content))
}

// What verifies says the same when it is encoded anew as DER, and the content is
// the one that was signed; nothing panics.
func FuzzVerify(f *testing.F) {
	seeds(f)
	known := []*x509.Certificate{people()["p256"].cert, people()["ed25519"].cert, people()["rsa"].cert}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, detached := range [][]byte{nil, content} {
			s, err := Verify(raw, detached, known, Limits{})
			if err != nil {
				continue
			}
			der, err := ber.DER(raw)
			if err != nil {
				continue // broken in a part that is passed over, such as unsigned attributes
			}
			again, err := Verify(der, detached, known, Limits{})
			if err != nil || len(again.Signatures) != len(s.Signatures) || !bytes.Equal(again.Content, s.Content) {
				t.Fatalf("as DER: %v", err)
			}
			for i, g := range s.Signatures {
				if (g.Err == nil) != (again.Signatures[i].Err == nil) {
					t.Fatalf("%v, as DER %v", g.Err, again.Signatures[i].Err)
				}
				if g.Err == nil && !g.FromMessage && detached == nil && !bytes.Equal(s.Content, content) {
					t.Fatalf("a forged content %q", s.Content)
				}
			}
		}
	})
}

// Whatever comes, an authenticated content is the one that was sealed, and the
// memory stays within what the input is worth.
func FuzzOpen(f *testing.F) {
	seeds(f)
	keys := []Key{people()["p256"].key(), people()["x25519"].key()}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := Open(raw, keys, OpenOptions{Insecure3DES: true})
		switch {
		case err != nil && got.Content != nil:
			t.Fatalf("content with an error: %v", err)
		case err != nil && !known(err):
			t.Fatal(err)
		case len(got.Content) > len(raw):
			t.Fatalf("%d bytes out of %d", len(got.Content), len(raw))
		}
		r, streamErr := OpenReader(bytes.NewReader(raw), keys, OpenOptions{Insecure3DES: true})
		if (streamErr == nil) != (err == nil) {
			t.Fatalf("Open says %v, OpenReader %v", err, streamErr)
		}
		if err == nil {
			if again, err := io.ReadAll(r); err != nil || !bytes.Equal(again, got.Content) {
				t.Fatalf("OpenReader: %q, %v", again, err)
			}
		}
		if _, got, err := Decompress(raw, Limits{Content: 1 << 16}); err == nil && len(got) > 1<<16 {
			t.Fatal(len(got))
		}
	})
}
