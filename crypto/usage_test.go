package crypto_test

import (
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"almasu/crypto"
	"almasu/exchange"
)

// TestKeyUsage: a signature counts only if its key is made for signing; a
// subkey must say so, because only then its own signature of the primary key
// is demanded, without which anybody could adopt a foreign subkey.
func TestKeyUsage(t *testing.T) {
	config := &packet.Config{Time: func() time.Time { return now.AddDate(-1, 0, 0) }, Algorithm: packet.PubKeyAlgoEdDSA, Curve: packet.Curve25519}
	primary := func(edit func(*packet.Signature)) *openpgp.Entity {
		e := freshKey(t, "usage", now.AddDate(-1, 0, 0), 0)
		for _, id := range e.Identities {
			s := id.SelfCertifications[0].Packet
			edit(s)
			if err := s.SignUserId(id.UserId.Id, e.PrimaryKey, e.PrivateKey, config); err != nil {
				t.Fatal(err)
			}
		}
		return e
	}
	sub := func(edit func(*packet.Signature)) *openpgp.Entity {
		e := freshKey(t, "usage", now.AddDate(-1, 0, 0), 0)
		if err := e.AddSigningSubkey(config); err != nil {
			t.Fatal(err)
		}
		s := e.Subkeys[1].Bindings[0].Packet
		edit(s)
		if err := s.SignKey(e.Subkeys[1].PublicKey, e.PrivateKey, config); err != nil {
			t.Fatal(err)
		}
		return e
	}
	for _, tc := range []struct {
		name string
		key  *openpgp.Entity
		sub  bool
		want exchange.SignatureState
	}{
		{"primary key for signing", primary(func(*packet.Signature) {}), false, exchange.SignatureValid},
		{"primary key for certification only", primary(func(s *packet.Signature) { s.FlagSign = false }), false, exchange.SignatureIsInvalid},
		{"primary key without flags, as old gpg made them", primary(func(s *packet.Signature) { s.FlagsValid, s.FlagSign, s.FlagCertify = false, false, false }), false, exchange.SignatureValid},
		{"subkey for signing", sub(func(*packet.Signature) {}), true, exchange.SignatureValid},
		{"subkey for authentication", sub(func(s *packet.Signature) { s.FlagSign, s.FlagAuthenticate, s.EmbeddedSignature = false, true, nil }), true, exchange.SignatureIsInvalid},
		{"subkey without flags", sub(func(s *packet.Signature) { s.FlagsValid, s.FlagSign, s.EmbeddedSignature = false, false, nil }), true, exchange.SignatureIsInvalid},
		{"subkey for signing that did not sign the primary key", sub(func(s *packet.Signature) { s.EmbeddedSignature = nil }), true, exchange.SignatureIsInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ring, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "self", Data: people().selfFile.private},
				{Owner: "peer", File: "peer", Data: publicOf(t, tc.key)}}})
			if err != nil {
				t.Fatal(err)
			}
			signer := *tc.key
			if tc.sub {
				signer.PrivateKey = tc.key.Subkeys[1].PrivateKey
			}
			o, err := crypto.Open(mail(pgpMIME(toUs(by(&signer).message(entity())))), ring, crypto.Limits{}, now)
			if err != nil || o.Security.Signature != tc.want {
				t.Errorf("%v %+v", err, o.Security)
			}
		})
	}
}
