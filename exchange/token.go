package exchange

import (
	"slices"
	"time"
)

// Scope is one right of a bearer token of the HTTP API.
type Scope string

// The scopes. A token may always follow what it submitted itself.
const (
	ScopeSubmit Scope = "submit" // hand reports in
	ScopeRead   Scope = "read"   // the state of every report its kinds and reporters allow
	ScopeQueue  Scope = "queue"  // take incoming reports from the report queue, with their documents
)

// Scopes lists every scope.
func Scopes() []Scope { return []Scope{ScopeSubmit, ScopeRead, ScopeQueue} }

// Token is the right of one program to use the HTTP API. The store has the
// hash of its secret, nobody has the secret but the program.
type Token struct {
	Name      string // for people and the journal; never used again
	ID        string // the public part, by which it is found
	Hash      string // SHA-256 over the whole token, hex
	Scopes    []Scope
	Kinds     []ReportKind // that it may submit and read; none: all
	Reporters []string     // participants whose reports it may read; none: all
	Consumer  string       // of the report queue
	CreatedAt time.Time
	Expires   time.Time // zero: never
	RevokedAt time.Time // zero: in force
	UsedAt    time.Time // last use, to the minute; zero: never
}

// Has reports whether the token has the scope.
func (t Token) Has(s Scope) bool { return slices.Contains(t.Scopes, s) }

// InForce reports whether the token is neither revoked nor past its end.
func (t Token) InForce(now time.Time) bool {
	return t.RevokedAt.IsZero() && (t.Expires.IsZero() || now.Before(t.Expires))
}

// MayRead reports whether the token may see a report that it did not submit.
func (t Token) MayRead(kind ReportKind, reporter string) bool {
	return t.Has(ScopeRead) && (len(t.Kinds) == 0 || slices.Contains(t.Kinds, kind)) &&
		(len(t.Reporters) == 0 || slices.Contains(t.Reporters, reporter))
}

// Handed says by which token a submission came, so that the token can follow
// it, and so that it is not taken twice: Key is the client's own word for the
// request ("" without one) and Digest that of the request.
type Handed struct {
	Token  string // name
	Key    string
	Digest string
}
