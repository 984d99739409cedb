package crypto_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"almasu/crypto"
	"almasu/exchange"
)

// benchCase is a pair of keys and a size of report.
type benchCase struct {
	name       string
	self, alfa *openpgp.Entity
	ring       *crypto.Keyring
	content    string
}

func benchCases(b *testing.B) []benchCase {
	b.Helper()
	var out []benchCase
	for _, alg := range []string{"x25519", "rsa4096"} {
		self, alfa := benchKey(b, alg), benchKey(b, alg)
		ring, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{
			{Owner: exchange.SelfSigner, File: "self", Data: self}, {Owner: "soc-alfa", File: "alfa", Data: alfa}}})
		if err != nil {
			b.Fatal(err)
		}
		for _, size := range []int{20 << 10, 25 << 20} {
			if alg == "rsa4096" && size > 1<<20 {
				continue
			}
			content := entity() + strings.Repeat("0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab\r\n", size/62)
			out = append(out, benchCase{fmt.Sprintf("%s/%dK", alg, size>>10), entityOf(self), entityOf(alfa), ring, content})
		}
	}
	return out
}

func benchKey(b *testing.B, alg string) []byte {
	b.Helper()
	var private []byte
	var err error
	if alg == "rsa4096" {
		private, _, _, err = crypto.NewOpenPGPRSA(4096, alg, "a@a.example", nil, now.AddDate(-1, 0, 0), 0)
	} else {
		private, _, _, err = crypto.NewOpenPGP(alg, "a@a.example", nil, now.AddDate(-1, 0, 0), 0)
	}
	if err != nil {
		b.Fatal(err)
	}
	return private
}

func (c benchCase) message() []byte {
	return encryptedTo(by(c.alfa).message(c.content), c.self)
}

// BenchmarkOpen is the whole way from the raw mail to the payload.
func BenchmarkOpen(b *testing.B) {
	for _, c := range benchCases(b) {
		raw := mail(pgpMIME(c.message()))
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				o, err := crypto.Open(raw, c.ring, crypto.Limits{}, now)
				if err != nil || o.Security.Signature != exchange.SignatureValid {
					b.Fatalf("%v %+v", err, o.Security)
				}
			}
		})
	}
}

// BenchmarkSeal is the way from an entity to the sealed body.
func BenchmarkSeal(b *testing.B) {
	for _, c := range benchCases(b) {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.content)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := crypto.Seal([]byte(c.content), "soc-alfa", c.ring, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBareOpen is what the library needs for decryption and verification.
func BenchmarkBareOpen(b *testing.B) {
	for _, c := range benchCases(b) {
		m := c.message()
		ring := openpgp.EntityList{c.self, c.alfa}
		config := &packet.Config{Time: func() time.Time { return now }}
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.content)))
			b.ReportAllocs()
			for b.Loop() {
				md, err := openpgp.ReadMessage(bytes.NewReader(m), ring, nil, config)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, md.UnverifiedBody); err != nil || md.SignatureError != nil {
					b.Fatal(err, md.SignatureError)
				}
			}
		})
	}
}

// BenchmarkBareSeal is what the library needs for signing and encryption.
func BenchmarkBareSeal(b *testing.B) {
	for _, c := range benchCases(b) {
		config := &packet.Config{Time: func() time.Time { return now }, DefaultCipher: packet.CipherAES256}
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.content)))
			b.ReportAllocs()
			for b.Loop() {
				w, err := openpgp.Encrypt(io.Discard, []*openpgp.Entity{c.alfa, c.self}, nil, []*openpgp.Entity{c.self}, nil, config)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.WriteString(w, c.content); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
