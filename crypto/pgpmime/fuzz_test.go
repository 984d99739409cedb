package pgpmime

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// FuzzOpenMessage: whatever stands in a part, nothing comes out along with an
// error, what is withheld is not decrypted, the limit holds, and what opened
// opens to the same octets and verdicts when it is armored anew.
func FuzzOpenMessage(f *testing.F) {
	r, at := vectorRing(f, "a4-secret-key.asc", ""), vectorTime
	for _, name := range []string{"a1-key.asc", "a2-signature.asc", "a6-cleartext-signed.asc", "a7-inline-signed.asc", "a8-aead-ocb.asc"} {
		s := vector(f, name)
		f.Add(s)
		f.Add(unarmored(s, blockMessage, blockSignature, blockPublic, blockPrivate))
		f.Add(bytes.ReplaceAll(s, []byte("\n"), []byte("\r\n> ")))
	}
	f.Add([]byte(literalPacket("hi")))
	f.Add([]byte(deflated(literalPacket("hi"))))
	f.Add([]byte("-----BEGIN PGP MESSAGE-----\n\n=\n-----END PGP MESSAGE-----\n"))
	const limit = 1 << 16
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := r.OpenMessage(bytes.Clone(in), limit, at)
		if (err != nil || m.Withheld) && (m.Content != nil || len(m.Signatures) > 0) {
			t.Fatalf("%d octets and %d signatures along with %v", len(m.Content), len(m.Signatures), err)
		}
		if len(m.Content) > max(limit, len(in)) {
			t.Fatalf("%d octets out of %d", len(m.Content), len(in))
		}
		if err != nil || m.Withheld {
			return
		}
		if m.Encrypted && !m.Integrity {
			t.Fatal("opened without integrity")
		}
		packets := bytes.Clone(in)
		for _, b := range findBlocks(in) {
			if b.kind == blockMessage {
				if packets, err = io.ReadAll(b.reader()); err != nil {
					return // the armor is damaged behind what was read
				}
				break
			}
		}
		again, err := r.OpenMessage(armor(blockMessage, packets), limit, at)
		if err != nil || !bytes.Equal(again.Content, m.Content) || len(again.Signatures) != len(m.Signatures) {
			t.Fatalf("armored anew: %v", err)
		}
		for i, s := range m.Signatures {
			if s.Verified != again.Signatures[i].Verified || s.Verified && !s.Known {
				t.Fatalf("%+v, armored anew %+v", s, again.Signatures[i])
			}
		}
	})
}

// FuzzArmor: blocks lie in the text one behind the other, what one decodes to
// decodes the same when it is armored anew, and what is outside is told.
func FuzzArmor(f *testing.F) {
	f.Add([]byte("words\n-----BEGIN PGP MESSAGE-----\nVersion: 1\n\naGVsbG8=\n=abcd\n-----END PGP MESSAGE-----\nmore"))
	f.Add([]byte("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- x\n-----BEGIN PGP SIGNATURE-----\n\naGVsbG8=\n-----END PGP SIGNATURE-----\n"))
	f.Add([]byte("> -----BEGIN PGP MESSAGE-----\n> \n> aGVs\n> -----END PGP MESSAGE-----\n"))
	f.Add([]byte("-----BEGIN PGP MESSAGE-----\r\rAAAA\r-----END PGP MESSAGE-----\r"))
	f.Fuzz(func(t *testing.T, text []byte) {
		kept := bytes.Clone(text)
		end := 0
		for _, b := range findBlocks(text) {
			if b.start < end || b.end < b.start || b.end > len(text) {
				t.Fatalf("a block from %d to %d, the one before ends at %d", b.start, b.end, end)
			}
			end = b.end
			data, err := io.ReadAll(b.reader())
			if err != nil {
				continue
			}
			again := findBlocks(armor(blockMessage, data))
			if len(again) != 1 {
				t.Fatalf("%d blocks", len(again))
			}
			if got, err := io.ReadAll(again[0].reader()); err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%q, armored anew %q, %v", data, got, err)
			}
		}
		if _, messages := Outside(text); messages > strings.Count(string(text), "BEGIN PGP") {
			t.Fatalf("%d messages", messages)
		}
		Sniff(text)
		if content, _, err := cutClear(text); err == nil && len(content) > 2*len(text) {
			t.Fatal("more came out than went in")
		}
		if !bytes.Equal(text, kept) {
			t.Fatal("the text was changed")
		}
	})
}
