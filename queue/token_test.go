package queue_test

import (
	"slices"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

func tokenCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"a token comes back as it was made":             tokenMade,
		"a name is used once, a revocation is for good": tokenOnce,
		"its use is noted once a minute":                tokenUsed,
		"a key stands for one request":                  handedOnce,
		"a key and its report are one commit":           handedUndone,
		"what a token handed in":                        handedList,
		"the journal from a row on":                     journalAfter,
	}
}

func (r *rig) token(name string) exchange.Token {
	r.Helper()
	r.must(r.store.AddToken(r.ctx, exchange.Token{Name: name, ID: "id-" + name, Hash: "aa", Scopes: exchange.Scopes(), Consumer: name}, "admin"))
	k, err := r.store.TokenByID(r.ctx, "id-"+name)
	r.must(err)
	return k
}

// handIn commits a submission of our own that came by a token.
func (r *rig) handIn(report string, h exchange.Handed) (int64, error) {
	p, err := r.store.Commit(r.ctx, exchange.Decision{Participant: "soc-alfa", Handed: &h, Reports: []exchange.StoredReport{{Participant: "soc-alfa",
		Outgoing: true, Kind: exchange.Incident, Key: exchange.Key{ID: report, Revision: 1}, Format: exchange.CardJSON, Document: []byte("{}")}}})
	if err != nil {
		return 0, err
	}
	return p[0], nil
}

func tokenMade(r *rig) {
	want := exchange.Token{Name: "siem", ID: "abc", Hash: "00ff", Scopes: []exchange.Scope{exchange.ScopeSubmit, exchange.ScopeRead},
		Kinds: []exchange.ReportKind{exchange.Incident, exchange.Threat}, Reporters: []string{"soc-alfa"}, Consumer: "desk", Expires: r.clock.now().Add(time.Hour)}
	r.must(r.store.AddToken(r.ctx, want, "admin"))
	want.CreatedAt = r.clock.now()
	got, err := r.store.TokenByID(r.ctx, "abc")
	r.must(err)
	all, err := r.store.Tokens(r.ctx)
	r.must(err)
	for _, k := range append(all, got) {
		if k.Name != want.Name || k.Hash != want.Hash || !slices.Equal(k.Scopes, want.Scopes) || !slices.Equal(k.Kinds, want.Kinds) ||
			!slices.Equal(k.Reporters, want.Reporters) || k.Consumer != want.Consumer || !k.Expires.Equal(want.Expires) || !k.CreatedAt.Equal(want.CreatedAt) {
			r.Errorf("%+v, want %+v", k, want)
		}
	}
	_, err = r.store.TokenByID(r.ctx, "abd")
	r.is(err, queue.ErrNotFound)
}

func tokenOnce(r *rig) {
	r.token("siem")
	r.is(r.store.AddToken(r.ctx, exchange.Token{Name: "siem", ID: "other", Hash: "bb"}, "admin"), queue.ErrForbidden)
	r.must(r.store.RevokeToken(r.ctx, "siem", "admin"))
	r.is(r.store.RevokeToken(r.ctx, "siem", "admin"), queue.ErrNotFound)
	r.is(r.store.AddToken(r.ctx, exchange.Token{Name: "siem", ID: "other", Hash: "bb"}, "admin"), queue.ErrForbidden)
	r.reopen()
	k, err := r.store.TokenByID(r.ctx, "id-siem")
	r.must(err)
	if k.InForce(r.clock.now()) {
		r.Error("a revoked token is in force")
	}
}

func tokenUsed(r *rig) {
	k := r.token("siem")
	first := r.clock.now()
	for _, step := range []time.Duration{0, 30 * time.Second, 40 * time.Second} {
		r.clock.pass(step)
		r.must(r.store.UseToken(r.ctx, k))
		var err error
		k, err = r.store.TokenByID(r.ctx, k.ID)
		r.must(err)
		if step == 30*time.Second && !k.UsedAt.Equal(first) {
			r.Errorf("used at %v, within the minute", k.UsedAt)
		}
	}
	if !k.UsedAt.Equal(first.Add(70 * time.Second)) {
		r.Errorf("used at %v", k.UsedAt)
	}
}

func handedOnce(r *rig) {
	r.token("siem")
	r.token("other")
	p, err := r.handIn("r-1", exchange.Handed{Token: "siem", Key: "k", Digest: "d"})
	r.must(err)
	_, err = r.handIn("r-2", exchange.Handed{Token: "siem", Key: "k", Digest: "e"})
	r.is(err, queue.ErrKeyUsed)
	q, err := r.handIn("r-2", exchange.Handed{Token: "other", Key: "k", Digest: "e"})
	r.must(err)
	r.reopen()
	at, digest, err := r.store.HandedByKey(r.ctx, "siem", "k")
	if r.must(err); at != p || digest != "d" {
		r.Errorf("the key stands for %d %s", at, digest)
	}
	_, _, err = r.store.HandedByKey(r.ctx, "siem", "")
	r.is(err, queue.ErrNotFound)
	r.is(r.store.Hand(r.ctx, exchange.Handed{Token: "siem", Key: "k", Digest: "e"}, q), queue.ErrKeyUsed)
	r.must(r.store.Hand(r.ctx, exchange.Handed{Token: "siem", Key: "l", Digest: "e"}, q))
}

func handedUndone(r *rig) {
	r.token("siem")
	_, err := r.handIn("r-1", exchange.Handed{Token: "siem", Key: "k", Digest: "d"})
	r.must(err)
	_, err = r.handIn("r-2", exchange.Handed{Token: "siem", Key: "k", Digest: "d"})
	r.is(err, queue.ErrKeyUsed)
	reports, err := r.store.Reports(r.ctx, queue.ReportFilter{})
	if r.must(err); len(reports) != 1 {
		r.Errorf("%d reports, want the one of the key", len(reports))
	}
}

func handedList(r *rig) {
	r.token("siem")
	r.token("other")
	var mine []int64
	for i, name := range []string{"siem", "other", "siem", "siem"} {
		p, err := r.handIn("r-"+string(rune('1'+i)), exchange.Handed{Token: name})
		r.must(err)
		if name == "siem" {
			mine = append(mine, p)
		}
	}
	r.must(r.store.Hand(r.ctx, exchange.Handed{Token: "siem", Key: "again"}, mine[0]))
	got, err := r.store.HandedAfter(r.ctx, "siem", 0, 2)
	r.must(err)
	rest, err := r.store.HandedAfter(r.ctx, "siem", got[len(got)-1], 2)
	r.must(err)
	if !slices.Equal(append(got, rest...), mine) {
		r.Errorf("%v and %v, want %v", got, rest, mine)
	}
	for p, want := range map[int64]bool{mine[0]: true, mine[0] + 1: false} {
		if is, err := r.store.HandedBy(r.ctx, "siem", p); err != nil || is != want {
			r.Errorf("report %d by siem: %v, %v", p, is, err)
		}
	}
}

func journalAfter(r *rig) {
	if last, err := r.store.LastEvent(r.ctx); err != nil || last != 0 {
		r.Errorf("the end of an empty journal is %d, %v", last, err)
	}
	r.token("siem")
	r.must(r.store.RevokeToken(r.ctx, "siem", "admin"))
	last, err := r.store.LastEvent(r.ctx)
	r.must(err)
	events, err := r.store.EventsAfter(r.ctx, last-1, 10)
	if r.must(err); len(events) != 1 || events[0].ID != last || events[0].Name != "token-revoked" || events[0].Actor != "admin" {
		r.Errorf("events %+v", events)
	}
}

// tokensHit runs every query about tokens, for the look at their plans.
func tokensHit(r *rig) {
	k := r.token("plans")
	r.must(r.store.UseToken(r.ctx, k))
	_, err := r.store.Tokens(r.ctx)
	r.must(err)
	_, err = r.store.HandedAfter(r.ctx, "plans", 0, 2)
	r.must(err)
	_, err = r.store.HandedBy(r.ctx, "plans", 1)
	r.must(err)
	_, err = r.store.EventsAfter(r.ctx, 0, 2)
	r.must(err)
	_, err = r.store.LastEvent(r.ctx)
	r.must(err)
	_, _, err = r.store.HandedByKey(r.ctx, "plans", "k")
	r.is(err, queue.ErrNotFound)
	r.must(r.store.RevokeToken(r.ctx, "plans", "admin"))
}
