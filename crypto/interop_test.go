package crypto_test

import (
	"bytes"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/internal/testpeer"
)

// What stands in a cell of the interop matrix (docs/INTEROP.md).
const (
	opens       = "opens"
	heldCipher  = "held: weak-encryption"
	heldHash    = "held: weak-signature"
	notOpened   = "held: cannot-decrypt"
	notVerified = "held: signature-invalid"
)

// deskOf is one peer of the matrix.
type deskOf struct {
	peer string
}

// theySeal opens what the peer sealed, and notes the cell.
func (d deskOf) theySeal(t *testing.T, ring *crypto.Keyring, message []byte, group, what, want string) exchange.Security {
	t.Helper()
	testpeer.Cell(t, d.peer, testpeer.TheySeal, group, what, want)
	o, err := crypto.Open(mail(attachment("mail.pgp", message)), ring, crypto.Limits{}, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	checkInvariants(t, o)
	if got := outcomeOf(o); got != want {
		t.Errorf("%s, want %s: %+v\n%s", got, want, o.Security, describePayload(o))
	}
	return o.Security
}

// outcomeOf is what the gateway makes of a message, as far as the room knows.
func outcomeOf(o crypto.Opened) string {
	s := o.Security
	switch {
	case s.WeakCipher || s.Encrypted && s.DecryptError == "" && !s.Integrity:
		return heldCipher
	case s.DecryptError != "":
		return notOpened
	case s.Signature == exchange.SignatureWeak:
		return heldHash
	case s.Signature == exchange.SignatureValid && s.Covers == exchange.CoversAll && s.Owner == "peer" && holds(o, report):
		return opens
	}
	return "held: signature-" + string(s.Signature)
}

// weSeal seals the entity to the peer and hands the armored message to open,
// which gives back what the peer reads after it has verified the signature.
func (d deskOf) weSeal(t *testing.T, ring *crypto.Keyring, group, what string, open func(armored []byte) ([]byte, error)) {
	t.Helper()
	testpeer.Cell(t, d.peer, testpeer.WeSeal, group, what, opens)
	sealed, err := crypto.Seal([]byte(entity()), "peer", ring, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	got, err := open(sealed.Body[bytes.Index(sealed.Body, []byte("-----BEGIN")):])
	if err != nil || string(got) != entity() {
		t.Errorf("%v %q", err, got)
	}
	if o, err := crypto.Open(join(sealed), ring, crypto.Limits{}, time.Now().Add(time.Minute)); err != nil || o.Security.DecryptError != "" || o.Security.Owner != exchange.SelfSigner {
		t.Errorf("our own copy: %v %+v", err, o.Security)
	}
}
