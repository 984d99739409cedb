package web

import (
	"sync"
	"time"
)

// burst is how many requests a token may send at once before its rate counts.
const burst = 20

// bounds is what the tokens have in hand: each its share, so that one busy
// client does not keep the others out.
type bounds struct {
	limits Limits

	mu       sync.Mutex
	requests int   // in flight
	waiting  int   // for news
	octets   int64 // of documents in memory
	tokens   map[string]*share
}

// share is what one token has in hand.
type share struct {
	requests int
	octets   int64
	left     float64 // requests it may send now
	at       time.Time
}

func newBounds(l Limits) *bounds { return &bounds{limits: l, tokens: map[string]*share{}} }

// enter counts a request in, or tells that there is no room. The answer is how
// it leaves. What waits for news has a room of its own.
func (b *bounds) enter(waits bool) (leave func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	count, most := &b.requests, b.limits.Requests
	if waits {
		count, most = &b.waiting, b.limits.Waiting
	}
	if *count >= most {
		return nil, false
	}
	*count++
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		*count--
	}, true
}

// share counts a request of a token in. Where the token has had its share, ok
// is false and again says when to come back.
func (b *bounds) share(token string, now time.Time) (leave func(), again time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget(now)
	s := b.tokens[token]
	if s == nil {
		s = &share{left: burst, at: now}
		b.tokens[token] = s
	}
	perSecond := float64(b.limits.PerMinute) / 60
	s.left, s.at = min(burst, s.left+perSecond*now.Sub(s.at).Seconds()), now
	switch {
	case s.requests >= b.limits.PerToken:
		return nil, time.Second, false
	case s.left < 1:
		return nil, time.Duration((1 - s.left) / perSecond * float64(time.Second)), false
	}
	s.left--
	s.requests++
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		s.requests--
	}, 0, true
}

// forget drops the tokens that have not been seen for a while.
func (b *bounds) forget(now time.Time) {
	if len(b.tokens) < 1000 {
		return
	}
	for name, s := range b.tokens {
		if s.requests == 0 && now.Sub(s.at) > time.Minute {
			delete(b.tokens, name)
		}
	}
}

// hold takes memory for a document; a token that holds some already gets no
// more than half of all.
func (b *bounds) hold(token string, octets int64) (release func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	octets = min(octets, b.limits.InWork)
	s := b.tokens[token]
	if b.octets+octets > b.limits.InWork || s.octets > 0 && s.octets+octets > b.limits.InWork/2 {
		return nil, false
	}
	b.octets += octets
	s.octets += octets
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.octets -= octets
		s.octets -= octets
	}, true
}
