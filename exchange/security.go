package exchange

import "time"

// Encryption is the scheme a message was sealed with.
type Encryption string

// The encryption schemes.
const (
	EncryptionOpenPGP Encryption = "openpgp"
	EncryptionSMIME   Encryption = "smime"
	EncryptionNone    Encryption = "none"
)

// SignatureState is the verdict on the signature of a message.
type SignatureState string

// The signature states of DESIGN section 7.
const (
	SignatureValid         SignatureState = "valid"
	SignatureIsInvalid     SignatureState = "invalid"
	SignatureUnknownSigner SignatureState = "unknown-signer"
	SignatureUntrusted     SignatureState = "untrusted"
	SignatureExpired       SignatureState = "expired"
	SignatureRevoked       SignatureState = "revoked"
	SignatureWeak          SignatureState = "weak"
	SignatureIsPartial     SignatureState = "partial"
	SignatureNone          SignatureState = "none"
)

// Coverage is how much of what is parsed the signature covers.
type Coverage string

// The coverages.
const (
	CoversAll  Coverage = "all"
	CoversPart Coverage = "part"
	CoversNone Coverage = "none"
)

// Form is the shape in which a sealed message came (DESIGN section 5).
type Form string

// The forms. FormAttachment is an encrypted part deeper than the top.
const (
	FormMIME       Form = "mime"
	FormInline     Form = "inline"
	FormAttachment Form = "attachment"
	FormClear      Form = "clear"
)

// SelfSigner is the Owner of a signature made with one of our own keys.
const SelfSigner = "self"

// Security is what room crypto found out about a message: facts, no decision.
// The decision is Trust's.
type Security struct {
	Encrypted  bool
	Encryption Encryption
	Form       Form
	Cipher     string // "aes256-gcm", "aes256-cfb-mdc", "" unknown
	// Integrity says the ciphertext carries authentication (MDC, AEAD, GCM),
	// or, for CMS CBC, that a signature stands inside it.
	Integrity bool
	// WeakCipher: the cipher or its mode is below policy (3DES, CAST5, ...).
	WeakCipher bool
	// DecryptError is why it could not be opened, "" if it was. Never contains
	// plaintext.
	DecryptError string

	Signed    bool
	Signature SignatureState
	Covers    Coverage
	// Outer: the signature that counts stands outside the encryption.
	Outer bool
	// Signer is the fingerprint (upper-case hex) or issuer+serial of the key,
	// or the key ID where no more is known.
	Signer string
	// Owner is the participant the signing key belongs to, SelfSigner for our
	// own, "" for a key nobody registered.
	Owner    string
	SignedAt time.Time
	Hash     string // "sha256", "sha512"

	// IntendedForUs: an intended-recipient fingerprint names one of our keys.
	IntendedForUs bool
	// IntendedForOthers: there are such fingerprints and none is ours.
	IntendedForOthers bool

	Findings []string
}

// Headers is what the trust decision needs of a header block: of the outer
// one, and of the protected one inside the signature where there is one.
type Headers struct {
	Present   bool     // this header block exists (a protected one may not)
	From      []string // addr-specs; more than one is ambiguous
	To        []string
	Cc        []string
	MessageID string // with its angle brackets
	Subject   string
	Date      time.Time
}
