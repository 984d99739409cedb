package gateway

import (
	"bytes"
	netmail "net/mail"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/internal/mimepart"
	"almasu/parser"
	"almasu/parser/plain"
)

// cardInText reads the report card that is the text of a mail to participants;
// docs are its decoded leaves. The addressee is bound where there is one.
func (w *World) cardInText(root *mimepart.Part, docs []exchange.Document, to []string, now time.Time) parser.Parsed {
	leaf, doc, html := textOf(root, docs)
	switch {
	case leaf == nil && html:
		return parser.Parsed{Refusal: exchange.Refusal{Code: exchange.NoReport,
			Reason: "the mail has its text as HTML alone: send it as plain text, or attach the report"}}
	case leaf == nil:
		return parser.Parsed{Refusal: exchange.Refusal{Code: exchange.NoReport, Reason: "no report document in the message"}}
	}
	body, err := mimepart.DecodeText(doc.Body, doc.Charset)
	if err != nil {
		return parser.Parsed{Refusal: exchange.Refusal{Code: exchange.Malformed, Reason: "the text of the mail is not in the charset it declares"}}
	}
	d := w.textDefaults(now)
	if at, err := netmail.ParseDate(root.Get("Date")); err == nil {
		d.At = at
	}
	if len(to) == 1 {
		d.Addressee = to[0]
	}
	parsed := parser.ParseText(plain.Text{Body: body, Flowed: strings.EqualFold(leaf.Params["format"], "flowed"),
		DelSp: strings.EqualFold(leaf.Params["delsp"], "yes")}, d, w.Parser)
	parsed.Document.Path = leaf.Path
	return parsed
}

// textDefaults are what a card written as text need not say.
func (w *World) textDefaults(now time.Time) plain.Defaults {
	self := w.Register.Self()
	d := plain.Defaults{Reporter: self.ID, Email: self.Address(), Phone: self.Phone, Language: self.Language, Zone: w.Zone, Now: now}
	if d.Zone == nil {
		d.Zone = time.UTC
	}
	return d
}

// textOf is the first text of a mail meant to be read, nil if there is none;
// html says that there is one for browsers.
func textOf(root *mimepart.Part, docs []exchange.Document) (leaf *mimepart.Part, doc exchange.Document, html bool) {
	for i, l := range root.Leaves() {
		switch {
		case l.Disposition == "attachment" || len(bytes.TrimSpace(docs[i].Body)) == 0:
		case l.MediaType == "text/plain":
			return l, docs[i], html
		case l.MediaType == "text/html":
			html = true
		}
	}
	return nil, doc, html
}

// parseOwn reads a document of our own: a report in a format that is read, or
// a card written as text.
func (w *World) parseOwn(doc exchange.Document, now time.Time) parser.Parsed {
	parsed := parser.ParseFile(doc, w.Parser, now)
	if parsed.Refusal.Code != exchange.FormatUnknown || doc.MediaType != "" && doc.MediaType != "text/plain" ||
		len(doc.Body) > 2*plain.Longest {
		return parsed
	}
	body, err := mimepart.DecodeText(doc.Body, doc.Charset)
	if err != nil {
		return parsed
	}
	if text := parser.ParseText(plain.Text{Body: body}, w.textDefaults(now), w.Parser); text.Refusal.Code != exchange.NoReport {
		return text
	}
	return parsed
}
