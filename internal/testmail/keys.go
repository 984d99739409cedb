package testmail

import (
	"bytes"
	"crypto"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"almasu/internal/testpeer"
)

// makeKeys gives every person a key that is two years old, and SOC Alfa the
// keys that must not be taken.
func (w *World) makeKeys() error {
	born := w.Now.AddDate(-2, 0, 0)
	for _, p := range w.People {
		if err := w.makeKey(p, "current", born); err != nil {
			return fmt.Errorf("make the key of %s: %w", p.ID, err)
		}
	}
	alfa := w.Person("soc-alfa")
	for _, role := range []string{"expired", "revoked", "listed"} {
		if err := w.makeKey(alfa, role, born); err != nil {
			return fmt.Errorf("make the %s key of %s: %w", role, alfa.ID, err)
		}
	}
	return w.revoke(alfa.Key("revoked"))
}

// makeKey makes one key as its person would: SOC Beta with go-crypto, all
// others with gpg, SOC Gamma an RSA one.
func (w *World) makeKey(p *Person, role string, born time.Time) error {
	uid := fmt.Sprintf("%s (%s) <%s>", p.Name, role, p.Address())
	key := &Key{Role: role, Algorithm: "ed25519", Maker: "gpg"}
	p.Keys = append(p.Keys, key)
	switch p.ID {
	case "soc-beta":
		key.Maker = "go-crypto"
		return w.makeWithGoCrypto(key, p, born)
	case "soc-gamma":
		key.Algorithm = "rsa3072"
	}
	expires := "never"
	if role == "expired" {
		expires = w.Now.Add(-time.Hour).Format("20060102T150405")
	}
	return w.makeWithGnuPG(key, uid, born, expires)
}

func (w *World) makeWithGnuPG(key *Key, uid string, born time.Time, expires string) error {
	g := w.gpg.WithTime(born)
	_, status, err := g.Status(nil, Passphrase, "--quick-generate-key", uid, key.Algorithm, "sign,cert", expires)
	if err != nil {
		return err
	}
	for _, line := range status {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "KEY_CREATED" {
			key.Fingerprint = f[2]
		}
	}
	encryption := strings.Replace(key.Algorithm, "ed25519", "cv25519", 1)
	if _, err := g.Run(nil, Passphrase, "--quick-add-key", key.Fingerprint, encryption, "encr", expires); err != nil {
		return err
	}
	return w.export(key)
}

// export takes both halves of a key out of the home.
func (w *World) export(key *Key) (err error) {
	if key.Public, err = w.gpg.Run(nil, "", "--armor", "--export", key.Fingerprint); err != nil {
		return err
	}
	key.Private, err = w.gpg.Run(nil, Passphrase, "--armor", "--export-secret-keys", key.Fingerprint)
	return err
}

func (w *World) makeWithGoCrypto(key *Key, p *Person, born time.Time) error {
	config := &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Curve: packet.Curve25519, DefaultHash: crypto.SHA256,
		Time: func() time.Time { return born }}
	e, err := openpgp.NewEntity(p.Name, key.Role, p.Address(), config)
	if err != nil {
		return err
	}
	key.Fingerprint = fmt.Sprintf("%X", e.PrimaryKey.Fingerprint)
	if err := e.EncryptPrivateKeys([]byte(Passphrase), config); err != nil {
		return err
	}
	if key.Private, err = armored(openpgp.PrivateKeyType, func(to io.Writer) error {
		return e.SerializePrivateWithoutSigning(to, config)
	}); err != nil {
		return err
	}
	if key.Public, err = armored(openpgp.PublicKeyType, e.Serialize); err != nil {
		return err
	}
	_, err = w.gpg.Run(key.Private, Passphrase, "--import")
	return err
}

// revoke registers the key as revoked by its owner, with the certificate gpg
// wrote when it made the key. The home itself goes on believing in it, so that
// it can sign as whoever stole it would.
func (w *World) revoke(key *Key) error {
	cert, err := os.ReadFile(filepath.Join(w.gpg.Home, "openpgp-revocs.d", key.Fingerprint+".rev"))
	if err != nil {
		return fmt.Errorf("read the revocation certificate: %w", err)
	}
	other := filepath.Join(w.scratch, "r")
	if err := os.MkdirAll(other, 0o700); err != nil {
		return fmt.Errorf("make the home that knows of the revocation: %w", err)
	}
	register, err := testpeer.OpenGnuPG(other)
	if err != nil {
		return err
	}
	defer register.Close()
	if _, err := register.Run(key.Public, "", "--import"); err != nil {
		return err
	}
	cert = bytes.Replace(cert, []byte("\n:-----BEGIN"), []byte("\n-----BEGIN"), 1)
	if _, err := register.Run(cert, "", "--trust-model", "pgp", "--import"); err != nil {
		return err
	}
	key.Public, err = register.Run(nil, "", "--armor", "--export", key.Fingerprint)
	return err
}

func armored(kind string, serialize func(io.Writer) error) ([]byte, error) {
	var b bytes.Buffer
	a, err := armor.Encode(&b, kind, nil)
	if err != nil {
		return nil, err
	}
	if err := serialize(a); err != nil {
		return nil, err
	}
	if err := a.Close(); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// entity reads a private key and unlocks it for packets made by hand.
func (k *Key) entity() (*openpgp.Entity, error) {
	if k.unlocked != nil {
		return k.unlocked, nil
	}
	list, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(k.Private))
	if err != nil {
		return nil, fmt.Errorf("read the private key %s: %w", k.Fingerprint, err)
	}
	if err := list[0].DecryptPrivateKeys([]byte(Passphrase)); err != nil {
		return nil, fmt.Errorf("unlock the private key %s: %w", k.Fingerprint, err)
	}
	k.unlocked = list[0]
	return list[0], nil
}
