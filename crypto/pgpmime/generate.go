package pgpmime

import (
	"bytes"
	gocrypto "crypto"
	"fmt"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/s2k"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
)

// NewKey says what key to make.
type NewKey struct {
	Name, Address string
	Passphrase    []byte // empty: the private part is not locked
	Created       time.Time
	Lifetime      time.Duration // 0: no end
	RSABits       int           // 0: Ed25519 and X25519
}

// Generate makes a version 4 key with one encryption subkey, in the packets
// gpg 2.2 reads (EdDSA and ECDH of RFC 9580 section 9.2, not the newer Ed25519
// and X25519 types). Both parts come armored.
func (n NewKey) Generate() (private, public []byte, fp string, err error) {
	if strings.ContainsAny(n.Name+n.Address, "()<>\x00\r\n") {
		return nil, nil, "", fmt.Errorf("name %q and address %q must not contain ()<> or line ends", n.Name, n.Address)
	}
	config := libraryConfig(n.Created)
	config.KeyLifetimeSecs = uint32(n.Lifetime / time.Second)
	config.Algorithm, config.Curve = packet.PubKeyAlgoEdDSA, packet.Curve25519
	if n.RSABits != 0 {
		if n.RSABits < 2048 || n.RSABits > 8192 {
			return nil, nil, "", fmt.Errorf("an RSA key of %d bits: it must have 2048 to 8192", n.RSABits)
		}
		config.Algorithm, config.RSABits = packet.PubKeyAlgoRSA, n.RSABits
	}
	config.S2KConfig = &s2k.Config{S2KMode: s2k.IteratedSaltedS2K, Hash: gocrypto.SHA256, S2KCount: 65011712}
	e, err := openpgp.NewEntity(n.Name, "", n.Address, config)
	if err != nil {
		return nil, nil, "", err
	}
	var pub, priv bytes.Buffer
	if err := e.Serialize(&pub); err != nil {
		return nil, nil, "", err
	}
	if len(n.Passphrase) > 0 {
		if err := e.EncryptPrivateKeys(n.Passphrase, config); err != nil {
			return nil, nil, "", err
		}
	}
	if err := e.SerializePrivateWithoutSigning(&priv, config); err != nil {
		return nil, nil, "", err
	}
	return armor(blockPrivate, priv.Bytes()), armor(blockPublic, pub.Bytes()), fingerprint(e.PrimaryKey), nil
}
