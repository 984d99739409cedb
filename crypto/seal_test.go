package crypto_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"almasu/crypto"
	"almasu/exchange"
)

// alfaRing is the key ring of SOC Alfa, the other end.
func alfaRing(t testing.TB) *crypto.Keyring {
	t.Helper()
	c := people()
	ring, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{
		{Owner: exchange.SelfSigner, File: "alfa", Data: c.alfaFile.private},
		{Owner: "nccis", File: "nccis", Data: c.selfFile.public},
		{Owner: "soc-beta", File: "beta", Data: c.betaFile.public}}})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func sealedMail(t testing.TB, content string) ([]byte, crypto.Sealed) {
	t.Helper()
	s, err := crypto.Seal([]byte(content), "soc-alfa", people().ring, now)
	if err != nil {
		t.Fatal(err)
	}
	return join(s), s
}

func join(s crypto.Sealed) []byte {
	head := "From: nccis@nccis.example\r\nTo: alfa@alfa.example\r\n"
	return bytes.Join([][]byte{[]byte(head), s.Header, []byte("\r\n"), s.Body}, nil)
}

func TestSealOpensAtTheOtherEnd(t *testing.T) {
	for name, content := range map[string]string{"CRLF": entity(), "LF": strings.ReplaceAll(entity(), "\r\n", "\n"), "large": entity() + strings.Repeat("x", 3<<20)} {
		t.Run(name, func(t *testing.T) {
			raw, sealed := sealedMail(t, content)
			o, err := crypto.Open(raw, alfaRing(t), crypto.Limits{}, now)
			if err != nil {
				t.Fatal(err)
			}
			s := o.Security
			if s.DecryptError != "" || s.Signature != exchange.SignatureValid || s.Covers != exchange.CoversAll || s.Owner != "nccis" || !s.IntendedForUs || s.Cipher != "aes256-cfb-mdc" || s.Form != exchange.FormMIME {
				t.Fatalf("%+v", s)
			}
			if o.Digest != sealed.Digest || o.Digest.Value == "" {
				t.Errorf("digest %+v, the sender told %+v", o.Digest, sealed.Digest)
			}
			if !holds(o, report) && name != "large" {
				t.Error(describePayload(o))
			}
		})
	}
}

// TestReflectedLetter: our letter that comes back opens, and is known as ours.
func TestReflectedLetter(t *testing.T) {
	raw, _ := sealedMail(t, entity())
	s := open(t, raw).Security
	if s.DecryptError != "" || s.Signature != exchange.SignatureValid || s.Owner != exchange.SelfSigner || s.IntendedForUs || !s.IntendedForOthers {
		t.Errorf("%+v", s)
	}
}

// TestSealOpensWithTheLibrary reads a letter with the checks the library has
// of its own, the intended recipient included.
func TestSealOpensWithTheLibrary(t *testing.T) {
	c := people()
	_, sealed := sealedMail(t, entity())
	block := string(sealed.Body[bytes.Index(sealed.Body, []byte("-----BEGIN")):])
	list, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(c.selfFile.public))
	if err != nil {
		t.Fatal(err)
	}
	m, err := openpgp.ReadMessage(dearmored(t, block), append(list, c.alfa), nil, &packet.Config{Time: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(m.UnverifiedBody); err != nil || m.SignatureError != nil || !m.IsVerified || m.SignedBy == nil || out.String() != entity() {
		t.Errorf("%v %v %q", err, m.SignatureError, out.String())
	}
	if len(m.EncryptedToKeyIds) != 2 || len(m.Signature.IntendedRecipients) != 1 {
		t.Errorf("recipients %X, intended %d", m.EncryptedToKeyIds, len(m.Signature.IntendedRecipients))
	}
}

func dearmored(t testing.TB, block string) *bytes.Reader {
	t.Helper()
	_, rest, _ := strings.Cut(block, "\r\n\r\n")
	rest, _, _ = strings.Cut(rest, "\r\n=")
	b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(rest, "\r\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b)
}

func TestSealedLines(t *testing.T) {
	_, sealed := sealedMail(t, entity()+strings.Repeat("y", 1000))
	for _, part := range [][]byte{sealed.Header, sealed.Body} {
		if bytes.Contains(bytes.ReplaceAll(part, []byte("\r\n"), nil), []byte("\n")) || !bytes.HasSuffix(part, []byte("\r\n")) {
			t.Error("a line end that is not CRLF")
		}
		for line := range strings.Lines(string(part)) {
			if len(line) > 78 {
				t.Errorf("line of %d octets", len(line))
			}
		}
	}
	if bytes.Contains(sealed.Header, []byte("\r\n\r\n")) || !bytes.HasPrefix(sealed.Header, []byte("MIME-Version: 1.0\r\n")) {
		t.Errorf("%q", sealed.Header)
	}
}

func TestSignEntity(t *testing.T) {
	signed, err := crypto.SignEntity([]byte("Content-Type: text/plain\n\nline with blanks  \n\ttab\t\nend\n"), people().ring, now)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := sealedMail(t, string(signed))
	o, err := crypto.Open(raw, alfaRing(t), crypto.Limits{}, now)
	if err != nil || o.Security.Signature != exchange.SignatureValid || len(o.Payload) != 1 || string(o.Payload[0].Body) != "line with blanks\r\n\ttab\r\nend\r\n" {
		t.Fatalf("%+v %s", o.Security, describePayload(o))
	}
	if o.ProtectedPart.MediaType != "text/plain" {
		t.Errorf("the protected root is %s", o.ProtectedPart.MediaType)
	}
	clear := append([]byte("From: nccis@nccis.example\r\nMIME-Version: 1.0\r\n"), signed...)
	for _, text := range [][]byte{clear, bytes.ReplaceAll(clear, []byte("\r\n"), []byte("\n"))} {
		o, err = crypto.Open(text, alfaRing(t), crypto.Limits{}, now)
		if err != nil || o.Security.Signature != exchange.SignatureValid || o.Security.Owner != "nccis" {
			t.Errorf("%+v", o.Security)
		}
	}
}

func TestSealTellsWhyNot(t *testing.T) {
	c := people()
	for to, want := range map[string]string{"soc-gamma": "no OpenPGP key is registered"} {
		if _, err := crypto.Seal(nil, to, c.ring, now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
	if _, err := crypto.Seal(nil, "soc-alfa", c.ring, now.AddDate(10, 0, 0)); err == nil || !strings.Contains(err.Error(), "expired on 2028-11-19") {
		t.Errorf("%v", err)
	}
	empty, err := crypto.NewKeyring(crypto.KeySet{})
	if err != nil {
		t.Fatal(err)
	}
	if err := empty.CanSign(now); err == nil || !strings.Contains(err.Error(), "keys.openpgp") {
		t.Errorf("%v", err)
	}
}

// TestNewestKeyIsUsed: after a roll-over letters go to the new key and, as it is
// listed first, are
// signed with it, while mail to the old one still opens.
func TestNewestKeyIsUsed(t *testing.T) {
	old, young := freshKey(t, "old", now.AddDate(-2, 0, 0), 0), freshKey(t, "young", now.AddDate(0, 0, -1), 0)
	private := func(e *openpgp.Entity) []byte {
		var b bytes.Buffer
		if err := e.SerializePrivateWithoutSigning(&b, nil); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	ring, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "young", Data: private(young)},
		{Owner: exchange.SelfSigner, File: "old", Data: private(old)}, {Owner: "soc-alfa", File: "alfa", Data: people().alfaFile.public}}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := crypto.Seal([]byte(entity()), exchange.SelfSigner, ring, now)
	if err != nil {
		t.Fatal(err)
	}
	o, _ := crypto.Open(join(s), ring, crypto.Limits{}, now)
	if o.Security.Signer != strings.ToUpper(hexOf(young.PrimaryKey.Fingerprint)) || !o.Security.IntendedForUs {
		t.Errorf("%+v", o.Security)
	}
	for _, e := range []*openpgp.Entity{old, young} {
		o, _ := crypto.Open(mail(pgpMIME(encryptedTo(by(people().alfa).message(entity()), e))), ring, crypto.Limits{}, now)
		checkFacts(t, o, goodFacts)
	}
}

// TestRingIsShared: any number of goroutines use one ring (run with -race).
func TestRingIsShared(t *testing.T) {
	c := people()
	ring, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{
		{Owner: exchange.SelfSigner, File: "self", Data: c.selfFile.private}, {Owner: "soc-alfa", File: "alfa", Data: c.alfaFile.public}}})
	if err != nil {
		t.Fatal(err)
	}
	raw := mail(pgpMIME(toUs(by(c.alfa).message(entity()))))
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 4 {
				o, err := crypto.Open(raw, ring, crypto.Limits{}, now)
				if err != nil || o.Security.Signature != exchange.SignatureValid {
					t.Errorf("%v %+v", err, o.Security)
				}
				if _, err := crypto.Seal([]byte(entity()), "soc-alfa", ring, now); err != nil {
					t.Error(err)
				}
				ring.Keys()
			}
		})
	}
	wait.Wait()
}
