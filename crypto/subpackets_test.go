package crypto_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/eddsa"

	"almasu/exchange"
)

// sub is a signature subpacket (RFC 9580 section 5.2.3.7); critical sets the bit.
func sub(kind byte, body ...[]byte) []byte {
	b := bytes.Join(body, nil)
	return append([]byte{byte(len(b) + 1), kind}, b...)
}

const critical = 0x80

// handSigned is a version 4 signature of SOC Alfa over content with the given
// areas, made octet by octet.
func handSigned(content string, kind byte, hashed, unhashed []byte) []byte {
	head := append([]byte{4, kind, 22, 8, byte(len(hashed) >> 8), byte(len(hashed))}, hashed...)
	h := sha256.New()
	h.Write([]byte(content))
	h.Write(head)
	h.Write(binary.BigEndian.AppendUint32([]byte{4, 0xff}, uint32(len(head))))
	digest := h.Sum(nil)
	r, s, err := eddsa.Sign(people().alfa.PrivateKey.PrivateKey.(*eddsa.PrivateKey), digest)
	if err != nil {
		panic(err)
	}
	number := func(b []byte) []byte {
		b = bytes.TrimLeft(b, "\x00")
		bits := len(b) * 8
		for mask := byte(0x80); len(b) > 0 && b[0]&mask == 0; mask >>= 1 {
			bits--
		}
		return append(binary.BigEndian.AppendUint16(nil, uint16(bits)), b...)
	}
	return pkt(2, head, binary.BigEndian.AppendUint16(nil, uint16(len(unhashed))), unhashed, digest[:2], number(r), number(s))
}

// TestSubpackets: what a signature may carry, what must be understood, and what
// is nobody's word because it is not signed.
func TestSubpackets(t *testing.T) {
	c := people()
	fp := c.alfa.PrimaryKey.Fingerprint
	made := func(kind byte) []byte {
		return sub(kind, binary.BigEndian.AppendUint32(nil, uint32(now.Unix()-60)))
	}
	id := sub(16, fp[12:])
	issuer := sub(33, []byte{4}, fp)
	usual := append(made(2), issuer...)
	with := func(more ...[]byte) []byte { return append(bytes.Clone(usual), bytes.Join(more, nil)...) }
	notation := func(kind byte, name, value string) []byte {
		return sub(kind, []byte{0x80, 0, 0, 0, 0, byte(len(name)), 0, byte(len(value))}, []byte(name+value))
	}
	for _, tc := range []struct {
		name             string
		hashed, unhashed []byte
		want             exchange.SignatureState
	}{
		{"as everybody writes it", usual, id, exchange.SignatureValid},
		{"issuer by key ID alone, not signed, as before RFC 9580", made(2), id, exchange.SignatureValid},
		{"issuer by key ID alone, signed", append(made(2), id...), nil, exchange.SignatureValid},
		{"issuer fingerprint not signed", made(2), issuer, exchange.SignatureValid},
		{"everything critical", append(append(made(2|critical), sub(33|critical, []byte{4}, fp)...), sub(16|critical, fp[12:])...), nil, exchange.SignatureValid},
		{"unknown, not critical", with(sub(59, []byte("x"))), id, exchange.SignatureValid},
		{"unknown, critical", with(sub(59|critical, []byte("x"))), id, exchange.SignatureIsInvalid},
		{"for experiments, not critical", with(sub(105, []byte("x"))), id, exchange.SignatureValid},
		{"for experiments, critical", with(sub(105|critical, []byte("x"))), id, exchange.SignatureIsInvalid},
		{"unknown and critical where it is not signed", usual, append(bytes.Clone(id), sub(59|critical, []byte("x"))...), exchange.SignatureValid},
		{"policy", with(sub(26, []byte("https://a.example/"))), id, exchange.SignatureValid},
		{"policy, critical", with(sub(26|critical, []byte("https://a.example/"))), id, exchange.SignatureValid},
		{"notation", with(notation(20, "a@b.example", "c")), id, exchange.SignatureValid},
		{"notation, critical", with(notation(20|critical, "a@b.example", "c")), id, exchange.SignatureIsInvalid},
		{"notation, critical, where it is not signed", usual, append(bytes.Clone(id), notation(20|critical, "a@b.example", "c")...), exchange.SignatureValid},
		{"signer's user ID", with(sub(28, []byte("alfa@alfa.example"))), id, exchange.SignatureValid},
		{"lifetime over, where it is not signed", usual, append(bytes.Clone(id), sub(3, []byte{0, 0, 0, 1})...), exchange.SignatureValid},
		{"lifetime over", with(sub(3, []byte{0, 0, 0, 1})), id, exchange.SignatureExpired},
		{"no time of signing", issuer, id, exchange.SignatureIsInvalid},
		{"time of signing not signed", issuer, append(made(2), id...), exchange.SignatureIsInvalid},
		{"no issuer at all", made(2), nil, exchange.SignatureIsInvalid},
		{"fingerprint of another key beside the right key ID", append(made(2), sub(33, []byte{4}, fp[1:], []byte{0})...), id, exchange.SignatureUnknownSigner},
		{"another key's ID where it is not signed", usual, sub(16, c.beta.PrimaryKey.Fingerprint[12:]), exchange.SignatureValid},
		{"cut off", with([]byte{9, 16, 1}), id, exchange.SignatureIsInvalid},
		{"of length zero", with([]byte{0}), id, exchange.SignatureIsInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := open(t, mail(pgpMIME(toUs(append(literal(entity()), handSigned(entity(), 0, tc.hashed, tc.unhashed)...)))))
			checkInvariants(t, o)
			if o.Security.Signature != tc.want {
				t.Errorf("%+v", o.Security)
			}
		})
	}
	for _, kind := range []byte{0x02, 0x10, 0x13, 0x18, 0x1f, 0x20, 0x40, 0x50} {
		o := open(t, mail(pgpMIME(toUs(append(literal(entity()), handSigned(entity(), kind, usual, id)...)))))
		if o.Security.Signature != exchange.SignatureIsInvalid {
			t.Errorf("a signature of type %#x over a document: %+v", kind, o.Security)
		}
	}
}

// TestPacketsBeside: unknown packets that are not critical mean nothing wherever
// they stand, critical ones make the message malformed (RFC 9580 section 4.3.1).
func TestPacketsBeside(t *testing.T) {
	signed := by(people().alfa).message(entity())
	sealed := toUs(signed)
	marker, padding := pkt(10, []byte("PGP")), pkt(21, []byte("some padding"))
	for name, x := range map[string][]byte{"marker": marker, "padding": padding, "unknown 40": pkt(40, []byte("x")), "unknown 59": pkt(59, []byte("x")), "private 63": pkt(63, []byte("x"))} {
		for where, m := range map[string][]byte{
			"before what is sealed": append(bytes.Clone(x), sealed...), "after what is sealed": append(bytes.Clone(sealed), x...),
			"inside, before": toUs(append(bytes.Clone(x), signed...)), "inside, after": toUs(append(bytes.Clone(signed), x...)),
			"inside, before the signature": toUs(bytes.Join([][]byte{literal(entity()), x, by(people().alfa).packet(entity())}, nil)),
			"beside what is compressed":    toUs(append(zipped(signed), x...)),
		} {
			for form, raw := range map[string]string{"PGP/MIME": pgpMIME(m), "file": attachment("mail.pgp", m)} {
				o := open(t, mail(raw))
				if s := o.Security; s.DecryptError != "" || s.Signature != exchange.SignatureValid || !holds(o, report) {
					t.Errorf("%s %s, %s: %+v", name, where, form, s)
				}
			}
		}
	}
	for _, tag := range []byte{0, 12, 15, 22, 39} {
		x := pkt(tag, []byte("x"))
		for where, m := range map[string][]byte{"after what is sealed": append(bytes.Clone(sealed), x...),
			"inside, before": toUs(append(bytes.Clone(x), signed...)), "inside, after": toUs(append(bytes.Clone(signed), x...))} {
			if o := open(t, mail(pgpMIME(m))); o.Security.DecryptError == "" || o.Payload != nil {
				t.Errorf("packet %d %s: %+v", tag, where, o.Security)
			}
		}
	}
}
