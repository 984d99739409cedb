package gateway

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/mailout"
	"almasu/revocation"
)

// hall is a certificate authority with its services on loopback, and people with
// its certificates. It serves what answer says.
type hall struct {
	*testing.T
	clock     *clock
	server    *httptest.Server
	root, key []byte // PEM
	ca        *x509.Certificate
	signer    *ecdsa.PrivateKey
	paper     map[string][]byte // PEM of certificates
	private   map[string][]byte // and of their keys
	certs     map[string]*x509.Certificate
	keys      map[string]*ecdsa.PrivateKey

	mu     sync.Mutex
	answer func(http.ResponseWriter, *http.Request)
	asked  []string
}

func newHall(t *testing.T) *hall {
	h := &hall{T: t, clock: &clock{at: time.Now().UTC().Truncate(time.Second)}, paper: map[string][]byte{}, private: map[string][]byte{},
		certs: map[string]*x509.Certificate{}, keys: map[string]*ecdsa.PrivateKey{}}
	h.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		answer := h.answer
		h.asked = append(h.asked, r.URL.Path)
		h.mu.Unlock()
		if answer == nil {
			http.Error(w, "closed", http.StatusServiceUnavailable)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(h.server.Close)
	h.ca, h.signer = h.authority("Root")
	h.root = pemOf(h.ca.Raw)
	for i, id := range []string{"nccis", "soc-alfa"} {
		h.keys[id] = h.newKey()
		h.certs[id] = h.issue(id, int64(0x4d2+i), h.keys[id], h.ca, h.signer, "/list.crl", "")
		h.paper[id] = pemOf(h.certs[id].Raw)
		h.private[id] = h.pemKey(h.keys[id])
	}
	h.key = h.pemKey(h.signer)
	return h
}

func (h *hall) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *hall) newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	h.must(err)
	return key
}

func (h *hall) pemKey(key *ecdsa.PrivateKey) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	h.must(err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func (h *hall) authority(name string) (*x509.Certificate, *ecdsa.PrivateKey) {
	key := h.newKey()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: h.clock.now().AddDate(-1, 0, 0), SubjectKeyId: []byte(name),
		NotAfter: h.clock.now().AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	h.must(err)
	cert, err := x509.ParseCertificate(der)
	h.must(err)
	return cert, key
}

// issue makes a certificate that names a list and a responder of the hall.
func (h *hall) issue(name string, serial int64, key *ecdsa.PrivateKey, by *x509.Certificate, signer *ecdsa.PrivateKey, list, responder string) *x509.Certificate {
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: by.NotBefore, NotAfter: by.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}}
	if list != "" {
		c.CRLDistributionPoints = []string{h.server.URL + list}
	}
	if responder != "" {
		c.OCSPServer = []string{responder}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by, key.Public(), signer)
	h.must(err)
	cert, err := x509.ParseCertificate(der)
	h.must(err)
	return cert
}

// list is a CRL, fresh from an hour ago for two, with these revoked.
func (h *hall) list(until time.Duration, revoked ...*x509.Certificate) []byte {
	now := h.clock.now()
	l := &x509.RevocationList{Number: big.NewInt(now.Unix()), ThisUpdate: now.Add(until - 2*time.Hour), NextUpdate: now.Add(until)}
	for _, c := range revoked {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: now.Add(-time.Hour)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, l, h.ca, h.signer)
	h.must(err)
	return der
}

// serve answers every question with these octets, nil: with an error.
func (h *hall) serve(body []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.answer = nil; body != nil {
		h.answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }
	}
}

func (h *hall) visits() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.asked)
}

// ring is the key ring of the NCCIS: OpenPGP with everybody else, certificates
// with soc-alfa.
func (h *hall) ring(mode string) *crypto.Keyring {
	set := crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "nccis", Data: keys()["nccis"].private},
		{Owner: "knb", File: "knb", Data: keys()["knb"].public}, {Owner: "soc-beta", File: "beta", Data: keys()["soc-beta"].public}},
		SMIME: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "nccis.pem", Data: append(h.private["nccis"], h.paper["nccis"]...)},
			{Owner: "soc-alfa", File: "alfa.pem", Data: h.paper["soc-alfa"]}},
		Trust: crypto.TrustSet{Anchors: []crypto.TrustFile{{File: "root.pem", Data: h.root}}, Revocation: mode, Fetched: true}}
	k, err := crypto.NewKeyring(set)
	h.must(err)
	return k
}

// node is the NCCIS, which fetches.
func (h *hall) node(mode string) *node {
	n := open(h.T, "nccis", h.clock, func(w *World) { w.Keys = h.ring(mode) })
	f := h.fetching(h.TempDir())
	f.Required = mode == "require"
	n.g.FetchWith(f)
	return n
}

// fetching asks the real way, on loopback, and keeps what it got in the folder.
func (h *hall) fetching(folder string) Fetching {
	return Fetching{Fetcher: revocation.New(revocation.Options{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Folder: folder})}
}

func pemOf(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// report is a report of soc-alfa by S/MIME, signed with the certificate.
func (h *hall) report(id string, by *x509.Certificate) []byte {
	cert := pemOf(by.Raw)
	k, err := crypto.NewKeyring(crypto.KeySet{SMIME: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "alfa", Data: append(h.private["soc-alfa"], cert...)},
		{Owner: "nccis", File: "nccis", Data: h.paper["nccis"]}}})
	h.must(err)
	e := mailout.Envelope{From: address("soc-alfa"), To: address("nccis"), MessageID: "<" + id + "@soc-alfa.example>", Date: h.clock.now(), Subject: canary}
	inner, err := mailout.Protect(e, parts(incident(id, h.clock.now())))
	h.must(err)
	sealed, err := crypto.Seal(inner, "nccis", k, h.clock.now())
	h.must(err)
	raw, err := mailout.Compose(e, sealed.Header, sealed.Body)
	h.must(err)
	return raw
}

// fetch runs every errand that waits for its turn.
func (n *node) fetch() {
	n.Helper()
	for more := true; more; {
		var err error
		more, err = n.g.fetchNext(n.Context(), "test")
		n.must(err)
	}
}

// settle judges, fetches and judges again.
func (n *node) settle() exchange.Arrival {
	n.Helper()
	n.judge()
	n.fetch()
	n.clock.pass(time.Second)
	n.judge()
	return n.latest()
}

func (n *node) logged(what string) bool { return bytes.Contains(n.log.Bytes(), []byte(what)) }
