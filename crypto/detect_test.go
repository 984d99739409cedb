package crypto

import (
	"bytes"
	"testing"

	"almasu/internal/mimepart"
)

// within says whether b is a part of a, not a copy.
func within(a, b []byte) bool {
	if len(b) == 0 {
		return true
	}
	for i := range a {
		if &a[i] == &b[0] {
			return i+len(b) <= len(a)
		}
	}
	return false
}

// FuzzDetect: what is found sealed lies in the message as it stands (but for
// what was taken out of HTML), below the top it is an attachment, no part is
// found twice, and neither looking nor reading changes the message.
func FuzzDetect(f *testing.F) {
	const armored = "-----BEGIN PGP MESSAGE-----\r\n\r\nwV4D\r\n-----END PGP MESSAGE-----\r\n"
	for _, seed := range []string{
		"Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=e\r\n\r\n--e\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--e\r\nContent-Type: application/octet-stream\r\n\r\n" + armored + "--e--\r\n",
		"Content-Type: multipart/mixed; boundary=e\r\n\r\n--e\r\n\r\n\r\n--e\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--e\r\nContent-Type: application/octet-stream\r\n\r\n" + armored + "--e--\r\n",
		"Content-Type: text/html\r\n\r\n<div>-----BEGIN PGP MESSAGE-----<br><br>wV4D<br>-----END PGP MESSAGE-----</div>",
		"Content-Type: multipart/mixed; boundary=e\r\n\r\n--e\r\n\r\nsee\r\n--e\r\nContent-Type: application/octet-stream; name=a.pgp\r\nContent-Transfer-Encoding: base64\r\n\r\nwV4D\r\n--e\r\nContent-Type: application/pkcs7-mime\r\n\r\nMIAGCSqGSIb3DQEHA6CA\r\n--e--\r\n",
		"\r\n" + armored,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		kept := bytes.Clone(raw)
		root, err := mimepart.Parse(raw, mimepart.Limits{Depth: 6, Parts: 30})
		if err != nil {
			return
		}
		found := detect(root, true)
		seen := map[*mimepart.Part]bool{}
		for _, s := range found.sealed {
			if seen[s.part] {
				t.Fatalf("part %s was found twice", s.part.Path)
			}
			seen[s.part] = true
			if !within(raw, s.part.Raw) {
				t.Fatalf("part %s is not of the message", s.part.Path)
			}
			if s.form != "attachment" && len(found.sealed) > 1 {
				t.Fatalf("%d sealed parts, one of them %s", len(found.sealed), s.form)
			}
		}
		if again := detect(root, true); len(again.sealed) != len(found.sealed) {
			t.Fatalf("%d sealed parts, then %d", len(found.sealed), len(again.sealed))
		}
		if len(found.sealed) > len(root.Leaves()) {
			t.Fatalf("%d sealed parts in %d leaves", len(found.sealed), len(root.Leaves()))
		}
		if !bytes.Equal(raw, kept) {
			t.Fatal("the message was changed")
		}
	})
}
