package pki

import (
	"bytes"
	gocrypto "crypto"
	"math/big"
)

// derivePKCS12 makes a key (purpose 1), an initial vector (2) or a MAC key (3)
// out of a passphrase (RFC 7292 appendix B.2).
func derivePKCS12(hash gocrypto.Hash, secret, salt []byte, purpose byte, iterations, size int) []byte {
	v := hash.New().BlockSize()
	blocks := append(filled(salt, v), filled(secret, v)...)
	diversifier := bytes.Repeat([]byte{purpose}, v)
	one := big.NewInt(1)
	modulus := new(big.Int).Lsh(one, uint(v)*8)
	var out []byte
	for {
		h := hash.New()
		h.Write(diversifier)
		h.Write(blocks)
		a := h.Sum(nil)
		for range iterations - 1 {
			h.Reset()
			h.Write(a)
			a = h.Sum(a[:0])
		}
		if out = append(out, a...); len(out) >= size {
			return out[:size]
		}
		b := new(big.Int).SetBytes(filled(a, v)[:v])
		b.Add(b, one)
		for i := 0; i < len(blocks); i += v {
			n := new(big.Int).SetBytes(blocks[i : i+v])
			n.Add(n, b).Mod(n, modulus)
			n.FillBytes(blocks[i : i+v])
		}
	}
}

// filled repeats b up to a multiple of v bytes; nothing stays nothing.
func filled(b []byte, v int) []byte {
	if len(b) == 0 {
		return nil
	}
	n := (len(b) + v - 1) / v * v
	return bytes.Repeat(b, n/len(b)+1)[:n]
}
