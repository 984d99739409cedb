package rules

import "almasu/exchange"

// reaching is how far a marking lets a report go to an addressee.
type reaching int

const (
	goes  reaching = iota
	asks           // a person must confirm
	never          // the label itself forbids it
)

// reach is TLP 2.0 as a hard limit of clauses 5 and 12.1, and of whatever else
// a rules file may add: RED and AMBER+STRICT (and no label, A-11) stop
// forwarding until a person confirms; AMBER reaches the organisation that the
// report concerns and its clients; GREEN the community of the register. The
// bodies of clause 12 items 2 to 6 are told as a legal duty: the marking goes
// with the notice and does not stop it.
func (s *sifting) reach(r *ready, a addressee) reaching {
	if !r.limited {
		return goes
	}
	switch effective(s.report.TLP) {
	case exchange.TLPClear, exchange.TLPGreen:
		return goes
	case exchange.TLPAmber:
		if s.needsToKnow(r, a) {
			return goes
		}
		return never
	}
	return asks
}

// needsToKnow: AMBER is for those whom it concerns: at the NCCIS the SOCs with
// what they serve, at a SOC its own clients and units.
func (s *sifting) needsToKnow(r *ready, a addressee) bool {
	if s.engine.role != exchange.KindNCCIS && !s.engine.client(a.Participant) {
		return false
	}
	if r.Part == Concerning { // nobody else is addressed
		return true
	}
	for _, c := range s.concerns {
		if c.Nth == a.nth {
			return true
		}
	}
	return false
}

// client: at a SOC, those whom it serves and its own units.
func (e *Engine) client(p *exchange.Participant) bool {
	return e.role == exchange.KindSOC && (p.Is(exchange.KindServedOrganisation) || p.Is(exchange.KindOwnUnit))
}

// free reports whether the marking lets free text go to an addressee that is
// no body of clause 12: GREEN and CLEAR do; AMBER lets it go to clients, and
// one SOC is not another's. Under RED and AMBER+STRICT it stays here, also when
// a person confirms the rest.
func (e *Engine) free(label exchange.TLP, to *exchange.Participant) bool {
	switch effective(label) {
	case exchange.TLPClear, exchange.TLPGreen:
		return true
	case exchange.TLPAmber:
		return e.client(to)
	}
	return false
}
