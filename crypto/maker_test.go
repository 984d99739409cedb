package crypto_test

import (
	"bytes"
	gocrypto "crypto"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"almasu/crypto"
	"almasu/exchange"
)

// now is when the messages of the unit tests arrive.
var now = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

// cast are the people of the unit tests, with keys made once.
type cast struct {
	self, alfa, beta, stranger         *openpgp.Entity
	selfFile, alfaFile, betaFile, none keyPair
	ring                               *crypto.Keyring
}

type keyPair struct{ private, public []byte }

// people reads the cast from testdata/keys: unlocked keys made by NewOpenPGP
// for these tests alone, the same in every process so that fuzzing workers
// agree on who is who.
var people = sync.OnceValue(func() *cast {
	c := &cast{}
	read := func(name string, e **openpgp.Entity, f *keyPair) {
		private, err := os.ReadFile(filepath.Join("testdata", "keys", name+".asc"))
		if err != nil {
			panic(err)
		}
		*e = entityOf(private)
		var public bytes.Buffer
		if err := (*e).Serialize(&public); err != nil {
			panic(err)
		}
		*f = keyPair{private, []byte(armored("PGP PUBLIC KEY BLOCK", public.Bytes()))}
	}
	read("nccis", &c.self, &c.selfFile)
	read("alfa", &c.alfa, &c.alfaFile)
	read("beta", &c.beta, &c.betaFile)
	read("stranger", &c.stranger, &c.none)
	ring, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{
		{Owner: exchange.SelfSigner, File: "self.asc", Data: c.selfFile.private},
		{Owner: "soc-alfa", File: "alfa.asc", Data: c.alfaFile.public},
		{Owner: "soc-beta", File: "beta.asc", Data: c.betaFile.public}}})
	if err != nil {
		panic(err)
	}
	c.ring = ring
	return c
})

func entityOf(private []byte) *openpgp.Entity {
	list, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(private))
	if err != nil {
		panic(err)
	}
	return list[0]
}

// open opens a message with the keys of the cast.
func open(t testing.TB, raw []byte) crypto.Opened {
	if t != nil {
		t.Helper()
	}
	o, err := crypto.Open(raw, people().ring, crypto.Limits{}, now)
	if err != nil {
		panic(err)
	}
	return o
}

// The pieces of an OpenPGP message.

func pkt(tag byte, body ...[]byte) []byte {
	b := bytes.Join(body, nil)
	head := []byte{0xc0 | tag, 0xff, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(head[2:], uint32(len(b)))
	return append(head, b...)
}

func literal(content string) []byte {
	return pkt(11, []byte{'b', 0, 0, 0, 0, 0}, []byte(content))
}

// signing describes a signature.
type signing struct {
	by       *openpgp.Entity
	at       time.Time // zero: a minute before arrival
	text     bool
	hash     gocrypto.Hash
	intended []*openpgp.Entity
	edit     func(*packet.Signature)
}

func (s signing) packet(content string) []byte {
	at := s.at
	if at.IsZero() {
		at = now.Add(-time.Minute)
	}
	if s.hash == 0 {
		s.hash = gocrypto.SHA256
	}
	key := s.by.PrivateKey
	id := key.KeyId
	sig := &packet.Signature{Version: 4, SigType: packet.SigTypeBinary, PubKeyAlgo: key.PubKeyAlgo, Hash: s.hash,
		CreationTime: at, IssuerKeyId: &id, IssuerKeyVersion: 4, IssuerFingerprint: key.Fingerprint}
	if s.text {
		sig.SigType = packet.SigTypeText
	}
	for _, i := range s.intended {
		sig.IntendedRecipients = append(sig.IntendedRecipients, &packet.Recipient{KeyVersion: 4, Fingerprint: i.PrimaryKey.Fingerprint})
	}
	if s.edit != nil {
		s.edit(sig)
	}
	h, err := sig.PrepareSign(nil)
	if err != nil {
		panic(err)
	}
	if s.text {
		_, _ = openpgp.NewCanonicalTextHash(h).Write([]byte(content))
	} else {
		_, _ = h.Write([]byte(content))
	}
	if err := sig.Sign(h, key, nil); err != nil {
		panic(err)
	}
	var out bytes.Buffer
	if err := sig.Serialize(&out); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// message is one-pass header, literal and signature.
func (s signing) message(content string) []byte {
	kind := packet.SigTypeBinary
	if s.text {
		kind = packet.SigTypeText
	}
	return bytes.Join([][]byte{onePass(s.by, kind), literal(content), s.packet(content)}, nil)
}

func onePass(by *openpgp.Entity, kind packet.SignatureType) []byte {
	var ops bytes.Buffer
	if err := (&packet.OnePassSignature{Version: 3, SigType: kind, Hash: gocrypto.SHA256, PubKeyAlgo: by.PrivateKey.PubKeyAlgo,
		KeyId: by.PrivateKey.KeyId, IsLast: true}).Serialize(&ops); err != nil {
		panic(err)
	}
	return ops.Bytes()
}

// by is a plain signature of somebody.
func by(e *openpgp.Entity) signing { return signing{by: e} }

type closer struct{ io.Writer }

func (closer) Close() error { return nil }

// encryptedTo encrypts packets with MDC to the given keys.
func encryptedTo(packets []byte, to ...*openpgp.Entity) []byte {
	return sessionTo(newSession(), to, func(session []byte) []byte {
		var b bytes.Buffer
		w, err := packet.SerializeSymmetricallyEncrypted(closer{&b}, packet.CipherAES256, false, packet.CipherSuite{}, session, nil)
		if err != nil {
			panic(err)
		}
		_, _ = w.Write(packets)
		if err := w.Close(); err != nil {
			panic(err)
		}
		return b.Bytes()
	})
}

func newSession() []byte {
	session := make([]byte, 32)
	_, _ = rand.Read(session)
	return session
}

func sessionTo(session []byte, to []*openpgp.Entity, data func([]byte) []byte) []byte {
	var b bytes.Buffer
	for _, e := range to {
		if err := packet.SerializeEncryptedKey(&b, e.Subkeys[0].PublicKey, packet.CipherAES256, session, nil); err != nil {
			panic(err)
		}
	}
	b.Write(data(session))
	return b.Bytes()
}

// toUs seals to our own key.
func toUs(packets []byte) []byte { return encryptedTo(packets, people().self) }

func armored(kind string, packets []byte) string {
	var b bytes.Buffer
	w, err := armor.Encode(&b, kind, nil)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(packets)
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String() + "\n"
}

// The pieces of a mail.

const report = `{"almasu":"card/1","kind":"incident","report_id":"R-1"}`

// entity is a MIME entity with the report in it.
func entity(headers ...string) string {
	return strings.Join(headers, "") + "Content-Type: multipart/mixed; boundary=in\r\n\r\n" +
		"--in\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nwords\r\n" +
		"--in\r\nContent-Type: application/json\r\nContent-Disposition: attachment; filename=report.json\r\n\r\n" + report + "\r\n--in--\r\n"
}

func mail(rest string) []byte {
	return []byte("From: SOC Alfa <alfa@alfa.example>\r\nTo: nccis@nccis.example\r\nMessage-ID: <1@alfa.example>\r\n" +
		"Date: Fri, 20 Nov 2026 09:29:00 +0000\r\nSubject: [...]\r\nMIME-Version: 1.0\r\n" + rest)
}

func pgpMIME(packets []byte) string {
	return "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=enc\r\n\r\n" +
		"--enc\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n" +
		"--enc\r\nContent-Type: application/octet-stream\r\n\r\n" + armored("PGP MESSAGE", packets) + "\r\n--enc--\r\n"
}

// signedMIME wraps an entity into multipart/signed with a signature packet.
func signedMIME(entity string, signature []byte) string {
	return "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha256; boundary=sig\r\n\r\n" +
		"--sig\r\n" + entity + "\r\n--sig\r\nContent-Type: application/pgp-signature\r\n\r\n" +
		armored("PGP SIGNATURE", signature) + "\r\n--sig--\r\n"
}

// attachment is a plain mail with one file.
func attachment(name string, packets []byte, others ...string) string {
	out := "Content-Type: multipart/mixed; boundary=mix\r\n\r\n--mix\r\nContent-Type: text/plain\r\n\r\nsee the file\r\n"
	for _, o := range others {
		out += "--mix\r\n" + o + "\r\n"
	}
	return out + "--mix\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n" +
		"Content-Disposition: attachment; filename=\"" + name + "\"\r\n\r\n" + base64.StdEncoding.EncodeToString(packets) + "\r\n--mix--\r\n"
}
