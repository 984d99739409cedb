package crypto_test

import (
	"strings"
	"testing"

	"almasu/crypto"
	"almasu/crypto/cms"
	"almasu/exchange"
)

// TestSMIMEForms: the forms in which S/MIME arrives are opened alike.
func TestSMIMEForms(t *testing.T) {
	o := staff()
	body := entity("From: alfa@alfa.example\r\nTo: nccis@nccis.example\r\n")
	signed := opaqueEntity(body, o.alfa)
	sealed := enveloped(signed, cms.AES256GCM, o.self)
	label := func(header string) string {
		return header + "Content-Transfer-Encoding: base64\r\n\r\n" + base64Lines(sealed)
	}
	armored := "-----BEGIN PKCS7-----\r\n" + base64Lines(sealed) + "-----END PKCS7-----\r\n"
	for name, message := range map[string]string{
		"GCM, opaque":              gcm(signed),
		"GCM, clear-signed":        gcm(splitSigned(body, o.alfa)),
		"CBC, opaque":              cbc(signed),
		"CBC, clear-signed":        cbc(splitSigned(body, o.alfa)),
		"clear-signed with LF":     cbc(strings.ReplaceAll(splitSigned(body, o.alfa), "\r\n", "\n")),
		"no smime-type":            label("Content-Type: application/pkcs7-mime; name=smime.p7m\r\n"),
		"x-pkcs7-mime":             label("Content-Type: application/x-pkcs7-mime\r\n"),
		"octet-stream":             label("Content-Type: application/octet-stream\r\n"),
		"labelled as signed":       label("Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n"),
		"octet-stream, p7m":        label("Content-Type: application/octet-stream; name=smime.p7m\r\n"),
		"transfer encoding lost":   "Content-Type: application/pkcs7-mime\r\n\r\n" + base64Lines(sealed),
		"armored text":             "Content-Type: text/plain\r\n\r\n" + armored,
		"armored pkcs7":            "Content-Type: application/pkcs7-mime\r\n\r\n" + armored,
		"armored CMS":              "Content-Type: text/plain\r\n\r\n" + strings.ReplaceAll(armored, "PKCS7", "CMS"),
		"signed, encrypted, twice": gcm(opaqueEntity(signed, o.alfa)),
		"triple wrapped":           splitSigned(gcm(signed), o.alfa),
		"bare signed-data inside":  pkcs7("enveloped-data", enveloped(string(cmsSigned(body, cms.SignOptions{}, o.alfa)), cms.AES128CBC, o.self)),
		"to others, too":           pkcs7("authEnveloped-data", enveloped(signed, cms.AES256GCM, o.beta, o.self)),
	} {
		t.Run(name, func(t *testing.T) {
			opened := openWith(t, mail(message), officeRing())
			s := opened.Security
			if !s.Encrypted || s.Encryption != exchange.EncryptionSMIME || !s.Integrity || s.WeakCipher || s.DecryptError != "" {
				t.Errorf("%+v", s)
			}
			if s.Signature != exchange.SignatureValid || s.Covers != exchange.CoversAll || s.Owner != "soc-alfa" || s.Outer || s.SignedAt.IsZero() {
				t.Errorf("%+v", s)
			}
			if want := "CN=Root,O=Алмасу+"; !strings.HasPrefix(s.Signer, want) {
				t.Errorf("signer %q", s.Signer)
			}
			if len(opened.Payload) != 2 || string(opened.Payload[1].Body) != report {
				t.Errorf("payload %v", opened.Payload)
			}
			if !opened.Protected.Present || len(opened.Protected.To) != 1 {
				t.Errorf("protected %+v", opened.Protected)
			}
			same := openWith(t, mail(gcm(splitSigned(body, o.alfa))), officeRing())
			if twice := strings.HasSuffix(name, "twice"); opened.ContentDigest != same.ContentDigest && !twice || opened.Digest.Over != "entity" || opened.Digest != same.Digest && !twice {
				t.Errorf("%s %+v, want %s %+v", opened.ContentDigest, opened.Digest, same.ContentDigest, same.Digest)
			}
		})
	}
}

func TestSMIMEAttachments(t *testing.T) {
	o := staff()
	signedFile := string(cmsSigned(report, cms.SignOptions{}, o.alfa))
	for name, tc := range map[string]struct {
		content string
		payload bool
	}{
		"a signed file":                       {signedFile, true},
		"a signed entity":                     {opaqueEntity(entity(), o.alfa), true},
		"a signed entity holding only a file": {pkcs7("signed-data", []byte(signedFile)), true},
		"an unsigned file":                    {report, false},
		"an unsigned entity":                  {entity(), false},
	} {
		t.Run(name, func(t *testing.T) {
			opened := openWith(t, mail(fileAttached("report.json.p7m", enveloped(tc.content, cms.AES256GCM, o.self))), officeRing())
			if s := opened.Security; s.Form != exchange.FormAttachment || s.DecryptError != "" || (s.Signature == exchange.SignatureValid) != tc.payload {
				t.Errorf("%+v", s)
			}
			if (len(opened.Payload) > 0) != tc.payload {
				t.Fatalf("payload %v", opened.Payload)
			}
			if tc.payload && string(opened.Payload[len(opened.Payload)-1].Body) != report {
				t.Errorf("payload %s", opened.Payload[0].Body)
			}
		})
	}
}

func TestSMIMESealsWhatItOpens(t *testing.T) {
	o := staff()
	set := o.keySet()
	set.Profiles = map[string]crypto.Profile{"soc-beta": {Cipher: "aes256-cbc"}}
	ours := certRing(set)
	theirs := func(h *holder, id string) *crypto.Keyring {
		return certRing(crypto.KeySet{SMIME: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: id, Data: h.private()}, {Owner: "nccis", File: "nccis", Data: o.self.pem()}}})
	}
	for id, h := range map[string]*holder{"soc-alfa": o.alfa, "soc-beta": o.beta} {
		body := []byte(entity("From: nccis@nccis.example\r\nTo: " + id + "@x.example\r\n"))
		sealed, err := crypto.Seal(body, id, ours, now)
		if err != nil {
			t.Fatal(err)
		}
		message := append([]byte("From: nccis@nccis.example\r\n"), append(append(sealed.Header, "\r\n"...), sealed.Body...)...)
		for _, k := range []*crypto.Keyring{theirs(h, id), ours} {
			opened := openWith(t, message, k)
			s := opened.Security
			if s.Signature != exchange.SignatureValid || s.Covers != exchange.CoversAll || len(opened.Payload) != 2 || opened.Digest != sealed.Digest {
				t.Errorf("%s: %+v %+v", id, s, opened.Digest)
			}
			want := map[string]string{"soc-alfa": "aes256-gcm", "soc-beta": "aes256-cbc"}[id]
			if s.Cipher != want {
				t.Errorf("%s: %s", id, s.Cipher)
			}
		}
	}
}
