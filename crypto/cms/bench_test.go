package cms

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"testing"
)

// Opening and verifying beside the bare operations of the standard library that
// they cannot do without: 20 KB, as a report has, and 10 MB.
func BenchmarkOpen(b *testing.B) {
	for _, size := range []int{20 << 10, 10 << 20} {
		name := map[int]string{20 << 10: "20KB", 10 << 20: "10MB"}[size]
		long := make([]byte, size)
		block, _ := aes.NewCipher(make([]byte, 32))
		gcm, _ := cipher.NewGCM(block)
		sealed := gcm.Seal(nil, make([]byte, 12), long, nil)
		bare := map[string]func(){
			"rsa": func() {
				private := people()["rsa"].private.(*rsa.PrivateKey)
				_, _ = rsa.DecryptOAEP(sha256.New(), nil, private, make([]byte, private.Size()), nil)
			},
			"x25519": func() {
				private := people()["x25519"].private.(*ecdh.PrivateKey)
				_, _ = private.ECDH(private.PublicKey())
			},
		}
		for who, private := range bare {
			raw, err := Encrypt(long, []Recipient{{Certificate: people()[who].cert}}, EncryptOptions{})
			must(err)
			b.Run(name+"/"+who+"/ours", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := Open(raw, []Key{people()[who].key()}, OpenOptions{}); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(name+"/"+who+"/bare", func(b *testing.B) {
				buf := make([]byte, 0, size)
				for b.Loop() {
					private()
					if _, err := gcm.Open(buf, make([]byte, 12), sealed, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	long := make([]byte, 20<<10)
	p := people()["p256"]
	raw, err := Sign(long, []SigningKey{p.signs()}, SignOptions{Time: noon})
	must(err)
	sum := sha256.Sum256(long)
	signature, err := ecdsa.SignASN1(nil, p.private.(*ecdsa.PrivateKey), sum[:])
	must(err)
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			if s, err := Verify(raw, nil, nil, Limits{}); err != nil || s.Signatures[0].Err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			sum := sha256.Sum256(long)
			if !ecdsa.VerifyASN1(&p.private.(*ecdsa.PrivateKey).PublicKey, sum[:], signature) {
				b.Fatal()
			}
		}
	})
}
