package main

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/mailout"
	"almasu/parser"
	"almasu/receipt"
)

const (
	nccis      = "nccis"
	soc        = "soc-alfa"
	nccisMail  = "exchange@nccis.example"
	socMail    = "exchange@soc-alfa.example"
	keyIsValid = 365 * 24 * time.Hour
)

// mill holds the keys of both sides and makes sealed reports with them.
type mill struct {
	alg            string
	octets         int
	mdn            bool
	private        map[string][]byte // armored, not locked, by participant
	public         map[string][]byte
	sender         *crypto.Keyring // what the SOC seals and opens with
	card           *exchange.Report
	indicators     []exchange.Indicator
	born           time.Time
	words, subject string
}

func newMill(alg string, octets int, mdn bool) (*mill, error) {
	m := &mill{alg: alg, octets: octets, mdn: mdn, private: map[string][]byte{}, public: map[string][]byte{}, born: time.Now(),
		subject: "Incident report", words: "An incident report is attached in machine-readable form.\n"}
	for id, address := range map[string]string{nccis: nccisMail, soc: socMail} {
		var err error
		born := m.born.Add(-24 * time.Hour)
		if alg == "rsa4096" {
			m.private[id], m.public[id], _, err = crypto.NewOpenPGPRSA(4096, id, address, nil, born, keyIsValid)
		} else {
			m.private[id], m.public[id], _, err = crypto.NewOpenPGP(id, address, nil, born, keyIsValid)
		}
		if err != nil {
			return nil, err
		}
	}
	var err error
	m.sender, err = crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{
		{Owner: exchange.SelfSigner, File: soc, Data: m.private[soc]}, {Owner: nccis, File: nccis, Data: m.public[nccis]}}})
	if err != nil {
		return nil, err
	}
	return m, m.model()
}

// model makes the report all others are copies of: an example, with as many
// indicators as its size needs.
func (m *mill) model() error {
	doc, err := parser.Example(exchange.Incident, exchange.CardJSON, soc, nccis, "bench-000000", m.born)
	if err != nil {
		return err
	}
	parsed := parser.ParseFile(exchange.Document{Body: doc}, parser.Limits{}, m.born)
	if len(parsed.Reports) != 1 {
		return fmt.Errorf("the example is not valid: %v", parsed.Problems)
	}
	m.card = parsed.Reports[0]
	for size := len(doc); size < m.octets; size += 160 {
		n := len(m.indicators)
		m.indicators = append(m.indicators, exchange.Indicator{Type: "sha256", Value: fmt.Sprintf("%064x", n*7919+1),
			Note: fmt.Sprintf("payload %04d", n)})
	}
	return nil
}

// report makes the n-th sealed report as it will stand in the mailbox.
func (m *mill) report(n int) ([]byte, error) {
	card, body := *m.card, *m.card.Incident
	card.ID, card.Incident = fmt.Sprintf("bench-%06d", n), &body
	body.IncidentID, body.Indicators = fmt.Sprintf("INC-%06d", n), m.indicators
	doc, err := parser.Render(&card, exchange.CardJSON)
	if err != nil {
		return nil, err
	}
	e := mailout.Envelope{From: socMail, To: nccisMail, MessageID: mailout.NewMessageID("soc-alfa.example", nil),
		Date: m.born, Subject: m.subject, AskReceipt: m.mdn}
	inner, err := mailout.Protect(e, receipt.Entity(receipt.Wording{Text: m.words}, &doc))
	if err != nil {
		return nil, err
	}
	sealed, err := crypto.Seal(inner, nccis, m.sender, m.born)
	if err != nil {
		return nil, err
	}
	return mailout.Compose(e, sealed.Header, sealed.Body)
}

// reports makes n of them on all cores.
func (m *mill) reports(ctx context.Context, n int) ([][]byte, error) {
	out := make([][]byte, n)
	err := onAllCores(ctx, n, func(i int) (err error) {
		out[i], err = m.report(i)
		return err
	})
	if err == nil {
		progress("%s: one report is %d octets of mail", m.alg, len(out[0]))
	}
	return out, err
}

// onAllCores calls f for 0 to n-1, as many at a time as there are cores. The
// first error ends it.
func onAllCores(ctx context.Context, n int, f func(int) error) error {
	var (
		workers sync.WaitGroup
		mu      sync.Mutex
		next    int
		failed  error
	)
	for range runtime.NumCPU() {
		workers.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				if failed == nil {
					failed = ctx.Err()
				}
				over := i >= n || failed != nil
				mu.Unlock()
				if over {
					return
				}
				if err := f(i); err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
				}
			}
		})
	}
	workers.Wait()
	return failed
}

// ciphertext is the armored OpenPGP message of a mail.
func ciphertext(mail []byte) []byte {
	const last = "-----END PGP MESSAGE-----"
	begin, end := bytes.Index(mail, []byte("-----BEGIN PGP MESSAGE-----")), bytes.Index(mail, []byte(last))
	if begin < 0 || end < begin {
		return nil
	}
	return append(mail[begin:end:end], last+"\r\n"...)
}
