package gateway

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// budget bounds the octets of messages in work (limits.in_work). One message
// larger than the whole budget takes all of it and runs alone.
type budget struct {
	all int64
	sem *semaphore.Weighted
}

func newBudget(octets int64) *budget { return &budget{octets, semaphore.NewWeighted(octets)} }

// expansion is how much memory one octet of sealed mail needs while it is
// opened: the raw bytes, the decoded ciphertext, and the plaintext.
const expansion = 3

// take waits until a message of that size fits and returns what gives it back.
func (b *budget) take(ctx context.Context, size int64) (func(), error) {
	n := min(size*expansion, b.all)
	if err := b.sem.Acquire(ctx, n); err != nil {
		return nil, err
	}
	return func() { b.sem.Release(n) }, nil
}
