package gateway

import (
	"strings"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/parser"
	"almasu/queue"
)

// letters are those that answer an arrival, with their octets.
func (n *node) letters(f queue.LetterFilter) []exchange.Letter {
	n.Helper()
	list, err := n.store.Letters(n.Context(), f)
	n.must(err)
	for i := range list {
		list[i], err = n.store.Letter(n.Context(), list[i].ID)
		n.must(err)
	}
	return list
}

func (n *node) answers(a exchange.Arrival) []exchange.Letter {
	n.Helper()
	return n.letters(queue.LetterFilter{Arrival: a.ID})
}

// only is the one letter of a kind among several.
func (n *node) only(list []exchange.Letter, kind exchange.LetterKind, to string) exchange.Letter {
	n.Helper()
	var found []exchange.Letter
	for _, l := range list {
		if l.Kind == kind && l.To == to {
			found = append(found, l)
		}
	}
	if len(found) != 1 {
		n.Fatalf("%d letters of kind %s to %s, want one; all: %s", len(found), kind, to, kinds(list))
	}
	return found[0]
}

func kinds(list []exchange.Letter) string {
	var out []string
	for _, l := range list {
		out = append(out, string(l.Kind)+" to "+l.To)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// read opens a letter as its addressee would and makes sure that this node
// signed it, for nobody else.
func (n *node) read(l exchange.Letter) crypto.Opened {
	n.Helper()
	o, err := crypto.Open(l.Message, ring(n, l.To), crypto.Limits{}, n.clock.now())
	n.must(err)
	s := o.Security
	if s.Signature != exchange.SignatureValid || s.Owner != n.id || !s.IntendedForUs || s.Covers != exchange.CoversAll || !s.Integrity {
		n.Fatalf("letter %d to %s does not open and verify: %+v", l.ID, l.To, s)
	}
	return o
}

// report is the one machine part of a letter.
func (n *node) report(l exchange.Letter) *exchange.Report {
	n.Helper()
	p := parser.Parse(n.read(l).Payload, parser.Limits{}, n.clock.now())
	if len(p.Reports) != 1 || p.Refusal.Code != "" {
		n.Fatalf("letter %d holds %d reports, %s %v", l.ID, len(p.Reports), p.Refusal.Code, p.Problems)
	}
	return p.Reports[0]
}

func (n *node) receipt(l exchange.Letter) exchange.ReceiptBody {
	n.Helper()
	r := n.report(l)
	if r.Receipt == nil {
		n.Fatalf("letter %d is a %s, want a receipt", l.ID, r.Kind)
	}
	return *r.Receipt
}

// plain is everything a letter says, decrypted: header and every part.
func (n *node) plain(l exchange.Letter) string {
	n.Helper()
	o := n.read(l)
	text := string(o.ProtectedPart.Raw)
	for _, d := range o.Payload {
		text += string(d.Body)
	}
	return text
}

// events are the names and details of the journal.
func (n *node) events(name string) []exchange.Event {
	n.Helper()
	var out []exchange.Event
	n.must(n.store.EachEvent(n.Context(), func(e exchange.Event) error {
		if e.Name == name {
			out = append(out, e)
		}
		return nil
	}))
	return out
}

func lettersTo(id string) queue.LetterFilter { return queue.LetterFilter{To: id} }

func reportsAll() queue.ReportFilter { return queue.ReportFilter{} }
