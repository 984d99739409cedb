package pgpmime

import (
	"encoding/binary"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// readSignature parses a signature packet. The library refuses MD5 and
// RIPEMD-160 before it tells whose they are: the issuer is read with the hash
// number replaced. Version 3 is what old clients write (RFC 4880 section 5.2.2);
// a version 6 signature may not name a weak hash at all.
func readSignature(body []byte) (sig *packet.Signature, hash string, ok bool) {
	if len(body) < 4 {
		return nil, "", false
	}
	var suffix []byte
	if body[0] == 2 || body[0] == 3 {
		suffix, body = fromVersion3(body)
	}
	switch {
	case len(body) < 4:
		return nil, "", false
	case body[0] == 4, body[0] == 6:
		hash = hashName(body[3])
	}
	if hash == "md5" || hash == "ripemd160" {
		replaced := append([]byte{}, body...)
		replaced[3] = 8
		body = replaced
	}
	p, err := packet.Read(whole(tagSignature, body))
	if err != nil {
		return nil, hash, false
	}
	if sig, ok = p.(*packet.Signature); ok && suffix != nil {
		sig.HashSuffix = suffix
	}
	return sig, hash, ok
}

// fromVersion3 writes a version 3 signature as one of version 4, for the
// library to read, and gives what is hashed after the content instead of the
// version 4 trailer: type and time. [version, 5, type, time 4, key ID 8,
// algorithm, hash, left 2, numbers].
func fromVersion3(body []byte) (suffix, version4 []byte) {
	if len(body) < 19 || body[1] != 5 {
		return nil, nil
	}
	const creationTime, issuer = 2, 16
	v4 := []byte{4, body[2], body[15], body[16]}
	v4 = append(binary.BigEndian.AppendUint16(v4, 6), 5, creationTime)
	v4 = append(v4, body[3:7]...)
	v4 = append(binary.BigEndian.AppendUint16(v4, 10), 9, issuer)
	v4 = append(v4, body[7:15]...)
	return body[2:7], append(v4, body[17:]...)
}

// issuerOf is the key ID of who signed: by the fingerprint where it stands, for
// a key ID beside it is commonly not signed (RFC 9580 section 5.2.3.35).
func issuerOf(sig *packet.Signature) (uint64, bool) {
	switch fp := sig.IssuerFingerprint; {
	case len(fp) == 20:
		return binary.BigEndian.Uint64(fp[12:]), true
	case len(fp) == 32:
		return binary.BigEndian.Uint64(fp), true
	case sig.IssuerKeyId == nil:
		return 0, false
	}
	return *sig.IssuerKeyId, true
}
