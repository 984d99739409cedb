package pki

import (
	"bytes"
	gocrypto "crypto"
	"crypto/hmac"
	"crypto/x509"
	"fmt"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// Object identifiers of PKCS#12 (RFC 7292) and what it is made of.
const (
	idData          = "1.2.840.113549.1.7.1"
	idEncryptedData = "1.2.840.113549.1.7.6"
	idBags          = "1.2.840.113549.1.12.10.1."
	idX509          = "1.2.840.113549.1.9.22.1"
	idX509CRL       = "1.2.840.113549.1.9.23.1"
	idLocalKey      = "1.2.840.113549.1.9.21"
	maxNesting      = 4 // SafeContents inside SafeContents
)

// PKCS12 reads a PFX (RFC 7292) with password integrity, DER or BER. The MAC is
// checked over the bytes as they stand. Errors: ErrPassphrase, ErrNoMAC,
// ErrMalformed, ErrUnsupported, ErrTooLarge.
func PKCS12(file, passphrase []byte) (Store, error) {
	r := ber.NewReader(file)
	in := r.Enter(ber.Sequence)
	in.Int()
	safe := readData(in.Enter(ber.Sequence))
	var protection mac
	if in.More() {
		protection = readMAC(in.Enter(ber.Sequence))
	}
	in.End()
	r.End()
	if err := r.Err(); err != nil {
		return Store{}, fmt.Errorf("%w: PKCS#12: %w", ErrMalformed, err)
	}
	if err := protection.check(safe, passphrase); err != nil {
		return Store{}, fmt.Errorf("PKCS#12: %w", err)
	}
	b := bags{passphrase: passphrase, byID: map[string][][]byte{}}
	for list := ber.NewReader(safe).Enter(ber.Sequence); list.More() || list.Err() != nil; {
		if err := b.safe(list.Enter(ber.Sequence)); err != nil {
			return Store{}, fmt.Errorf("PKCS#12: %w", err)
		}
		if list.Err() != nil {
			return Store{}, fmt.Errorf("%w: PKCS#12: %w", ErrMalformed, list.Err())
		}
	}
	for i, k := range b.store.Keys {
		b.store.Keys[i].ids = b.byID[string(k.LocalID)]
	}
	return b.store, nil
}

// readData reads a ContentInfo of type data.
func readData(in *ber.Reader) []byte {
	if id := in.OID(); id != idData && in.Err() == nil {
		in.Fail(fmt.Errorf("%w: content %s", ErrUnsupported, id))
	}
	content := in.Enter(ber.Context(0))
	data := content.Octets()
	content.End()
	in.End()
	return data
}

// mac is MacData (RFC 7292 section 4).
type mac struct {
	algorithm    algid.Algorithm
	digest, salt []byte
	iterations   int
}

func readMAC(in *ber.Reader) mac {
	info := in.Enter(ber.Sequence)
	m := mac{algorithm: algid.Read(info, ber.Sequence), digest: info.Octets(), iterations: 1}
	info.End()
	m.salt = in.Octets()
	if in.More() {
		m.iterations = in.Int()
	}
	in.End()
	return m
}

// check compares the MAC; with an empty passphrase both ways of writing one are
// tried.
func (m mac) check(content, passphrase []byte) error {
	if m.digest == nil {
		return ErrNoMAC
	}
	if m.algorithm.ID == idPBMAC1 {
		return m.checkPBMAC1(content, passphrase)
	}
	hash, err := algid.Digest(m.algorithm)
	if err != nil {
		return err
	}
	if m.iterations < 1 || m.iterations > maxIterations {
		return fmt.Errorf("%w: %d iterations", ErrTooLarge, m.iterations)
	}
	for _, secret := range spellings(passphrase) {
		key := derivePKCS12(hash, secret, m.salt, 3, m.iterations, hash.Size())
		if hmac.Equal(sumMAC(hash, key, content), m.digest) {
			return nil
		}
	}
	return ErrPassphrase
}

func sumMAC(hash gocrypto.Hash, key, content []byte) []byte {
	h := hmac.New(hash.New, key)
	h.Write(content)
	return h.Sum(nil)
}

// bags collects what the SafeBags hold.
type bags struct {
	passphrase []byte
	store      Store
	byID       map[string][][]byte // local identifier -> certificates
	count      int
	encrypted  int
}

// safe reads one ContentInfo of the AuthenticatedSafe.
func (b *bags) safe(in *ber.Reader) error {
	var contents []byte
	switch id := in.OID(); {
	case in.Err() != nil:
		return fmt.Errorf("%w: %w", ErrMalformed, in.Err())
	case id == idData:
		contents = in.Enter(ber.Context(0)).Octets()
	case id == idEncryptedData:
		data := in.Enter(ber.Context(0)).Enter(ber.Sequence)
		data.Int()
		inner := data.Enter(ber.Sequence)
		inner.OID()
		algorithm := algid.Read(inner, ber.Sequence)
		encrypted := inner.OctetsAs(ber.Context(0))
		if in.Err() != nil {
			return fmt.Errorf("%w: encrypted data: %w", ErrMalformed, in.Err())
		}
		err := b.another()
		if err != nil {
			return err
		}
		if contents, err = decryptPBE(algorithm, encrypted, b.passphrase); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%w: a safe of type %s", ErrUnsupported, id)
	}
	if in.Err() != nil {
		return fmt.Errorf("%w: a safe: %w", ErrMalformed, in.Err())
	}
	return b.contents(ber.NewReader(contents), 0)
}

// another counts what costs a key derivation.
func (b *bags) another() error {
	if b.encrypted++; b.encrypted > maxEncrypted {
		return fmt.Errorf("%w: more than %d encrypted items", ErrTooLarge, maxEncrypted)
	}
	return nil
}

// contents reads SafeContents (RFC 7292 section 4.2).
func (b *bags) contents(r *ber.Reader, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("%w: safes inside safes", ErrTooLarge)
	}
	for list := r.Enter(ber.Sequence); list.More(); {
		if b.count++; b.count > maxItems {
			return fmt.Errorf("%w: more than %d items", ErrTooLarge, maxItems)
		}
		bag := list.Enter(ber.Sequence)
		kind, value := bag.OID(), bag.Enter(ber.Context(0))
		local := localID(bag)
		if r.Err() != nil {
			break
		}
		if err := b.bag(kind, value, local, depth); err != nil {
			return err
		}
	}
	if r.Err() != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, r.Err())
	}
	return nil
}

// localID is the localKeyId among the attributes of a bag.
func localID(bag *ber.Reader) (id []byte) {
	if !bag.More() {
		return nil
	}
	for attributes := bag.Enter(ber.Set); attributes.More(); {
		one := attributes.Enter(ber.Sequence)
		name, values := one.OID(), one.Enter(ber.Set)
		if name == idLocalKey && values.Is(ber.OctetString) {
			id = values.Octets()
		}
	}
	return id
}

func (b *bags) bag(kind string, value *ber.Reader, local []byte, depth int) error {
	switch kind {
	case idBags + "1", idBags + "2":
		open := parsePKCS8
		if kind == idBags+"2" {
			if err := b.another(); err != nil {
				return err
			}
			open = func(raw []byte) (PrivateKey, error) { return openPKCS8(raw, b.passphrase) }
		}
		key, err := open(value.Any().Raw)
		if err != nil {
			return err
		}
		key.LocalID = bytes.Clone(local)
		b.store.Keys = append(b.store.Keys, key)
	case idBags + "3", idBags + "4":
		in := value.Enter(ber.Sequence)
		id, body := in.OID(), in.Enter(ber.Context(0)).Octets()
		switch {
		case value.Err() != nil:
			return fmt.Errorf("%w: a certificate: %w", ErrMalformed, value.Err())
		case id == idX509CRL:
			b.store.CRLs = append(b.store.CRLs, body)
		case id == idX509:
			cert, err := x509.ParseCertificate(body)
			if err != nil {
				return fmt.Errorf("%w: %w", ErrMalformed, err)
			}
			b.store.Certificates = append(b.store.Certificates, cert)
			if local != nil {
				b.byID[string(local)] = append(b.byID[string(local)], cert.Raw)
			}
		}
	case idBags + "6":
		return b.contents(value, depth+1)
	}
	return nil // secrets of other kinds
}
