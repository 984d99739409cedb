package gateway

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/mailout"
	"almasu/parser"
	"almasu/receipt"
)

// incident is a report of soc-alfa to the NCCIS; change it before it is sealed.
func incident(id string, now time.Time, changes ...func(*exchange.Report)) exchange.Document {
	body, err := parser.Example(exchange.Incident, exchange.CardJSON, "soc-alfa", "nccis", id, now)
	if err != nil {
		panic(err)
	}
	r := parser.ParseFile(exchange.Document{Body: body}, parser.Limits{}, now).Reports[0]
	r.Incident.Summary, r.Incident.Cause, r.Incident.Objects[0].Name = canary, canary, canary
	r.Incident.Victim.Name = exchange.Names{RU: canary}
	for _, change := range changes {
		change(r)
	}
	return rendered(r)
}

func rendered(r *exchange.Report) exchange.Document {
	doc, err := parser.Render(r, exchange.CardJSON)
	if err != nil {
		panic(err)
	}
	return doc
}

// mail is a sealed message of one of the cast, made without a gateway.
type mail struct {
	from, to string // ids
	signer   string // id, from if empty
	inner    string // id in the protected From, from if empty
	id       string // Message-ID
	auto     string // Auto-Submitted
	reply    string // In-Reply-To
	ask      bool
	entity   []byte // instead of a document
}

func (m mail) seal(t testing.TB, now time.Time, docs ...exchange.Document) []byte {
	t.Helper()
	m.signer, m.inner = cmp.Or(m.signer, m.from), cmp.Or(m.inner, m.from)
	e := mailout.Envelope{From: address(m.inner), To: address(m.to), MessageID: cmp.Or(m.id, mailout.NewMessageID(m.from+".example", nil)),
		Date: now, Subject: canary, AutoSubmitted: m.auto, InReplyTo: m.reply, AskReceipt: m.ask}
	entity := m.entity
	if entity == nil {
		entity = parts(docs...)
	}
	inner, err := mailout.Protect(e, entity)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := crypto.Seal(inner, m.to, ring(t, m.signer), now)
	if err != nil {
		t.Fatal(err)
	}
	e.From = address(m.from)
	raw, err := mailout.Compose(e, sealed.Header, sealed.Body)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// parts is an entity of a text and any number of documents.
func parts(docs ...exchange.Document) []byte {
	if len(docs) == 1 {
		return receipt.Entity(receipt.Wording{Text: canary + "\n"}, &docs[0])
	}
	var b strings.Builder
	b.WriteString("Content-Type: multipart/mixed; boundary=parts\r\n\r\n")
	for _, d := range docs {
		fmt.Fprintf(&b, "--parts\r\nContent-Type: %s\r\n\r\n%s\r\n", d.MediaType, d.Body)
	}
	b.WriteString("--parts\r\nContent-Type: text/plain\r\n\r\n" + canary + "\r\n--parts--\r\n")
	return []byte(b.String())
}

// fromAlfa is an ordinary report of soc-alfa.
func fromAlfa(t testing.TB, now time.Time, doc exchange.Document) []byte {
	return mail{from: "soc-alfa", to: "nccis", ask: true, auto: "auto-generated"}.seal(t, now, doc)
}
