package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/parser"
	"almasu/receipt"
)

// Preview reads what a letter of ours says to people: we can open it, it is
// sealed to ourselves as well.
func (g *Gateway) Preview(ctx context.Context, id int64) (receipt.Wording, error) {
	w := g.world.Load()
	l, err := g.store.Letter(ctx, id)
	if err != nil {
		return receipt.Wording{}, err
	}
	opened, err := crypto.Open(l.Message, w.Keys, w.Crypto, g.clock())
	if err != nil {
		return receipt.Wording{}, err
	}
	root, subject := opened.ProtectedPart, opened.Protected.Subject
	if l.Kind == exchange.LetterDuty && root == nil {
		root, subject = opened.OuterPart, "Almasu"
	}
	if root == nil || len(root.Leaves()) == 0 {
		return receipt.Wording{}, fmt.Errorf("letter %d cannot be opened with our own keys, or its octets are deleted: keep the old key among keys.openpgp", id)
	}
	text, err := root.Leaves()[0].Decode(w.Crypto.Decompressed)
	return receipt.Wording{Subject: subject, Text: string(text)}, err
}

// Sample words a letter of one sort (exchange.TemplateSorts) to a participant
// with data that mean nothing.
func (g *Gateway) Sample(sort, to string) (receipt.Wording, error) {
	w, now := g.world.Load(), g.clock()
	p := w.Register.ByID(to)
	if p == nil || p == w.Register.Self() {
		return receipt.Wording{}, fmt.Errorf("%w %q is not in the participants register: `almasu participants list` shows who is", ErrAddressee, to)
	}
	kind := map[string]exchange.ReportKind{exchange.TemplateNotice: exchange.Notice, exchange.TemplateDigest: exchange.Notice,
		exchange.TemplateReceipt: exchange.Receipt, exchange.TemplateReport: exchange.Request}[sort]
	if kind == "" {
		return receipt.Wording{}, fmt.Errorf("no sort of letter %q: use one of %v", sort, exchange.TemplateSorts())
	}
	r, err := sample(kind, w, p, now)
	if err != nil {
		return receipt.Wording{}, err
	}
	if sort == exchange.TemplateDigest {
		n := *r.Notice
		item := exchange.NoticeItem{Report: r.ID, TLP: r.TLP, Clause: n.Clause, Edition: n.Edition, Number: n.Number, Class: n.Class, Severity: n.Severity,
			DetectedAt: n.DetectedAt, ConfirmedAt: n.ConfirmedAt, Part: n.Part}
		r.Notice.Items = slices.Repeat([]exchange.NoticeItem{item}, 2)
	}
	return receipt.For(r, w.style(p)), nil
}

func sample(kind exchange.ReportKind, w *World, to *exchange.Participant, now time.Time) (*exchange.Report, error) {
	body, err := parser.Example(kind, exchange.CardJSON, w.Register.Self().ID, to.ID, "sample", now)
	if err != nil {
		return nil, err
	}
	parsed := parser.ParseFile(exchange.Document{Body: body}, w.Parser, now)
	if len(parsed.Reports) != 1 {
		return nil, errors.New("the example cannot be read")
	}
	return parsed.Reports[0], nil
}
