package crypto_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"almasu/crypto"
	"almasu/exchange"
)

// made is a key made by us.
type made struct {
	private, public []byte
	fingerprint     string
}

func make25519(t *testing.T, address string, at time.Time) made {
	t.Helper()
	private, public, fp, err := crypto.NewOpenPGP(address, address, nil, at, 0)
	if err != nil {
		t.Fatal(err)
	}
	return made{private, public, fp}
}

func ringOf(t *testing.T, files ...crypto.KeyFile) *crypto.Keyring {
	t.Helper()
	ring, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: files})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func ownFile(m made) crypto.KeyFile {
	return crypto.KeyFile{Owner: exchange.SelfSigner, File: "own", Data: m.private}
}

// The key listed first signs, whatever its age; both open.
func TestFirstListedKeySigns(t *testing.T) {
	old, young := make25519(t, "us@x.example", now.AddDate(-2, 0, 0)), make25519(t, "us@x.example", now.AddDate(0, 0, -1))
	for _, order := range [][]made{{old, young}, {young, old}} {
		ring := ringOf(t, ownFile(order[0]), ownFile(order[1]))
		s, err := crypto.Seal([]byte(entity()), exchange.SelfSigner, ring, now)
		if err != nil {
			t.Fatal(err)
		}
		if o, _ := crypto.Open(join(s), ring, crypto.Limits{}, now); o.Security.Signer != order[0].fingerprint {
			t.Errorf("signed by %s, want %s", o.Security.Signer, order[0].fingerprint)
		}
	}
}

// Whatever of our keys a message is for, and whether or not it says so.
func TestSeveralOwnKeys(t *testing.T) {
	var own []made
	files := []crypto.KeyFile{{Owner: "soc-alfa", File: "alfa", Data: people().alfaFile.public}}
	for i := range 3 {
		m := make25519(t, "us@x.example", now.AddDate(-3+i, 0, 0))
		own, files = append(own, m), append(files, ownFile(m))
	}
	rsa, _, _, err := crypto.NewOpenPGPRSA(2048, "us", "us@x.example", nil, now.AddDate(-4, 0, 0), 0)
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, crypto.KeyFile{Owner: exchange.SelfSigner, File: "rsa", Data: rsa})
	ring := ringOf(t, files...)
	private := [][]byte{rsa}
	for _, m := range own {
		private = append(private, m.private)
	}
	for i, p := range private {
		for _, others := range [][]*openpgp.Entity{nil, {people().beta}, {people().beta, people().stranger}} {
			named := encryptedTo(by(people().alfa).message(entity()), append(others, entityOf(p))...)
			for name, message := range map[string][]byte{"named": named, "hidden": hidden(named)} {
				o, err := crypto.Open(mail(pgpMIME(message)), ring, crypto.Limits{}, now)
				if err != nil || o.Security.Signature != exchange.SignatureValid || !holds(o, report) {
					t.Errorf("key %d, %s, %d others: %v %+v", i, name, len(others), err, o.Security)
				}
			}
		}
	}
}

// hidden blanks the key IDs of the session key packets.
func hidden(message []byte) []byte {
	out := bytes.Clone(message)
	for b := out; b[0] == 0xc1; {
		_, body := cutPacket(b)
		clear(body[1:9])
		b = b[headOf(b)+len(body):]
	}
	return out
}

// headOf is the length of a packet header of new format, of one or two octets of length.
func headOf(b []byte) int {
	if b[1] < 192 {
		return 2
	}
	return 3
}

func TestUnprovenKeyVerifiesAndIsNotSealedTo(t *testing.T) {
	us, old, young := make25519(t, "us@x.example", now.AddDate(-1, 0, 0)), make25519(t, "a@x.example", now.AddDate(-1, 0, 0)), make25519(t, "a@x.example", now.AddDate(0, 0, -1))
	oldFile := crypto.KeyFile{Owner: "soc-alfa", File: "file", Data: old.public}
	newFile := crypto.KeyFile{Owner: "soc-alfa", File: "change 1", Data: young.public, Unproven: true, Spare: true}
	ring := ringOf(t, ownFile(us), oldFile, newFile)
	if got := ring.SealsTo("soc-alfa", now); got != old.fingerprint {
		t.Errorf("sealed to %s", got)
	}
	theirs := ringOf(t, ownFile(young), crypto.KeyFile{Owner: "us", File: "us", Data: us.public})
	s, err := crypto.Seal([]byte(entity()), "us", theirs, now)
	if err != nil {
		t.Fatal(err)
	}
	if o, _ := crypto.Open(join(s), ring, crypto.Limits{}, now); o.Security.Signature != exchange.SignatureValid || o.Security.Owner != "soc-alfa" || o.Security.Signer != young.fingerprint {
		t.Errorf("%+v", o.Security)
	}
	ping, err := crypto.SealTo([]byte(entity()), "soc-alfa", young.fingerprint, ring, now)
	if err != nil {
		t.Fatal(err)
	}
	if o, _ := crypto.Open(join(ping), theirs, crypto.Limits{}, now); o.Security.Signature != exchange.SignatureValid || !o.Security.IntendedForUs {
		t.Errorf("%+v", o.Security)
	}
	if _, err := crypto.SealTo([]byte(entity()), "soc-alfa", us.fingerprint, ring, now); err == nil {
		t.Error("sealed to a key of somebody else")
	}
	alone := ringOf(t, ownFile(us), newFile)
	if err := alone.CanSeal("soc-alfa", now); err == nil || !strings.Contains(err.Error(), "ping") || alone.SealsTo("soc-alfa", now) != "" {
		t.Errorf("%v", err)
	}
	both := ringOf(t, ownFile(us), oldFile, crypto.KeyFile{Owner: "soc-alfa", File: "by hand", Data: young.public}, newFile)
	if got := both.SealsTo("soc-alfa", now); got != young.fingerprint {
		t.Errorf("a key in a file needs no proof: sealed to %s", got)
	}
}

// An approved change must never keep the gateway from starting.
func TestSpareKeyGivesWay(t *testing.T) {
	us, alfa := make25519(t, "us@x.example", now.AddDate(-1, 0, 0)), make25519(t, "a@x.example", now.AddDate(-1, 0, 0))
	for name, data := range map[string][]byte{"ours": us.public, "of another": alfa.public, "garbage": []byte("x")} {
		ring := ringOf(t, ownFile(us), crypto.KeyFile{Owner: "soc-alfa", File: "file", Data: alfa.public},
			crypto.KeyFile{Owner: "soc-beta", File: "change 7", Data: data, Spare: true})
		if out := ring.LeftOut(); len(out) != 1 || !strings.Contains(out[0].Error(), "change 7") || len(ring.Keys()) != 2 {
			t.Errorf("%s: %v, %d keys", name, out, len(ring.Keys()))
		}
	}
	revoked, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{ownFile(us),
		{Owner: "soc-alfa", File: "change 7", Data: alfa.public, Spare: true}}, Revoked: map[string][]string{"soc-alfa": {alfa.fingerprint}}})
	if err != nil || revoked.CanSeal("soc-alfa", now) == nil || !revoked.Keys()[1].Revoked {
		t.Errorf("a key listed under revoked was taken: %v", err)
	}
}

func TestReadPublic(t *testing.T) {
	a, b := make25519(t, "a@x.example", now), make25519(t, "b@x.example", now)
	if k, err := crypto.ReadPublic(a.public); err != nil || k.Fingerprint != a.fingerprint || k.Algorithm != "ed25519" || !strings.Contains(k.UserID, "a@x.example") {
		t.Errorf("%+v %v", k, err)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{"private": {a.private, "private"}, "two": {append(append([]byte{}, a.public...), b.public...), "2 keys"}, "none": {nil, "no OpenPGP key"}} {
		if _, err := crypto.ReadPublic(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
