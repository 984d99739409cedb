package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"almasu/exchange"
	"almasu/internal/mimepart"
	"almasu/parser"
)

// HandedIn is a mail in clear that carries one report to be sent. Of the mail
// nothing but the report goes out: not its text, its subject or its sender.
type HandedIn struct {
	Message []byte
	To      []string // addresses of participants, of the envelope
	Actor   string   // who handed it in, for the journal
	Kinds   []exchange.ReportKind
	Judge   bool // ask what would become of it; nothing is kept
}

// Addressee is the participant, other than ourselves, with the address; nil if
// there is none.
func (g *Gateway) Addressee(address string) *exchange.Participant {
	register := g.world.Load().Register
	if p := register.ByAddress(address); p != register.Self() {
		return p
	}
	return nil
}

// SubmitMail submits the one report in a mail. It fails closed: a mail without
// one is refused, and so is one whose attachments would be left behind.
func (g *Gateway) SubmitMail(ctx context.Context, m HandedIn) (Submission, error) {
	w := g.world.Load()
	var to []string
	for _, address := range m.To {
		p := g.Addressee(address)
		if p == nil {
			return Submission{}, fmt.Errorf("%w: no participant has one of the addresses", ErrAddressee)
		}
		to = append(to, p.ID)
	}
	if len(to) == 0 {
		return Submission{}, fmt.Errorf("%w: the mail has no recipient", ErrAddressee)
	}
	root, err := mimepart.Parse(m.Message, mimepart.Limits{Depth: w.Crypto.Depth, Parts: w.Crypto.Parts})
	if err != nil {
		return Submission{Refusal: exchange.Refusal{Code: exchange.TooDeep, Reason: "the mail has too many parts, or nested too deep"}}, nil
	}
	docs, attached, refusal := documents(root, w.Crypto.Message)
	if refusal.Code != "" {
		return Submission{Refusal: refusal}, nil
	}
	parsed := parser.Parse(docs, w.Parser, g.clock())
	if parsed.Refusal.Code == exchange.NoReport {
		parsed = w.cardInText(root, docs, to, g.clock())
	}
	if parsed.Refusal.Code != "" {
		return Submission{Problems: parsed.Problems, Refusal: parsed.Refusal}, nil
	}
	for _, path := range attached {
		if path != parsed.Document.Path {
			return Submission{Refusal: exchange.Refusal{Code: exchange.ManyReports,
				Reason: "the mail has an attachment beside the report, which would not be sent: attach the report alone"}}, nil
		}
	}
	return g.Submit(ctx, Order{Document: parsed.Document, To: to, Typed: typedByPerson(root), Actor: m.Actor, Kinds: m.Kinds, Judge: m.Judge})
}

// documents are the decoded leaves of a mail, and the paths of those that were
// attached to be sent. Signatures, certificates and visiting cards that mail
// programs add by themselves are not.
func documents(root *mimepart.Part, limit int64) (docs []exchange.Document, attached []string, refusal exchange.Refusal) {
	for _, leaf := range root.Leaves() {
		body, err := leaf.Decode(limit)
		if err != nil {
			what := "the transfer encoding of part " + leaf.Path + " is broken"
			if errors.Is(err, mimepart.ErrTooLarge) {
				what = "part " + leaf.Path + " is too large"
			}
			return nil, nil, exchange.Refusal{Code: exchange.Malformed, Reason: what}
		}
		docs = append(docs, exchange.Document{MediaType: leaf.MediaType, Charset: strings.ToLower(leaf.Params["charset"]),
			Name: leaf.FileName(), Path: leaf.Path, Body: body})
		if leaf.Disposition == "attachment" && len(bytes.TrimSpace(body)) > 0 && !slices.Contains(addedByPrograms(), leaf.MediaType) {
			attached = append(attached, leaf.Path)
		}
	}
	return docs, attached, exchange.Refusal{}
}

func addedByPrograms() []string {
	return []string{"application/pgp-signature", "application/pgp-keys", "application/pkcs7-signature", "application/x-pkcs7-signature", "text/vcard", "text/x-vcard"}
}

// typedByPerson tells a person at a mail program from a system (RFC 3834): a
// program that names itself, and none of the marks that systems leave.
func typedByPerson(root *mimepart.Part) bool {
	auto := strings.ToLower(strings.TrimSpace(root.Get("Auto-Submitted")))
	precedence := strings.ToLower(strings.TrimSpace(root.Get("Precedence")))
	return (auto == "" || auto == "no") && (root.Get("User-Agent") != "" || root.Get("X-Mailer") != "") &&
		precedence != "bulk" && precedence != "list" && precedence != "auto_reply" &&
		root.Get("X-Auto-Response-Suppress") == "" && root.Get("List-Id") == ""
}
