package crypto_test

import (
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/internal/testpeer"
)

// gpgSigner is one private key in a gpg home of its own.
type gpgSigner struct {
	g    *testpeer.GnuPG
	born time.Time
	fp   string
}

func newSigner(t *testing.T, algorithm, usage, expires string) *gpgSigner {
	t.Helper()
	if !testpeer.InstalledGnuPG() {
		t.Skip("gpg is not installed (apt-get install gnupg)")
	}
	s := &gpgSigner{g: testpeer.NewGnuPG(t), born: now.AddDate(-1, 0, 0)}
	s.run(t, s.born, nil, "--quick-generate-key", "Peer <p@peer.example>", algorithm, usage, expires)
	s.fp = s.fingerprints(t)[0]
	return s
}

func (s *gpgSigner) run(t *testing.T, at time.Time, in []byte, args ...string) []byte {
	t.Helper()
	out, err := s.g.WithTime(at).Run(in, "", args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fingerprints lists primary key and subkeys in order.
func (s *gpgSigner) fingerprints(t *testing.T) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(string(s.run(t, s.born, nil, "--with-colons", "--list-secret-keys"))) {
		if f := strings.Split(line, ":"); f[0] == "fpr" {
			out = append(out, f[9])
		}
	}
	return out
}

// sign signs at a time with a key, or with a subkey given by "fingerprint!".
func (s *gpgSigner) sign(t *testing.T, key string, at time.Time) string {
	t.Helper()
	return string(s.run(t, at, []byte(entity()), "--armor", "-u", key, "--sign"))
}

// judged opens a signed message that arrives now, with what the register knows
// of the peer.
func judged(t *testing.T, signed string, cert []byte, revoked ...string) exchange.Security {
	t.Helper()
	ring, err := crypto.NewKeyring(crypto.KeySet{Revoked: map[string][]string{"peer": revoked}, OpenPGP: []crypto.KeyFile{
		{Owner: exchange.SelfSigner, File: "self", Data: people().selfFile.private}, {Owner: "peer", File: "peer", Data: cert}}})
	if err != nil {
		t.Fatal(err)
	}
	o, err := crypto.Open(mail(pgpMIME(toUs(literal(signed)))), ring, crypto.Limits{}, now)
	if err != nil {
		t.Fatal(err)
	}
	checkInvariants(t, o)
	return o.Security
}

func (s *gpgSigner) cert(t *testing.T, at time.Time) []byte {
	t.Helper()
	return s.run(t, at, nil, "--armor", "--export", s.fp)
}

func TestSigningSubkey(t *testing.T) {
	s := newSigner(t, "ed25519", "cert", "never")
	s.run(t, s.born, nil, "--quick-add-key", s.fp, "ed25519", "sign", "never")
	sub := s.fingerprints(t)[1]
	cert := s.cert(t, now)
	signed := s.sign(t, sub+"!", now.Add(-time.Hour))
	if got := judged(t, signed, cert); got.Signature != exchange.SignatureValid || got.Signer != s.fp || got.Owner != "peer" {
		t.Errorf("%+v", got)
	}
	if got := judged(t, signed, cert, strings.ToLower(sub)); got.Signature != exchange.SignatureRevoked {
		t.Errorf("subkey listed: %+v", got)
	}
	if got := judged(t, signed, cert, s.fp); got.Signature != exchange.SignatureRevoked {
		t.Errorf("primary key listed: %+v", got)
	}
	s.run(t, now.Add(-time.Minute), []byte("y\n0\n\ny\n"), "--no-batch", "--command-fd", "0", "--edit-key", s.fp, "key 1", "revkey", "save")
	if got := judged(t, signed, s.cert(t, now)); got.Signature != exchange.SignatureRevoked {
		t.Errorf("subkey revoked: %+v", got)
	}
}

// TestProlongedKey: a key that had ended and was prolonged is valid for what
// it signed in between: the newest self-signature speaks for a key.
func TestProlongedKey(t *testing.T) {
	s := newSigner(t, "ed25519", "sign,cert", now.AddDate(0, -6, 0).Format("20060102T150405"))
	before := s.cert(t, now)
	s.run(t, now.Add(-time.Minute), nil, "--quick-set-expire", s.fp, "2y")
	after := s.cert(t, now)
	signed := s.sign(t, s.fp, now.Add(-time.Hour))
	if got := judged(t, signed, before); got.Signature != exchange.SignatureExpired {
		t.Errorf("before: %+v", got)
	}
	if got := judged(t, signed, after); got.Signature != exchange.SignatureValid {
		t.Errorf("after: %+v", got)
	}
}

func TestWeakKeys(t *testing.T) {
	for algorithm, want := range map[string]exchange.SignatureState{"rsa1024": exchange.SignatureWeak, "dsa2048": exchange.SignatureWeak,
		"secp256k1": exchange.SignatureWeak, "rsa2048": exchange.SignatureValid, "nistp256": exchange.SignatureValid, "brainpoolP384r1": exchange.SignatureValid} {
		t.Run(algorithm, func(t *testing.T) {
			s := newSigner(t, algorithm, "sign,cert", "never")
			if got := judged(t, s.sign(t, s.fp, now.Add(-time.Hour)), s.cert(t, now)); got.Signature != want || got.Owner != "peer" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestEndOfAKey: a key is over with the first thing that only a new one mends.
func TestEndOfAKey(t *testing.T) {
	date := func(months int) string { return now.AddDate(0, months, 0).Format("20060102T150405") }
	for _, tc := range []struct {
		name             string
		usage, expires   string
		signing, opening string // subkeys, by their end
		want             int    // months from now, 0: never
	}{
		{"never", "sign,cert", "never", "", "never", 0},
		{"the primary key", "sign,cert", date(3), "", "never", 3},
		{"the encryption subkey", "sign,cert", date(3), "", date(2), 2},
		{"the signing subkey that alone signs", "cert", "never", date(1), "never", 1},
		{"a signing subkey beside a primary key that signs", "sign,cert", date(3), date(1), "never", 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSigner(t, "ed25519", tc.usage, tc.expires)
			s.run(t, s.born, nil, "--quick-add-key", s.fp, "cv25519", "encr", tc.opening)
			if tc.signing != "" {
				s.run(t, s.born, nil, "--quick-add-key", s.fp, "ed25519", "sign", tc.signing)
			}
			info, err := crypto.ReadPublic(s.cert(t, now))
			if err != nil {
				t.Fatal(err)
			}
			want := now.AddDate(0, tc.want, 0)
			if tc.want == 0 != info.Expires.IsZero() || tc.want > 0 && info.Expires.Sub(want).Abs() > 24*time.Hour {
				t.Errorf("%v, want %v", info.Expires, want)
			}
		})
	}
}

// TestCertificateWithAHistory: signatures of others (of version 3 and local
// ones too), several user IDs, one of them revoked, expired and revoked subkeys,
// SHA-1 self-signatures: a certificate as years leave it is a key like any other.
func TestCertificateWithAHistory(t *testing.T) {
	s := newSigner(t, "rsa2048", "cert", "never")
	year := func(n int) time.Time { return s.born.AddDate(0, n, 0) }
	s.run(t, year(0), nil, "--quick-generate-key", "Friend <f@friend.example>", "rsa2048", "sign,cert", "never")
	friend := s.fingerprints(t)[1]
	s.run(t, year(1), nil, "--cert-digest-algo", "SHA1", "--allow-weak-digest-algos", "--quick-add-uid", s.fp, "Second <second@peer.example>")
	s.run(t, year(1), nil, "--quick-add-uid", s.fp, "Third <third@peer.example>")
	s.run(t, year(2), nil, "-u", friend, "--quick-sign-key", s.fp)
	s.run(t, year(2), nil, "-u", friend, "--quick-lsign-key", s.fp)
	s.run(t, year(3), nil, "--quick-revoke-uid", s.fp, "Third <third@peer.example>")
	s.run(t, year(3), nil, "--quick-add-key", s.fp, "rsa2048", "sign", year(5).Format("20060102T150405"))
	s.run(t, year(4), nil, "--quick-add-key", s.fp, "cv25519", "encr", year(5).Format("20060102T150405"))
	s.run(t, year(6), nil, "--quick-add-key", s.fp, "ed25519", "sign", "never")
	s.run(t, year(6), nil, "--quick-add-key", s.fp, "cv25519", "encr", "never")
	signing := s.subkeys(t)
	cert := s.run(t, now, nil, "--armor", "--export-options", "export-local-sigs", "--export", s.fp)
	if got := judged(t, s.sign(t, signing[2]+"!", now.Add(-time.Hour)), cert); got.Signature != exchange.SignatureValid || got.Signer != s.fp {
		t.Errorf("%+v", got)
	}
	ring, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "self", Data: people().selfFile.private},
		{Owner: "peer", File: "peer", Data: cert}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.CanSeal("peer", now); err != nil {
		t.Error(err)
	}
	for _, k := range ring.Keys() {
		if k.Owner == "peer" && (!k.Expires.IsZero() || k.Revoked) {
			t.Errorf("%+v", k)
		}
	}
	expired := s.sign(t, signing[0]+"!", year(4))
	if got := judged(t, expired, cert); got.Signature != exchange.SignatureExpired {
		t.Errorf("by the expired subkey: %+v", got)
	}
}

// subkeys lists the fingerprints of the first key's subkeys in order.
func (s *gpgSigner) subkeys(t *testing.T) []string {
	t.Helper()
	var out []string
	under := false
	for line := range strings.Lines(string(s.run(t, now, nil, "--with-colons", "--list-secret-keys", s.fp))) {
		f := strings.Split(line, ":")
		if f[0] == "fpr" && under {
			out = append(out, f[9])
		}
		under = f[0] == "ssb" || under && f[0] != "fpr"
	}
	return out
}
