package cms

import (
	"bytes"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"math/big"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// Identifier names a certificate: by issuer and serial number, or by the
// subject key identifier.
type Identifier struct {
	Issuer []byte   // the encoded name; nil where KeyID is set
	Serial *big.Int // nil where KeyID is set
	KeyID  []byte
}

// readIssuerSerial reads an IssuerAndSerialNumber (RFC 5652 section 10.2.4).
func readIssuerSerial(r *ber.Reader) Identifier {
	in := r.Enter(ber.Sequence)
	issuer := in.Element(ber.Sequence)
	id := Identifier{Serial: in.Big()}
	in.End()
	if r.Err() == nil {
		var err error
		if id.Issuer, err = ber.DER(issuer.Raw); err != nil {
			r.Fail(err)
		}
	}
	return id
}

// Matches says whether the certificate bears the name. A certificate without
// the extension is known by the SHA-1 of its key (RFC 5280 section 4.2.1.2).
func (id Identifier) Matches(cert *x509.Certificate) bool {
	if id.KeyID == nil {
		return id.Serial != nil && id.Serial.Cmp(cert.SerialNumber) == 0 && bytes.Equal(id.Issuer, cert.RawIssuer)
	}
	return bytes.Equal(id.KeyID, keyID(cert))
}

// sameSerial is for senders that encode the issuer's name in another way: good
// enough to try a key of ours, never to find a signer.
func (id Identifier) sameSerial(cert *x509.Certificate) bool {
	return id.Serial != nil && id.Serial.Sign() > 0 && id.Serial.Cmp(cert.SerialNumber) == 0
}

func keyID(cert *x509.Certificate) []byte {
	if len(cert.SubjectKeyId) > 0 {
		return cert.SubjectKeyId
	}
	key, err := algid.KeyOf(cert)
	if err != nil {
		return nil
	}
	sum := sha1.Sum(key.Bits)
	return sum[:]
}

// String is for people: hexadecimal, the issuer as a name where it can be read.
func (id Identifier) String() string {
	if id.KeyID != nil {
		return "key " + hex.EncodeToString(id.KeyID)
	}
	if id.Serial == nil {
		return "nobody"
	}
	return fmt.Sprintf("serial %x of %s", id.Serial, issuerName(id.Issuer))
}

// identify names a certificate in a message of ours.
func identify(cert *x509.Certificate, byKeyID bool) (Identifier, error) {
	if !byKeyID {
		return Identifier{Issuer: cert.RawIssuer, Serial: cert.SerialNumber}, nil
	}
	if len(cert.SubjectKeyId) == 0 {
		return Identifier{}, fmt.Errorf("the certificate of %q has no subject key identifier to be named by", cert.Subject)
	}
	return Identifier{KeyID: cert.SubjectKeyId}, nil
}

// node writes an IssuerAndSerialNumber, or the key identifier under [0].
func (id Identifier) node() ber.Node {
	if id.KeyID != nil {
		return ber.Implicit(0, id.KeyID)
	}
	return ber.Seq(ber.Raw(id.Issuer), ber.Big(id.Serial))
}
