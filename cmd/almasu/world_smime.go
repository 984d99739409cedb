package main

import (
	"fmt"
	"os"
	"regexp"

	"almasu/config"
	"almasu/crypto"
	"almasu/crypto/cms/algid"
	"almasu/crypto/hsm"
	"almasu/crypto/pki"
	"almasu/exchange"
)

// addSMIME reads the S/MIME side of the configuration: our keys, the
// certificates of the participants, and what they are judged by.
func addSMIME(c *config.Config, set *crypto.KeySet) error {
	for _, k := range c.Keys.SMIME {
		data, passphrase, err := k.Read()
		if err != nil {
			return fmt.Errorf("keys.smime: %w", err)
		}
		file := crypto.KeyFile{Owner: exchange.SelfSigner, File: k.File, Data: data, Passphrase: passphrase}
		if k.InToken() {
			key, err := tokenKey(k, data, passphrase)
			if err != nil {
				return fmt.Errorf("keys.smime: pkcs11: %w", err)
			}
			file.File, file.Passphrase, file.Private = k.Cert, nil, key
		}
		set.SMIME = append(set.SMIME, file)
	}
	set.Profiles = map[string]crypto.Profile{}
	for _, p := range c.Participants {
		for _, file := range p.SMIME {
			data, err := config.ReadFile(file)
			if err != nil {
				return fmt.Errorf("participant %s: smime: %w", p.ID, err)
			}
			set.SMIME = append(set.SMIME, crypto.KeyFile{Owner: p.ID, File: file, Data: data})
		}
		set.Profiles[p.ID] = crypto.Profile{PreferSMIME: p.SealWith == "smime", Cipher: p.SMIMECipher, PKCS1v15: p.SMIMERSA == "pkcs1"}
	}
	return addTrust(c.Trust, &set.Trust)
}

// tokenKey is the private key of the first certificate of the file, in a token.
func tokenKey(k config.CertKey, file, pin []byte) (*hsm.Key, error) {
	certs, err := pki.Certificates(file)
	if err != nil {
		return nil, fmt.Errorf("read the certificate %s: %w", k.Cert, err)
	}
	public, err := algid.KeyOf(certs[0])
	if err != nil {
		return nil, fmt.Errorf("read the certificate %s: %w", k.Cert, err)
	}
	return hsm.New(hsm.Token{Module: k.PKCS11.Module, Token: k.PKCS11.Token, Label: k.PKCS11.Label, PIN: pin}, public.Public)
}

// oid is a policy under trust.domestic.
var oid = regexp.MustCompile(`^[0-2](\.[0-9]+)+$`)

func addTrust(t config.Trust, into *crypto.TrustSet) error {
	into.Revocation, into.Insecure3DES, into.Fetched = t.Revocation, t.Insecure3DES, t.Fetch.Enabled
	for _, list := range []struct {
		name  string
		files []string
		into  *[]crypto.TrustFile
	}{{"anchors", t.Anchors, &into.Anchors}, {"intermediates", t.Intermediates, &into.Intermediates},
		{"domestic", t.Domestic, &into.Domestic}, {"crls", t.CRLs, &into.CRLs}} {
		for _, file := range list.files {
			if list.name == "domestic" && oid.MatchString(file) {
				into.DomesticPolicies = append(into.DomesticPolicies, file)
				continue
			}
			read := config.ReadFile
			if list.name == "crls" {
				read = os.ReadFile // those of a large authority are tens of MiB
			}
			data, err := read(file)
			if err != nil {
				return fmt.Errorf("trust.%s: %w", list.name, err)
			}
			*list.into = append(*list.into, crypto.TrustFile{File: file, Data: data})
		}
	}
	return nil
}
