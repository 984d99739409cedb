package crypto_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"almasu/crypto"
	"almasu/exchange"
)

// TestMutatedMail breaks good and bad mails in the ways mail breaks: lines
// lost, repeated, swapped, octets turned over, ends cut off, halves of two
// mails joined. The invariants hold for all of it, and nothing but what SOC
// Alfa signed ever counts as signed by it.
func TestMutatedMail(t *testing.T) {
	c := people()
	var seeds [][]byte
	for _, a := range attacks() {
		seeds = append(seeds, mail(a.attack))
	}
	nested := signedMIME(entity(), by(c.alfa).packet(entity()))
	for _, good := range []string{pgpMIME(sealedEntity()), attachment("r.json.pgp", sealedReport()), pgpMIME(toUs(literal(nested))), nested,
		"Content-Type: text/plain\r\n\r\n" + clearSigned(report, signing{by: c.alfa, text: true}), exchangeRewrite(sealedEntity())} {
		for range 8 {
			seeds = append(seeds, mail(good))
		}
	}
	rounds := 4000
	if testing.Short() {
		rounds = 400
	}
	for i := range rounds {
		r := rand.New(rand.NewPCG(uint64(i), 7))
		raw := mutate(r, seeds)
		o, err := crypto.Open(raw, c.ring, crypto.Limits{Decompressed: 1 << 20}, now)
		if err != nil {
			t.Fatal(err)
		}
		checkInvariants(t, o)
		if s := o.Security; s.Encrypted && s.Signature == exchange.SignatureValid && s.Covers == exchange.CoversAll && s.Owner == "soc-alfa" && o.Payload != nil && !vouched(o) {
			t.Fatalf("round %d: SOC Alfa never signed this: %s", i, describePayload(o))
		}
	}
}

func mutate(r *rand.Rand, seeds [][]byte) []byte {
	raw := bytes.Clone(seeds[r.IntN(len(seeds))])
	for range 1 + r.IntN(4) {
		lines := bytes.SplitAfter(raw, []byte("\n"))
		i, j := r.IntN(len(lines)), r.IntN(len(lines))
		switch r.IntN(7) {
		case 0:
			lines = append(lines[:i:i], lines[i+1:]...)
		case 1:
			lines = append(lines[:i:i], append([][]byte{lines[j]}, lines[i:]...)...)
		case 2:
			lines[i], lines[j] = lines[j], lines[i]
		case 3:
			lines = lines[:i+1]
		case 4:
			if raw = bytes.Join(lines, nil); len(raw) > 0 {
				raw[r.IntN(len(raw))] ^= byte(1 << r.IntN(8))
			}
			continue
		case 5:
			other := bytes.SplitAfter(seeds[r.IntN(len(seeds))], []byte("\n"))
			lines = append(lines[:i:i], other[r.IntN(len(other)):]...)
		case 6:
			if raw = bytes.Join(lines, nil); len(raw) > 0 {
				at := r.IntN(len(raw))
				raw = append(raw[:at:at], raw[min(len(raw), at+r.IntN(8)):]...)
			}
			continue
		}
		raw = bytes.Join(lines, nil)
	}
	return raw
}
