package queue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"almasu/exchange"
)

const tokenColumns = `name, id, hash, scopes, kinds, reporters, consumer, created_at, expires_at, revoked_at, used_at`

// AddToken keeps a new token. ErrForbidden: the name stands for another one,
// in force or not.
func (s *Store) AddToken(ctx context.Context, k exchange.Token, actor string) error {
	return s.write(ctx, "make the token "+k.Name, func(t *tx) error {
		err := t.must(ErrForbidden, `INSERT INTO token (name, id, hash, scopes, kinds, reporters, consumer, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (name) DO NOTHING`,
			k.Name, k.ID, k.Hash, listed(k.Scopes), listed(k.Kinds), listed(k.Reporters), k.Consumer, micro(t.now), micro(k.Expires))
		if err != nil {
			return err
		}
		return t.noteBy(actor, "token-made", tokenObject(k.Name), "scopes", listed(k.Scopes), "kinds", listed(k.Kinds),
			"reporters", listed(k.Reporters), "consumer", k.Consumer)
	})
}

// RevokeToken ends a token at once, for good. ErrNotFound: there is none of
// that name in force.
func (s *Store) RevokeToken(ctx context.Context, name, actor string) error {
	return s.write(ctx, "revoke the token "+name, func(t *tx) error {
		if err := t.must(ErrNotFound, `UPDATE token SET revoked_at = $1 WHERE name = $2 AND revoked_at = 0`, micro(t.now), clean(name)); err != nil {
			return err
		}
		return t.noteBy(actor, "token-revoked", tokenObject(name))
	})
}

// useSteps is how old a noted use has to be to be noted again.
const useSteps = time.Minute

// UseToken notes the last use of a token, at most once a minute.
func (s *Store) UseToken(ctx context.Context, k exchange.Token) error {
	if s.now().Sub(k.UsedAt) < useSteps {
		return nil
	}
	return s.writeSoft(ctx, "note the use of the token "+k.Name, func(t *tx) error {
		_, err := t.exec(`UPDATE token SET used_at = $1 WHERE name = $2 AND used_at < $1`, micro(t.now), k.Name)
		return err
	})
}

// Tokens lists all tokens by name, those that are not in force as well.
func (s *Store) Tokens(ctx context.Context) ([]exchange.Token, error) {
	list, err := s.look(ctx).tokens(` ORDER BY name`)
	return list, wrap("list tokens", err)
}

// TokenByID finds a token by its public part.
func (s *Store) TokenByID(ctx context.Context, id string) (exchange.Token, error) {
	list, err := s.look(ctx).tokens(` WHERE id = $1`, clean(id))
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return exchange.Token{}, fmt.Errorf("find a token: %w", err)
	}
	return list[0], nil
}

func (v view) tokens(query string, args ...any) ([]exchange.Token, error) {
	var out []exchange.Token
	err := v.each(`SELECT `+tokenColumns+` FROM token`+query, args, func(scan func(...any) error) error {
		var k exchange.Token
		var scopes, kinds, reporters string
		var created, expires, revoked, used int64
		err := scan(&k.Name, &k.ID, &k.Hash, &scopes, &kinds, &reporters, &k.Consumer, &created, &expires, &revoked, &used)
		k.Scopes, k.Kinds, k.Reporters = list[exchange.Scope](scopes), list[exchange.ReportKind](kinds), list[string](reporters)
		k.CreatedAt, k.Expires, k.RevokedAt, k.UsedAt = fromMicro(created), fromMicro(expires), fromMicro(revoked), fromMicro(used)
		out = append(out, k)
		return err
	})
	return out, err
}

// listed and list keep words that have no comma in one column.
func listed[S ~string](words []S) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ",")
}

func list[S ~string](column string) []S {
	if column == "" {
		return nil
	}
	var words []S
	for w := range strings.SplitSeq(column, ",") {
		words = append(words, S(w))
	}
	return words
}

// addHanded notes by which token a submission came.
func (t *tx) addHanded(d exchange.Decision, report int64) error {
	if d.Handed == nil || report == 0 {
		return nil
	}
	return t.hand(*d.Handed, report)
}

func (t *tx) hand(h exchange.Handed, report int64) error {
	n, err := t.exec(`INSERT INTO handed (report, token, key, digest, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		report, h.Token, clean(h.Key), h.Digest, micro(t.now))
	if err == nil && n == 0 && h.Key != "" {
		return ErrKeyUsed
	}
	return err
}

// Hand notes that a token handed a report in that was submitted before.
// ErrKeyUsed: the key stands for another request already.
func (s *Store) Hand(ctx context.Context, h exchange.Handed, report int64) error {
	return s.write(ctx, fmt.Sprintf("note who handed report %d in", report), func(t *tx) error { return t.hand(h, report) })
}

// HandedByKey finds the report that a token's key stands for, and the digest
// of its request. ErrNotFound: the key is free.
func (s *Store) HandedByKey(ctx context.Context, token, key string) (report int64, digest string, err error) {
	err = s.look(ctx).one(`SELECT report, digest FROM handed WHERE token = $1 AND key = $2 AND key <> ''`, []any{token, clean(key)}, &report, &digest)
	return report, digest, missing("find the request of a key", err)
}

// HandedBy reports whether a token handed the report in.
func (s *Store) HandedBy(ctx context.Context, token string, report int64) (bool, error) {
	var one int
	found, err := s.look(ctx).found(`SELECT 1 FROM handed WHERE token = $1 AND report = $2 LIMIT 1`, []any{token, report}, &one)
	return found, wrap("look who handed a report in", err)
}

// HandedAfter lists at most n positions above after of what a token handed in.
func (s *Store) HandedAfter(ctx context.Context, token string, after int64, n int) ([]int64, error) {
	var out []int64
	err := s.look(ctx).each(`SELECT DISTINCT report FROM handed WHERE token = $1 AND report > $2 ORDER BY report LIMIT $3`, []any{token, after, n},
		func(scan func(...any) error) error {
			var position int64
			err := scan(&position)
			out = append(out, position)
			return err
		})
	return out, wrap("list what a token handed in", err)
}

// EventsAfter lists at most n rows of the journal above an id, oldest first.
func (s *Store) EventsAfter(ctx context.Context, id int64, n int) ([]exchange.Event, error) {
	var out []exchange.Event
	err := s.look(ctx).each(wholeJournal, []any{id, n}, func(scan func(...any) error) error {
		e, err := scanEvent(scan)
		out = append(out, e)
		return err
	})
	return out, wrap("read the journal", err)
}

// LastEvent is the id of the last row of the journal, 0 while there is none.
func (s *Store) LastEvent(ctx context.Context) (int64, error) {
	var id int64
	_, err := s.look(ctx).found(`SELECT id FROM journal ORDER BY id DESC LIMIT 1`, nil, &id)
	return id, wrap("end of the journal", err)
}

func tokenRules() []rule {
	return []rule{
		{"what became of a token is in the journal", `SELECT 'token ' || k.name FROM token k
			WHERE NOT EXISTS (SELECT 1 FROM journal j WHERE j.object = 'token:' || k.name AND j.name = 'token-made')
			OR (k.revoked_at <> 0 AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.object = 'token:' || k.name AND j.name = 'token-revoked'))`},
		{"a token handed in reports of our own", `SELECT 'report ' || h.report || ' of ' || h.token FROM handed h
			WHERE NOT EXISTS (SELECT 1 FROM report r WHERE r.position = h.report AND r.outgoing = 1)
			OR NOT EXISTS (SELECT 1 FROM token k WHERE k.name = h.token)`},
	}
}

func tokenObject(name string) string { return "token:" + name }
