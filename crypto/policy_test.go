package crypto

import (
	"slices"
	"testing"
	"time"

	"almasu/crypto/pgpmime"
	"almasu/exchange"
)

// TestStateOf: what is wrong with the mathematics comes before what is wrong
// with the key, in the order of the refusal codes.
func TestStateOf(t *testing.T) {
	made := time.Unix(1, 0)
	for _, tc := range []struct {
		name string
		s    pgpmime.Signature
		want exchange.SignatureState
	}{
		{"valid", pgpmime.Signature{KeyID: "1", Known: true, Verified: true, Made: made}, exchange.SignatureValid},
		{"nothing is known", pgpmime.Signature{}, exchange.SignatureIsInvalid},
		{"unknown key", pgpmime.Signature{KeyID: "1", Made: made}, exchange.SignatureUnknownSigner},
		{"unknown key, weak hash", pgpmime.Signature{KeyID: "1", Made: made, WeakHash: true, Hash: "sha1"}, exchange.SignatureUnknownSigner},
		{"too old a packet, weak hash", pgpmime.Signature{WeakHash: true, Hash: "md5"}, exchange.SignatureWeak},
		{"wrong", pgpmime.Signature{KeyID: "1", Known: true, Made: made}, exchange.SignatureIsInvalid},
		{"wrong, by a revoked key", pgpmime.Signature{KeyID: "1", Known: true, Made: made, Revoked: true, Expired: true}, exchange.SignatureIsInvalid},
		{"wrong, SHA-1", pgpmime.Signature{KeyID: "1", Known: true, Made: made, WeakHash: true, Hash: "sha1"}, exchange.SignatureIsInvalid},
		{"right, SHA-1", pgpmime.Signature{KeyID: "1", Known: true, Verified: true, Made: made, WeakHash: true, Hash: "sha1"}, exchange.SignatureWeak},
		{"MD5, not computed", pgpmime.Signature{KeyID: "1", Known: true, Made: made, WeakHash: true, Hash: "md5"}, exchange.SignatureWeak},
		{"weak key, revoked", pgpmime.Signature{KeyID: "1", Known: true, Verified: true, Made: made, WeakKey: true, Revoked: true}, exchange.SignatureWeak},
		{"revoked and expired", pgpmime.Signature{KeyID: "1", Known: true, Verified: true, Made: made, Revoked: true, Expired: true}, exchange.SignatureRevoked},
		{"expired", pgpmime.Signature{KeyID: "1", Known: true, Verified: true, Made: made, Expired: true}, exchange.SignatureExpired},
	} {
		if got := stateOf(tc.s); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestBest(t *testing.T) {
	const valid, invalid, unknown = exchange.SignatureValid, exchange.SignatureIsInvalid, exchange.SignatureUnknownSigner
	mk := func(id string, state exchange.SignatureState, whole, outside bool) seen {
		return seen{signature: signature{Signer: id}, state: state, whole: whole, outside: outside}
	}
	for _, tc := range []struct {
		name     string
		all      []seen
		want     string
		findings []string
	}{
		{"none", nil, "", nil},
		{"the valid one", []seen{mk("a", invalid, true, false), mk("b", valid, true, false)}, "b", []string{"other-signature: invalid a"}},
		{"the first of two valid", []seen{mk("a", valid, true, false), mk("b", valid, true, false)}, "a", []string{"other-signature: valid b"}},
		{"the whole one", []seen{mk("a", valid, false, false), mk("b", unknown, true, false)}, "b", []string{"other-signature: valid a"}},
		{"the inside one, even if invalid", []seen{mk("a", valid, true, true), mk("b", invalid, false, false)}, "b", []string{"signature-outside", "other-signature: valid a"}},
		{"the inside one, in front", []seen{mk("b", invalid, false, false), mk("a", valid, true, true)}, "b", []string{"signature-outside", "other-signature: valid a"}},
		{"outside only", []seen{mk("a", invalid, true, true), mk("b", valid, true, true)}, "b", []string{"signature-outside", "other-signature: invalid a", "signature-outside"}},
	} {
		chosen, findings := best(tc.all)
		got := ""
		if chosen != nil {
			got = chosen.Signer
		}
		if got != tc.want || !slices.Equal(findings, tc.findings) {
			t.Errorf("%s: %q %q", tc.name, got, findings)
		}
	}
}
