package main

import (
	gocrypto "crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"

	"almasu/crypto"
	"almasu/exchange"
)

// pairOf makes the key sets of both sides from our and their files.
func pairOf(private, public map[string][]byte) (ours, theirs []crypto.KeyFile) {
	side := func(self, other string) []crypto.KeyFile {
		return []crypto.KeyFile{{Owner: exchange.SelfSigner, File: self, Data: private[self]}, {Owner: other, File: other, Data: public[other]}}
	}
	return side(nccis, soc), side(soc, nccis)
}

// openPGPKeys makes keys of version 4, RSA of so many bits or, for 0, EdDSA
// with ECDH over Curve25519.
func openPGPKeys(bits int) func(time.Time) (ours, theirs crypto.KeySet, err error) {
	return func(now time.Time) (ours, theirs crypto.KeySet, err error) {
		private, public := map[string][]byte{}, map[string][]byte{}
		for id, address := range map[string]string{nccis: nccisMail, soc: socMail} {
			if bits == 0 {
				private[id], public[id], _, err = crypto.NewOpenPGP(id, address, nil, now, keyIsValid)
			} else {
				private[id], public[id], _, err = crypto.NewOpenPGPRSA(bits, id, address, nil, now, keyIsValid)
			}
			if err != nil {
				return ours, theirs, err
			}
		}
		ours.OpenPGP, theirs.OpenPGP = pairOf(private, public)
		return ours, theirs, nil
	}
}

func p256() (gocrypto.Signer, error)    { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }
func rsa3072() (gocrypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 3072) }

// certificates makes certificates of one authority.
func certificates(key func() (gocrypto.Signer, error)) func(time.Time) (ours, theirs crypto.KeySet, err error) {
	return func(now time.Time) (ours, theirs crypto.KeySet, err error) {
		authority, err := key()
		if err != nil {
			return ours, theirs, err
		}
		root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority"}, NotBefore: now, NotAfter: now.Add(keyIsValid),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
		anchor, err := issue(root, root, authority.Public(), authority)
		if err != nil {
			return ours, theirs, err
		}
		private, public := map[string][]byte{}, map[string][]byte{}
		for i, id := range []string{nccis, soc} {
			k, err := key()
			if err != nil {
				return ours, theirs, err
			}
			template := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 2)), Subject: pkix.Name{CommonName: id}, NotBefore: now, NotAfter: now.Add(keyIsValid),
				KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}}
			if public[id], err = issue(template, root, k.Public(), authority); err != nil {
				return ours, theirs, err
			}
			der, err := x509.MarshalPKCS8PrivateKey(k)
			if err != nil {
				return ours, theirs, err
			}
			private[id] = append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), public[id]...)
		}
		ours.SMIME, theirs.SMIME = pairOf(private, public)
		trust := crypto.TrustSet{Anchors: []crypto.TrustFile{{File: "anchor", Data: anchor}}, Revocation: "off"}
		ours.Trust, theirs.Trust = trust, trust
		return ours, theirs, nil
	}
}

func issue(template, parent *x509.Certificate, public any, by gocrypto.Signer) ([]byte, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, by)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), err
}
