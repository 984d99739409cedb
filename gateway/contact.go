package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/parser"
	"almasu/queue"
	"almasu/rules/calendar"
)

// ContactData is what a SOC says of itself under clause 17: its last contact
// card, or where there was none what its configuration says.
type ContactData struct {
	Card *exchange.ContactBody
	// Sent is the report that carried the card, its Key.ID empty where there was none.
	Sent    exchange.StoredReport
	Letters []exchange.Letter
}

// ContactData is the card of the last contact report handed in here.
func (g *Gateway) ContactData(ctx context.Context) (ContactData, error) {
	w, now := g.world.Load(), g.clock()
	self := w.Register.Self()
	data := ContactData{Card: &exchange.ContactBody{Organisation: exchange.Organisation{Name: self.Name, BIN: self.BIN}, Email: self.Address(), Phone: self.Phone}}
	last, err := g.store.Reports(ctx, queue.ReportFilter{Participant: self.ID, Kind: exchange.Contact, Outgoing: true, Newest: true, Limit: 1, Document: true})
	if err != nil || len(last) == 0 || len(last[0].Document) == 0 { // none, or deleted after its period
		return data, err
	}
	parsed := parser.ParseFile(exchange.Document{Body: last[0].Document, MediaType: last[0].MediaType}, w.Parser, now)
	if len(parsed.Reports) != 1 || parsed.Reports[0].Contact == nil {
		return data, fmt.Errorf("contact card %s in the store cannot be read: %s", last[0].Key.ID, parsed.Refusal.Code)
	}
	data.Card, data.Sent = parsed.Reports[0].Contact, last[0]
	data.Card.PreviousHash = last[0].Digest
	data.Letters, err = g.store.Letters(ctx, queue.LetterFilter{Report: last[0].Position})
	return data, err
}

// ContactDiffers names the fields of two contact cards that say different
// things: what the NCCIS has to be told immediately (clause 17).
func ContactDiffers(a, b *exchange.ContactBody) []string {
	var out []string
	for _, f := range []struct {
		name string
		same bool
	}{
		{"name", a.Organisation.Name == b.Organisation.Name}, {"bin", a.Organisation.BIN == b.Organisation.BIN},
		{"email", strings.EqualFold(a.Email, b.Email)}, {"phone", a.Phone == b.Phone}, {"duty", a.Duty == b.Duty}, {"deputy", a.Deputy == b.Deputy},
		{"key_fingerprints", slices.Equal(a.Fingerprints, b.Fingerprints)},
		{"openpgp_key", a.OpenPGP == "" || b.OpenPGP == "" || a.OpenPGP == b.OpenPGP}, // a card without a key says nothing of it
	} {
		if !f.same {
			out = append(out, f.name)
		}
	}
	return out
}

// ErrNoPhone: a contact card must carry a telephone, and nobody said one.
var ErrNoPhone = errors.New("a contact card must carry a telephone")

// SendContact sends the NCCIS a contact card: the confirmation of a quarter, or
// changed data. Either is due under clause 17.
func (g *Gateway) SendContact(ctx context.Context, card *exchange.ContactBody, id, actor string) (Submission, error) {
	if card.Phone == "" {
		return Submission{}, ErrNoPhone
	}
	w, now := g.world.Load(), g.clock()
	if card.ValidFrom.IsZero() {
		card.ValidFrom = now
	}
	card.ValidFrom = card.ValidFrom.In(w.Zone).Truncate(time.Second)
	return g.sendOwn(ctx, w, &exchange.Report{Kind: exchange.Contact, ID: id, Revision: 1, Contact: card}, actor, now)
}

// sendOwn submits a card that a command made up from what is here. It goes to
// the NCCIS.
func (g *Gateway) sendOwn(ctx context.Context, w *World, r *exchange.Report, actor string, now time.Time, events ...exchange.Event) (Submission, error) {
	centre := w.Register.ByKind(exchange.KindNCCIS)
	if len(centre) == 0 {
		return Submission{}, fmt.Errorf("%w: no participant of kind nccis is registered", ErrAddressee)
	}
	self := w.Register.Self()
	r.Reporter, r.Addressee, r.Language = self.ID, centre[0].ID, self.Language
	r.GeneratedAt = now.In(w.Zone).Truncate(time.Second)
	doc, err := parser.Render(r, exchange.CardJSON)
	if err != nil {
		return Submission{}, err
	}
	return g.Submit(ctx, Order{Document: doc, Typed: true, Actor: actor, Events: events})
}

// contactDue is the deadline of "immediately" where a contact card says
// something else than the last one; the first card counts as such. It runs from
// the moment the card says the data are valid from, if that has passed.
func (g *Gateway) contactDue(ctx context.Context, r *exchange.Report, now time.Time) ([]exchange.Deadline, error) {
	if r.Contact == nil {
		return nil, nil
	}
	last, err := g.ContactData(ctx)
	if err != nil || last.Sent.Key.ID != "" && len(ContactDiffers(last.Card, r.Contact)) == 0 {
		return nil, err
	}
	changed := now
	if from := r.Contact.ValidFrom; from.Before(now) && !from.IsZero() && last.Sent.Key.ID != "" {
		changed = from
	}
	return []exchange.Deadline{{Clause: "17", At: calendar.ContactChange(changed, time.Time{}).Due(), State: exchange.DeadlineOpen}}, nil
}
