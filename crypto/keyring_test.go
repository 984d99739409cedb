package crypto_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func TestKeyringMistakes(t *testing.T) {
	c := people()
	locked, _, fp, err := crypto.NewOpenPGP("locked", "l@l.example", []byte("sesame open"), now, 0)
	if err != nil {
		t.Fatal(err)
	}
	self := func(data []byte, pass string) crypto.KeyFile {
		return crypto.KeyFile{Owner: exchange.SelfSigner, File: "own.asc", Data: data, Passphrase: []byte(pass)}
	}
	alfa := crypto.KeyFile{Owner: "soc-alfa", File: "alfa.asc", Data: c.alfaFile.public}
	for name, tc := range map[string]struct {
		files []crypto.KeyFile
		want  []string // all of them in the error; none: no error
	}{
		"nothing":                          {nil, nil},
		"one key under two owners":         {[]crypto.KeyFile{alfa, {Owner: "soc-beta", File: "b.asc", Data: c.alfaFile.public}}, []string{"alfa.asc", "b.asc", "soc-alfa", "soc-beta"}},
		"our key in a participant's file":  {[]crypto.KeyFile{self(c.selfFile.private, ""), {Owner: "soc-beta", File: "b.asc", Data: c.selfFile.public}}, []string{"own.asc", "b.asc"}},
		"the same key twice, one owner":    {[]crypto.KeyFile{alfa, alfa}, nil},
		"no key in the file":               {[]crypto.KeyFile{{Owner: "x", File: "x.asc", Data: []byte("hello")}}, []string{"x.asc"}},
		"an empty file":                    {[]crypto.KeyFile{{Owner: "x", File: "x.asc"}}, []string{"x.asc"}},
		"a message, not a key":             {[]crypto.KeyFile{{Owner: "x", File: "x.asc", Data: []byte(armored("PGP MESSAGE", sealedReport()))}}, []string{"x.asc", "no OpenPGP key"}},
		"our public key only":              {[]crypto.KeyFile{self(c.selfFile.public, "")}, []string{"own.asc", "no private key"}},
		"locked, no passphrase":            {[]crypto.KeyFile{self(locked, "")}, []string{fp, "passphrase_file"}},
		"locked, wrong passphrase":         {[]crypto.KeyFile{self(locked, "wrong sesame")}, []string{fp, "does not open"}},
		"locked, right passphrase":         {[]crypto.KeyFile{self(locked, "sesame open")}, nil},
		"several keys in one file":         {[]crypto.KeyFile{{Owner: "x", File: "x", Data: append(bytes.Clone(c.alfaFile.public), c.betaFile.public...)}}, nil},
		"public and private part together": {[]crypto.KeyFile{self(append(bytes.Clone(c.selfFile.public), c.selfFile.private...), "")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			ring, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: tc.files})
			if len(tc.want) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				if name == "several keys in one file" && len(ring.Keys()) != 2 || strings.HasPrefix(name, "the same key") && len(ring.Keys()) != 1 {
					t.Errorf("%+v", ring.Keys())
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range tc.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not name %q", err, w)
				}
			}
			if strings.Contains(err.Error(), "sesame") {
				t.Errorf("a secret in %q", err)
			}
		})
	}
}

func TestKeyInfo(t *testing.T) {
	c := people()
	_, rsa, fp, err := crypto.NewOpenPGPRSA(3072, "Гамма", "g@g.example", nil, now, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := crypto.NewKeyring(crypto.KeySet{Revoked: map[string][]string{"soc-gamma": {"0x" + strings.ToLower(fp[:20]) + " " + fp[20:]}},
		OpenPGP: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "self", Data: c.selfFile.private},
			{Owner: "soc-alfa", File: "alfa", Data: c.alfaFile.private}, {Owner: "soc-gamma", File: "gamma", Data: rsa}}})
	if err != nil {
		t.Fatal(err)
	}
	keys := ring.Keys()
	if len(keys) != 3 {
		t.Fatal(keys)
	}
	self, alfa, gamma := keys[0], keys[1], keys[2]
	if !self.Private || self.Algorithm != "ed25519" || self.Owner != exchange.SelfSigner || self.UserID != "nccis <nccis@nccis.example>" ||
		!self.Created.Equal(now.AddDate(-1, 0, 0)) || !self.Expires.Equal(now.AddDate(-1, 0, 0).Add(3*365*24*time.Hour)) || self.Revoked {
		t.Errorf("%+v", self)
	}
	if alfa.Private { // a participant's private part is none of our business
		t.Errorf("%+v", alfa)
	}
	if gamma.Algorithm != "rsa3072" || !gamma.Revoked || !gamma.Expires.Equal(now.Add(24*time.Hour)) || gamma.UserID != "Гамма <g@g.example>" {
		t.Errorf("%+v", gamma)
	}
}

// TestRevocationInOneCopyWins: a certificate that stands in two files is
// revoked if either copy says so, in whatever order they are read.
func TestRevocationInOneCopyWins(t *testing.T) {
	e := freshKey(t, "twice", now.AddDate(-1, 0, 0), 0)
	good := publicOf(t, e)
	if err := e.Revoke(0, "", nil); err != nil {
		t.Fatal(err)
	}
	bad := publicOf(t, e)
	for _, order := range [][][]byte{{good, bad}, {bad, good}} {
		ring, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "s", Data: people().selfFile.private},
			{Owner: "x", File: "1", Data: order[0]}, {Owner: "x", File: "2", Data: order[1]}}})
		if err != nil {
			t.Fatal(err)
		}
		o, _ := crypto.Open(mail(pgpMIME(toUs(by(e).message(entity())))), ring, crypto.Limits{}, now)
		if o.Security.Signature != exchange.SignatureRevoked || ring.CanSeal("x", now) == nil || !ring.Keys()[1].Revoked {
			t.Errorf("%+v", o.Security)
		}
	}
}

func TestNewKeyMistakes(t *testing.T) {
	if _, _, _, err := crypto.NewOpenPGP("a <b>", "a@b", nil, now, 0); err == nil {
		t.Error("angle brackets in the name")
	}
	if _, _, _, err := crypto.NewOpenPGPRSA(1024, "a", "a@b", nil, now, 0); err == nil {
		t.Error("an RSA key of 1024 bits")
	}
}
