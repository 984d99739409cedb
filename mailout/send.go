package mailout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"almasu/exchange"
	"github.com/emersion/go-smtp"
)

// Sender hands letters to the relays, in their order. It keeps a few open
// connections to each and may be used by several goroutines at once. Close
// ends them.
type Sender struct {
	Relays []Relay
	Clock  func() time.Time // time.Now if nil

	mu     sync.Mutex
	idle   map[Relay][]*session // latest last
	lost   map[Relay]time.Time  // when a relay last lost its final reply
	closed bool
}

// Send tries to hand the letter to a relay, in order, and returns one attempt
// for each relay tried. The last one carries the result; those before it carry
// what that relay alone would have come to. The octets sent are l.Message and
// nothing else, each time. Send never waits to try again: Backoff says when.
//
// The context bounds the whole call; when it ends the connection is cut and
// the result is `later`. A letter whose delivery failed, or to which no receipt
// came, begins with the relay after the one that took it.
func (s *Sender) Send(ctx context.Context, l exchange.Letter) []exchange.Attempt {
	now := s.now()
	if err := sendable(l); err != nil {
		return []exchange.Attempt{{Outcome: exchange.OutcomeNever, At: now, Text: oneLine(err.Error())}}
	}
	if len(s.Relays) == 0 {
		return []exchange.Attempt{{Outcome: exchange.OutcomeLater, At: now, Text: "no relay is configured: add one under relays", RelayFault: true}}
	}
	var attempts []exchange.Attempt
	for _, relay := range s.order(l, now) {
		a, v := s.try(ctx, relay, l)
		attempts = append(attempts, a)
		if v.lost {
			s.noteLost(relay)
		}
		if !v.next || ctx.Err() != nil {
			break
		}
	}
	return settle(attempts, len(s.Relays))
}

// sendable refuses what must not reach a relay: such a letter would not arrive
// as the octets that were sealed.
func sendable(l exchange.Letter) error {
	switch {
	case len(l.Message) == 0:
		return errors.New("send letter: it has no message yet: the addressee has no usable key")
	case !isAddress(l.Address):
		return errors.New("send letter: the address is not one plain ASCII address: check the addresses of the participant")
	case l.Sender != "" && !isAddress(l.Sender):
		return errors.New("send letter: the sender is not one plain ASCII address: check identity.address")
	}
	if err := canonical(l.Message); err != nil {
		return fmt.Errorf("send letter: %w", err)
	}
	return nil
}

// order is the relays in the order this letter tries them: as configured, but
// a relay that lost its final reply within the last minutes comes after the
// others (or one that hangs there would keep every letter from the next relay),
// and where a relay took the letter before those behind it come first.
func (s *Sender) order(l exchange.Letter, now time.Time) []Relay {
	s.mu.Lock()
	defer s.mu.Unlock()
	relays := s.Relays
	if l.Delivery == "failed" || !l.SentAt.IsZero() {
		for i, r := range relays {
			if r.Address == l.Relay {
				relays = append(append([]Relay{}, relays[i+1:]...), relays[:i+1]...)
				break
			}
		}
	}
	var first, last []Relay
	for _, r := range relays {
		if at, lost := s.lost[r]; lost && now.Sub(at) < lostMemory {
			last = append(last, r)
		} else {
			first = append(first, r)
		}
	}
	return append(first, last...)
}

const lostMemory = 10 * time.Minute

func (s *Sender) noteLost(r Relay) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost == nil {
		s.lost = map[Relay]time.Time{}
	}
	s.lost[r] = s.now()
}

func (s *Sender) now() time.Time {
	if s.Clock != nil {
		return s.Clock()
	}
	return time.Now()
}

// try makes one attempt at one relay. A connection from the pool that turns
// out to be dead before the message was sent is replaced by a fresh one: that
// is no attempt of its own.
func (s *Sender) try(ctx context.Context, r Relay, l exchange.Letter) (exchange.Attempt, verdict) {
	c := s.take(r)
	var at stage
	var text string
	err := errNoConnection
	if c != nil {
		text, at, err = c.send(ctx, l)
	}
	if c == nil || at < stageFinal && broken(err) && ctx.Err() == nil {
		c.close()
		if c, at, err = r.open(ctx); err == nil {
			text, at, err = c.send(ctx, l)
		}
	}
	v := judge(at, err)
	a := exchange.Attempt{Outcome: v.outcome, At: s.now(), Relay: r.Address, Outside: r.Outside, TLS: c.tlsWords(),
		RelayFault: v.fault}
	a.Code, a.Enhanced, a.Text = describe(at, text, err)
	if c != nil && !broken(err) && ctx.Err() == nil {
		s.keep(c, err != nil)
	} else {
		c.close()
	}
	return a, v
}

var errNoConnection = errors.New("no open connection")

// broken reports whether the connection is no longer of use: anything but a
// reply, and the reply 421 that announces its end.
func broken(err error) bool {
	var reply *smtp.SMTPError
	return err != nil && (!errors.As(err, &reply) || reply.Code == 421)
}

// describe turns a reply or an error into the words of an attempt.
func describe(at stage, text string, err error) (code int, enhanced, words string) {
	var reply *smtp.SMTPError
	switch {
	case err == nil:
		if first, rest, ok := strings.Cut(text, " "); ok && strings.Count(first, ".") == 2 && strings.HasPrefix(first, "2.") {
			return 250, oneLine(first), oneLine(rest)
		}
		return 250, "", oneLine(text)
	case errors.As(err, &reply):
		if e := reply.EnhancedCode; e[0] > 0 {
			enhanced = fmt.Sprintf("%d.%d.%d", e[0], e[1], e[2])
		}
		return reply.Code, enhanced, oneLine(at.String() + ": " + reply.Message)
	}
	return 0, "", oneLine(at.String() + ": " + err.Error())
}

// maxWords bounds what is kept of a reply, in octets.
const maxWords = 400

// oneLine makes a peer's words one bounded line of valid text, so that they
// cannot forge a line of a log or a journal.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r <= 0x9f || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= maxWords {
		return s
	}
	return strings.ToValidUTF8(s[:maxWords], "") + "..."
}
