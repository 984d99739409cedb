package queue

import "context"

// Check finds out whether the store is in order.
func (s *Store) Check(ctx context.Context) error { return s.VerifyJournal(ctx) }
