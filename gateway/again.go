package gateway

import (
	"context"

	"almasu/exchange"
	"almasu/queue"
)

// submittedBefore refuses what the addressee would refuse: an id and revision
// that was submitted already, or a revision below one that was. The same
// document to the same addressees is marked as such.
func (g *Gateway) submittedBefore(ctx context.Context, s *Submission, doc exchange.Document, to []*exchange.Participant) error {
	earlier, err := g.store.Reports(ctx, queue.ReportFilter{Participant: g.world.Load().Register.Self().ID, ID: s.Report.ID, Outgoing: true})
	if err != nil {
		return err
	}
	for _, e := range earlier {
		switch {
		case e.Key.Revision == s.Report.Revision:
			s.Refusal = exchange.Refusal{Code: exchange.Conflict, Reason: "this id and revision was submitted before: count the revision up"}
			if e.Digest != digestHex(doc.Body) {
				return nil
			}
			went, err := g.wentTo(ctx, e.Position, to)
			if went {
				s.Again = e.Position
			}
			return err
		case e.Key.Revision > s.Report.Revision:
			s.Refusal = exchange.Refusal{Code: exchange.Superseded, Reason: "a later revision of this report was submitted before"}
		}
	}
	return nil
}

// wentTo reports whether each addressee has a letter that carries the report.
func (g *Gateway) wentTo(ctx context.Context, position int64, to []*exchange.Participant) (bool, error) {
	letters, err := g.store.Letters(ctx, queue.LetterFilter{Kind: exchange.LetterReport, Report: position})
	if err != nil {
		return false, err
	}
	has := map[string]bool{}
	for _, l := range letters {
		has[l.To] = true
	}
	for _, p := range to {
		if !has[p.ID] {
			return false, nil
		}
	}
	return true, nil
}

// handAgain notes that a token handed in what was submitted before: whoever
// has the document may follow it.
func (g *Gateway) handAgain(ctx context.Context, s Submission, h *exchange.Handed) error {
	if s.Again == 0 || h == nil {
		return nil
	}
	return g.store.Hand(ctx, *h, s.Again)
}
