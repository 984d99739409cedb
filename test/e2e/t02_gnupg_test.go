package e2e

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"almasu/internal/testmail"
)

// TestT02MailMadeByGnuPGIsAcceptedAndOurReceiptOpensWithIt sends what a SOC
// without Almasu sends, and reads the receipt as that SOC would.
func TestT02MailMadeByGnuPGIsAcceptedAndOurReceiptOpensWithIt(t *testing.T) {
	w := world(t)
	h := newHouse(t, true, nil)
	centre, alfa := w.Person("nccis"), w.Person("soc-alfa")
	nccis := newNode(t, "nccis", h.yaml(centre.Address()))
	nccis.start()
	cases := []struct{ name, over string }{
		{"good-pgp-mime", "entity"}, {"good-nested", "entity"}, {"good-inline", "file"}, {"good-attachment-pgp", "file"},
		{"good-attachment-asc", "file"}, {"good-card-xml", "entity"},
	}
	for _, c := range cases {
		message, err := w.Message(testmail.Find(c.name))
		if err != nil {
			t.Fatal(err)
		}
		h.send(message, centre.Address())
	}
	nccis.settled(len(cases))
	h.await(alfa, "INBOX", len(cases))
	receipts := map[string]*letter{}
	for _, l := range h.letters(alfa, "nccis") {
		outerIsMute(t, l, centre)
		receipts[l.field("original_message_id")] = l
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			original := testmail.Find(c.name)
			l := receipts[original.MessageID]
			if l == nil {
				t.Fatal("no receipt names it")
			}
			if l.field("kind") != "receipt" || l.field("verdict") != "accepted" || l.field("addressee") != "soc-alfa" || l.field("reporter") != "nccis" {
				t.Errorf("the receipt says %v", l.card)
			}
			if !regexp.MustCompile(`^NCCIS-20[0-9]{2}-[0-9]{6}$`).MatchString(l.field("number")) {
				t.Errorf("the number is %q", l.field("number"))
			}
			if !strings.Contains(l.text, l.field("number")) {
				t.Errorf("the words for people do not tell the number:\n%s", l.text)
			}
			if l.outer.Get("In-Reply-To") != original.MessageID || !strings.HasPrefix(l.outer.Get("Auto-Submitted"), "auto-replied") {
				t.Errorf("the outer header is %v", l.outer)
			}
			if l.outer.Get("Disposition-Notification-To") != "" {
				t.Error("a receipt asks for a receipt")
			}
			message, err := w.Message(original)
			if err != nil {
				t.Fatal(err)
			}
			checkDigest(t, l, c.over, signedOctets(t, w, message))
		})
	}
	nccis.close()
}

// checkDigest compares the digest of a receipt with our own of the octets.
func checkDigest(t *testing.T, l *letter, over string, octets []byte) {
	t.Helper()
	digest, _ := l.card["digest"].(map[string]any)
	var own []byte
	switch digest["alg"] {
	case "sha256":
		sum := sha256.Sum256(octets)
		own = sum[:]
	case "sha384":
		sum := sha512.Sum384(octets)
		own = sum[:]
	case "sha512":
		sum := sha512.Sum512(octets)
		own = sum[:]
	}
	if want := base64.StdEncoding.EncodeToString(own); digest["value"] != want || digest["over"] != over {
		t.Errorf("the digest is %v, our own %s over the %s", digest, want, over)
	}
}

// signedOctets opens a case with gpg and returns what its sender signed: the
// entity in canonical form inside multipart/signed, or all that was sealed.
func signedOctets(t *testing.T, w *testmail.World, message []byte) []byte {
	t.Helper()
	plain, status, err := w.GnuPG().Status(testmail.SealedPart(message), testmail.Passphrase, "--decrypt")
	if err != nil {
		t.Fatal(fmt.Errorf("%w\n%s", err, strings.Join(status, "\n")))
	}
	if !bytes.HasPrefix(plain, []byte("Content-Type: multipart/signed")) {
		return plain
	}
	_, rest, _ := bytes.Cut(plain, []byte("--signed\r\n"))
	entity, _, _ := bytes.Cut(rest, []byte("\r\n--signed\r\n"))
	return entity
}
