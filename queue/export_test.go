package queue

import (
	"context"
	"maps"
	"slices"
)

// RuleNames lists the rules of Check.
func RuleNames() []string {
	var names []string
	for _, r := range rules() {
		names = append(names, r.name)
	}
	return names
}

// Queries lists what the store has asked its database so far.
func (s *Store) Queries(ctx context.Context) ([]string, error) {
	s.reads.mu.Lock()
	list := slices.Collect(maps.Keys(s.reads.stmts))
	s.reads.mu.Unlock()
	err := s.write(ctx, "list the queries", func(t *tx) error {
		list = slices.AppendSeq(list, maps.Keys(t.stmts.(*session).stmts))
		return nil
	})
	return list, err
}
