// Package pki owns certificates: reading them and private keys as authorities
// hand them out (PEM, DER, PKCS#7, PKCS#12 old and new), chains at a given time,
// CRLs and OCSP answers. It refuses to fetch anything or to know the time: what
// was fetched is a Snapshot, the time is an argument, and what is still needed
// is part of the answer. It knows no participants: a valid chain says that a
// certificate is genuine, not whose mail it may sign here.
package pki

import (
	"errors"

	"almasu/crypto/cms/algid"
)

// The errors of reading.
var (
	ErrMalformed   = errors.New("malformed")
	ErrPassphrase  = errors.New("the passphrase is wrong, or the file is damaged")
	ErrNoMAC       = errors.New("nothing protects the file against changes: it has no MAC")
	ErrTooLarge    = errors.New("a limit is exceeded")
	ErrUnsupported = algid.ErrUnsupported
)

// Limits of what is read.
const (
	maxFile       = 16 << 20 // bytes of a key or certificate file
	maxCRL        = 64 << 20 // bytes of a CRL
	maxItems      = 1000     // certificates and keys in one file
	maxIterations = 2_000_000
	maxEncrypted  = 32 // items of one PKCS#12 file, each with a key derivation of its own
)
