package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"

	"almasu/internal/testmail"
)

// letter is one outgoing mail of a gateway, opened with gpg.
type letter struct {
	raw    []byte
	outer  mail.Header
	inner  mail.Header
	plain  []byte // the decrypted entity
	status []string
	text   string            // for people
	card   map[string]any    // the machine part, nil if there is none
	leaves map[string][]byte // decoded, by media type
}

// open opens a mail as its recipient with gpg would: it must be PGP/MIME,
// decrypt, and carry a good signature of the sender's key.
func open(t *testing.T, raw []byte, sender string) *letter {
	t.Helper()
	w := world(t)
	l := &letter{raw: raw, leaves: map[string][]byte{}}
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("read an outgoing mail: %v\n%s", err, raw)
	}
	l.outer = message.Header
	mediaType, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/encrypted" || params["protocol"] != "application/pgp-encrypted" {
		t.Fatalf("an outgoing mail is no PGP/MIME: %q %v", message.Header.Get("Content-Type"), err)
	}
	sealed := secondPart(t, message.Body, params["boundary"])
	plain, status, err := w.GnuPG().Status(sealed, testmail.Passphrase, "--decrypt")
	if err != nil {
		t.Fatalf("gpg does not open our mail: %v", err)
	}
	l.plain, l.status = plain, status
	if !l.says("GOODSIG") || !l.says("VALIDSIG "+w.Person(sender).Keys[0].Fingerprint) || !l.says("DECRYPTION_OKAY") {
		t.Fatalf("gpg does not vouch for our mail:\n%s", strings.Join(status, "\n"))
	}
	inner, err := mail.ReadMessage(bytes.NewReader(plain))
	if err != nil {
		t.Fatalf("read what was sealed: %v\n%s", err, plain)
	}
	l.inner = inner.Header
	l.walk(t, inner.Header.Get("Content-Type"), inner.Header.Get("Content-Transfer-Encoding"), inner.Body)
	l.text = string(l.leaves["text/plain"])
	if document := l.leaves["application/json"]; document != nil {
		if err := json.Unmarshal(document, &l.card); err != nil {
			t.Fatalf("the machine part is no JSON: %v\n%s", err, document)
		}
	}
	return l
}

func (l *letter) says(line string) bool {
	for _, s := range l.status {
		if strings.HasPrefix(s, line) {
			return true
		}
	}
	return false
}

// field is a text field of the machine part.
func (l *letter) field(name string) string {
	s, _ := l.card[name].(string)
	return s
}

func secondPart(t *testing.T, body io.Reader, boundary string) []byte {
	t.Helper()
	parts := multipart.NewReader(body, boundary)
	var data []byte
	for range 2 {
		p, err := parts.NextRawPart()
		if err != nil {
			t.Fatalf("read the parts of an outgoing mail: %v", err)
		}
		if data, err = io.ReadAll(p); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

func (l *letter) walk(t *testing.T, contentType, encoding string, body io.Reader) {
	t.Helper()
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatalf("an entity of ours has Content-Type %q: %v", contentType, err)
	}
	if !strings.HasPrefix(mediaType, "multipart/") {
		switch strings.ToLower(encoding) {
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, body)
		case "quoted-printable":
			body = quotedprintable.NewReader(body)
		}
		data, err := io.ReadAll(body)
		if err != nil {
			t.Fatalf("decode a part of ours: %v", err)
		}
		l.leaves[mediaType] = append(l.leaves[mediaType], data...)
		return
	}
	parts := multipart.NewReader(body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("read the parts of an entity of ours: %v", err)
		}
		l.walk(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
	}
}
