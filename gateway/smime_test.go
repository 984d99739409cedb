package gateway

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/internal/mimepart"
	"almasu/mailout"
)

// TestSMIMEReportIsAcceptedAndAnswered: a report that openssl signed and
// encrypted is accepted; openssl opens the receipt.
func TestSMIMEReportIsAcceptedAndAnswered(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	c := &clock{at: time.Now().UTC().Truncate(time.Second)}
	d := newDesk(t, c.now())
	n := open(t, "nccis", c, func(w *World) { w.Keys = d.ring(t) })
	doc := incident("r-1", c.now())
	e := mailout.Envelope{From: address("soc-alfa"), To: address("nccis"), MessageID: "<m1@soc-alfa.example>", Date: c.now(), Subject: canary}
	inner, err := mailout.Protect(e, parts(doc))
	n.must(err)
	untimed, err := mailout.Protect(e, parts(incident("r-2", c.now())))
	n.must(err)
	for _, step := range []struct {
		inner                  []byte
		sign, encrypt, verdict string
	}{{inner, "", "-aes-256-gcm", "accepted"}, {inner, "", "-aes-256-cbc", "duplicate"},
		{untimed, "-noattr", "-aes-256-gcm", "accepted"}} { // no signing time: that of the report counts
		signed := d.cms(step.inner, "-sign -signer soc-alfa.pem -inkey soc-alfa.key "+step.sign)
		raw := append([]byte("From: "+e.From+"\nTo: "+e.To+"\nMessage-ID: <"+step.verdict+"@soc-alfa.example>\nSubject: [...]\n"),
			d.cms(signed, "-encrypt "+step.encrypt+" -recip nccis.pem")...)
		a := n.take(raw, e.From)
		if a.State == exchange.ArrivalHeld || a.Participant != "soc-alfa" {
			t.Fatalf("%s: %s %s (%s), participant %q", step.encrypt, a.State, a.Code, a.Reason, a.Participant)
		}
		for _, l := range n.answers(a) {
			if l.To != "soc-alfa" {
				continue
			}
			content := d.cms(d.cms(l.Message, "-decrypt -recip soc-alfa.pem -inkey soc-alfa.key"), "-verify -CAfile root.pem")
			root, err := mimepart.Parse(content, mimepart.Limits{})
			n.must(err)
			card, err := root.Leaves()[1].Decode(0)
			n.must(err)
			if !bytes.Contains(card, []byte(`"verdict": "`+step.verdict+`"`)) || !strings.Contains(root.Get("To"), e.From) {
				t.Errorf("%s: the receipt is %s", step.encrypt, content)
			}
		}
	}
	outsider := append([]byte("From: "+e.From+"\nTo: "+e.To+"\nMessage-ID: <o@soc-alfa.example>\n"),
		d.cms(d.cms(inner, "-sign -signer stranger.pem -inkey stranger.key"), "-encrypt -aes-256-gcm -recip nccis.pem")...)
	n.want(n.take(outsider, e.From), exchange.ArrivalHeld, exchange.SignerUnknown)
	n.want(n.take(append([]byte("From: "+e.From+"\nTo: "+e.To+"\nMessage-ID: <u@soc-alfa.example>\n"),
		d.cms(inner, "-encrypt -aes-256-cbc -recip nccis.pem")...), e.From), exchange.ArrivalHeld, exchange.WeakEncryption)
}

// desk is a folder with certificates where openssl works.
type desk struct {
	*testing.T
	dir string
}

func newDesk(t *testing.T, at time.Time) desk {
	t.Helper()
	d := desk{t, t.TempDir()}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	d.must(err)
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey)
	d.must(err)
	d.write("root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	for i, name := range []string{"nccis", "soc-alfa", "stranger"} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		d.must(err)
		cert := &x509.Certificate{SerialNumber: big.NewInt(int64(2 + i)), Subject: pkix.Name{CommonName: name}, NotBefore: root.NotBefore, NotAfter: root.NotAfter,
			KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}}
		der, err := x509.CreateCertificate(rand.Reader, cert, root, key.Public(), rootKey)
		d.must(err)
		d.write(name+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		d.must(err)
		d.write(name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	}
	return d
}

func (d desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d desk) write(name string, b []byte) {
	d.must(os.WriteFile(filepath.Join(d.dir, name), b, 0o600))
}

func (d desk) read(name string) []byte {
	b, err := os.ReadFile(filepath.Join(d.dir, name))
	d.must(err)
	return b
}

func (d desk) cms(in []byte, args string) []byte {
	d.Helper()
	cmd := exec.Command("openssl", append([]string{"cms"}, strings.Fields(args)...)...)
	cmd.Dir, cmd.Stdin = d.dir, bytes.NewReader(in)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		d.Fatalf("openssl cms %s: %v\n%s", args, err, errs.String())
	}
	return out.Bytes()
}

// ring has a certificate of soc-alfa and no OpenPGP key of it.
func (d desk) ring(t *testing.T) *crypto.Keyring {
	set := crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "nccis", Data: keys()["nccis"].private},
		{Owner: "knb", File: "knb", Data: keys()["knb"].public}},
		SMIME: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "nccis.pem", Data: append(d.read("nccis.key"), d.read("nccis.pem")...)},
			{Owner: "soc-alfa", File: "soc-alfa.pem", Data: d.read("soc-alfa.pem")}},
		Trust: crypto.TrustSet{Anchors: []crypto.TrustFile{{File: "root.pem", Data: d.read("root.pem")}}}}
	k, err := crypto.NewKeyring(set)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
