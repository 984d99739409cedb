// Package testmail makes participants with keys, and mail from them, good and
// bad, for tests and for trying `almasu explain` by hand.
//
// It owns the table of what must become of each message: outcome and code as
// the design states them. It is an oracle, so it imports nothing of the rooms
// it judges: what a real partner can send is made by gpg on the command line,
// what only an attacker would send is put together packet by packet. It
// refuses to guess: a message whose fate the design leaves open is no case.
package testmail

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"almasu/exchange"
	"almasu/internal/testpeer"
)

// SelfID is the participant that receives the cases.
const SelfID = "nccis"

// Passphrase guards every private key of a world.
const Passphrase = "almasu test"

// World is a set of participants with their keys at one moment. All private
// keys lie in one GnuPG home; keys made by go-crypto are imported there.
type World struct {
	Now     time.Time // when the cases are sent; signatures are a minute older
	People  []*Person
	gpg     *testpeer.GnuPG
	scratch string
	built   map[string][]byte // messages that other cases are made from

	kept      map[string][]byte // signed entities that attacks seal anew
	authority authorities
}

// Person is a participant, or a stranger who is none.
type Person struct {
	ID        string
	Kind      exchange.ParticipantKind // "" is a stranger
	Name      string
	Addresses []string
	FQDN      string
	BIN       string
	Phone     string
	Language  exchange.Language
	// Extra lines of the participant's file.
	Extra string
	// Keys in the order they stand in the file; the first is the one letters
	// are sealed to and, unless a case says otherwise, signed with.
	Keys []*Key
	// Certificates, once the world is certified.
	Certificates []*Certificate
}

// Key is one OpenPGP key with everything the cases need of it.
type Key struct {
	Role        string // "current", "expired", "revoked", "listed"
	Fingerprint string // upper-case hex
	Algorithm   string // "ed25519", "rsa3072"
	Maker       string // "gpg" or "go-crypto"
	Public      []byte // armoured, as registered
	Private     []byte // armoured, guarded by Passphrase

	unlocked *openpgp.Entity
}

// Address is where letters to the person go.
func (p *Person) Address() string { return p.Addresses[0] }

// Key returns the person's key in a role, nil if there is none.
func (p *Person) Key(role string) *Key {
	for _, k := range p.Keys {
		if k.Role == role {
			return k
		}
	}
	return nil
}

// people is the cast, in the order of the register.
func people() []*Person {
	return []*Person{
		{ID: SelfID, Kind: exchange.KindNCCIS, Name: "NCCIS", Addresses: []string{"exchange@nccis.example"},
			FQDN: "nccis.example", BIN: "000000000018", Phone: "+77170000001", Language: exchange.Kazakh},
		{ID: "soc-alfa", Kind: exchange.KindSOC, Name: "SOC Alfa",
			Addresses: []string{"exchange@soc-alfa.example", "duty@soc-alfa.example"},
			FQDN:      "soc-alfa.example", BIN: "000000000028", Phone: "+77170000002", Language: exchange.Russian},
		{ID: "soc-beta", Kind: exchange.KindSOC, Name: "SOC Beta", Addresses: []string{"exchange@soc-beta.example"},
			FQDN: "soc-beta.example", BIN: "000000000038", Phone: "+77170000003", Language: exchange.Kazakh},
		{ID: "soc-gamma", Kind: exchange.KindSOC, Name: "SOC Gamma", Addresses: []string{"exchange@soc-gamma.example"},
			FQDN: "soc-gamma.example", BIN: "000000000048", Phone: "+77170000004", Language: exchange.English},
		{ID: "soc-delta", Kind: exchange.KindSOC, Name: "SOC Delta", Addresses: []string{"exchange@soc-delta.example"},
			FQDN: "soc-delta.example", BIN: "000000000058", Phone: "+77170000005", Language: exchange.English,
			Extra: "unbound: accept\nouter_signature: accept\n"},
		{ID: "knb", Kind: exchange.KindNationalSecurity, Name: "National security body",
			Addresses: []string{"duty@knb.example"}, FQDN: "knb.example", Language: exchange.Kazakh},
		{ID: "prosecutor", Kind: exchange.KindProsecution, Name: "Prosecution body",
			Addresses: []string{"duty@prosecutor.example"}, FQDN: "prosecutor.example", Language: exchange.Russian},
		{ID: "stranger", Name: "Stranger", Addresses: []string{"someone@elsewhere.example"}},
	}
}

// NewWorld makes the cast and its keys under a folder with a short path (the
// agent's sockets stand in it). Close stops the agent; the caller removes the
// folder.
func NewWorld(dir string, now time.Time) (*World, error) {
	home := filepath.Join(dir, "h")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, fmt.Errorf("make the GnuPG home: %w", err)
	}
	gpg, err := testpeer.OpenGnuPG(home)
	if err != nil {
		return nil, err
	}
	w := &World{Now: now.UTC().Truncate(time.Second), People: people(), gpg: gpg, scratch: dir, built: map[string][]byte{}, kept: map[string][]byte{}}
	if err := w.makeKeys(); err != nil {
		_ = gpg.Close() // the first error says more
		return nil, err
	}
	return w, nil
}

// Close stops the world's gpg-agent and waits for it.
func (w *World) Close() error { return w.gpg.Close() }

// GnuPG is the home with every private key, for opening what Almasu sends.
func (w *World) GnuPG() *testpeer.GnuPG { return w.gpg }

// Person returns one of the cast; an unknown id is a mistake in the test.
func (w *World) Person(id string) *Person {
	for _, p := range w.People {
		if p.ID == id {
			return p
		}
	}
	panic("testmail: there is no person " + id)
}
