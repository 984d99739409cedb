package main

import (
	"context"
	"errors"
	"time"

	"almasu/config"
	"almasu/crypto"
	"almasu/exchange"
	"almasu/revocation"
)

// revocation asks every place that the certificates need, keeping nothing, and
// says what is known of each certificate then. The ring that knows it comes back.
func (k *checker) revocation(ctx context.Context, c *config.Config, keys *crypto.Keyring, now time.Time) *crypto.Keyring {
	const name = "revocation"
	standings := []crypto.Standing{}
	if keys != nil {
		standings = keys.Standings(now)
	}
	if len(standings) == 0 {
		return keys
	}
	level := levelWarn
	if c.Trust.Revocation == "require" {
		level = levelFail
	}
	if c.Trust.Fetch.Enabled {
		client := newRevocationClient(c.Trust.Fetch, "")
		keys = keys.WithAnswers(k.ask(ctx, client, c, keys.Needs(now), now), now)
	}
	for _, s := range keys.Standings(now) {
		switch {
		case s.State == "good":
			k.ok(name, "revocation-good", s.Owner, s.Fingerprint, s.Source, s.Until.UTC().Format("2006-01-02 15:04"))
		case s.State == "revoked" && s.Owner == exchange.SelfSigner:
			k.fail(name, "revocation-own", s.Fingerprint)
		case s.State == "revoked":
			k.warn(name, "revocation-revoked", s.Owner, s.Fingerprint)
		default:
			k.line(level, name, "revocation-unknown", []string{s.Owner, s.Fingerprint, c.Trust.Revocation})
		}
	}
	return keys
}

// ask tries each place once and prints what came of it.
func (k *checker) ask(ctx context.Context, client *revocation.Client, c *config.Config, needs []crypto.Need, now time.Time) []crypto.Answer {
	questions := []crypto.Question{}
	for _, url := range c.Trust.Fetch.CRLs {
		questions = append(questions, crypto.ListAt(url))
	}
	for _, n := range needs {
		questions = append(questions, n.Questions()...)
	}
	var answers []crypto.Answer
	seen := map[string]bool{}
	for _, q := range questions {
		if seen[q.Key] {
			continue
		}
		seen[q.Key] = true
		a, err := askOnce(ctx, client, q, now)
		if errors.Is(err, revocation.ErrAnswer) && q.Again != nil {
			a, err = askOnce(ctx, client, *q.Again, now)
		}
		if a.CRL != nil || a.OCSP != nil {
			answers = append(answers, a)
		}
		switch {
		case err == nil:
			k.ok("revocation", "revocation-answered", q.URL, a.Until.UTC().Format("2006-01-02 15:04"))
		case errors.Is(err, revocation.ErrTarget):
			k.warn("revocation", "revocation-closed", err.Error())
		default:
			k.warn("revocation", "revocation-silent", err.Error())
		}
	}
	return answers
}

func askOnce(ctx context.Context, client *revocation.Client, q crypto.Question, now time.Time) (a crypto.Answer, err error) {
	err = client.Get(ctx, revocation.Ask{Key: q.Key, URL: q.URL, Body: q.Body, Judge: func(b []byte, fetched bool) error {
		var wrong error
		a, wrong = q.Read(b, now, fetched)
		return wrong
	}})
	return a, err
}
