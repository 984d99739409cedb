package queue

import "context"

// Backlog counts the messages that wait for their decision, those in work
// included. Intake stops when it grows too large (DESIGN section 2,
// back-pressure).
func (s *Store) Backlog(ctx context.Context) (int, error) {
	n := 0
	_, err := s.look(ctx).found(`SELECT count(*) FROM arrival WHERE state = 'stored'`, nil, &n)
	return n, wrap("count the backlog", err)
}
