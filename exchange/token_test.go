package exchange

import (
	"testing"
	"time"
)

func TestTokenRights(t *testing.T) {
	now := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		token Token
		read  bool // an incident of soc-alfa
		force bool
	}{
		"everything":           {Token{Scopes: Scopes()}, true, true},
		"submit alone":         {Token{Scopes: []Scope{ScopeSubmit}}, false, true},
		"its kind":             {Token{Scopes: []Scope{ScopeRead}, Kinds: []ReportKind{Threat, Incident}}, true, true},
		"another kind":         {Token{Scopes: []Scope{ScopeRead}, Kinds: []ReportKind{Threat}}, false, true},
		"its reporter":         {Token{Scopes: []Scope{ScopeRead}, Reporters: []string{"soc-alfa"}}, true, true},
		"another reporter":     {Token{Scopes: []Scope{ScopeRead}, Reporters: []string{"soc-beta"}}, false, true},
		"revoked":              {Token{Scopes: Scopes(), RevokedAt: now.Add(time.Hour)}, true, false},
		"at its end":           {Token{Scopes: Scopes(), Expires: now}, true, false},
		"a second before that": {Token{Scopes: Scopes(), Expires: now.Add(time.Second)}, true, true},
	} {
		if got := c.token.MayRead(Incident, "soc-alfa"); got != c.read {
			t.Errorf("%s: may read: %v", name, got)
		}
		if got := c.token.InForce(now); got != c.force {
			t.Errorf("%s: in force: %v", name, got)
		}
	}
}
