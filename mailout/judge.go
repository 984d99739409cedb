package mailout

import (
	"errors"
	"time"

	"almasu/exchange"
	"github.com/emersion/go-smtp"
)

// stage is the point of an SMTP submission a reply or an error belongs to, in
// the order of the dialogue.
type stage int

const (
	stageConnect  stage = iota // name, TCP
	stageTLS                   // handshake and certificate
	stageGreeting              // 220
	stageEHLO                  // EHLO, HELO
	stageStartTLS              // STARTTLS command
	stageAuth                  // AUTH
	stageMail                  // MAIL FROM
	stageRcpt                  // RCPT TO
	stageData                  // DATA up to 354
	stageBody                  // sending the message, before its final dot
	stageFinal                 // waiting for the reply to the final dot
)

func (s stage) String() string {
	return [...]string{"connect", "TLS", "greeting", "EHLO", "STARTTLS", "AUTH", "MAIL FROM", "RCPT TO", "DATA",
		"message", "final reply"}[s]
}

// unfit is a finding of ours that a relay cannot be used as it is configured:
// no STARTTLS, a bad certificate, no AUTH, no REQUIRETLS. Like a 5xx at those
// stages it is a fault of the relay, not of the letter.
type unfit struct{ reason string }

func (u *unfit) Error() string { return u.reason }

// stopped marks an error that came of the caller's context ending. (A time-out
// of the network also counts as context.DeadlineExceeded: that would not do.)
type stopped struct{ error }

func (s *stopped) Unwrap() error { return s.error }

// verdict is the judgement on one attempt at one relay.
type verdict struct {
	outcome exchange.SendOutcome
	fault   bool // the relay itself is at fault: alarm
	next    bool // the next relay may be tried at once
	lost    bool // the message may have been accepted: only the reply is missing
}

// judge is the whole rule of DESIGN section 5 on replies, for one relay:
//
//   - no error: sent.
//   - 4xx anywhere: later. The next relay may take the letter at once; it has
//     not been accepted here.
//   - 5xx at greeting, EHLO, STARTTLS, AUTH or MAIL says something about the
//     relay (or our account there), nothing about the letter: later, fault.
//   - 5xx at RCPT, DATA or after the message: never, as far as this relay goes.
//   - no reply after the final dot: the relay may have the letter. Later, with
//     the same octets, and no other relay now.
//   - our own time being up or the gateway stopping: later, nothing else now.
//   - no connection, or one that broke before the final dot: later.
func judge(at stage, err error) verdict {
	var reply *smtp.SMTPError
	var bad *unfit
	var cut *stopped
	switch {
	case err == nil:
		return verdict{outcome: exchange.OutcomeSent}
	case errors.As(err, &reply) && reply.Code >= 500 && reply.Code <= 599 && at >= stageRcpt:
		return verdict{outcome: exchange.OutcomeNever, next: true}
	case errors.As(err, &reply) && reply.Code >= 400 && reply.Code <= 499:
		return verdict{outcome: exchange.OutcomeLater, next: true}
	case errors.As(err, &reply) && at != stageFinal, errors.As(err, &bad):
		return verdict{outcome: exchange.OutcomeLater, fault: true, next: true}
	case at == stageFinal:
		return verdict{outcome: exchange.OutcomeLater, lost: true}
	case errors.As(err, &cut):
		return verdict{outcome: exchange.OutcomeLater}
	}
	return verdict{outcome: exchange.OutcomeLater, next: true}
}

// settle turns the judgements on single relays into the result, which stands
// in the last attempt: never only if each of the configured relays said so.
func settle(attempts []exchange.Attempt, relays int) []exchange.Attempt {
	refused := 0
	for _, a := range attempts {
		if a.Outcome == exchange.OutcomeNever {
			refused++
		}
	}
	if last := len(attempts) - 1; attempts[last].Outcome == exchange.OutcomeNever && refused < relays {
		attempts[last].Outcome = exchange.OutcomeLater
	}
	return attempts
}

const (
	firstWait = 5 * time.Second // clause 9 gives 15 minutes: the first retries are fast
	maxWait   = 30 * time.Minute
)

// Backoff says how long to wait after the attempt-th failed attempt (from 1):
// 5 s, 10 s, 20 s, ... up to 30 minutes, each up to a quarter shorter at
// random so that letters which failed together do not return together. random
// returns a number in [0, 1); nil means no jitter.
func Backoff(attempt int, random func() float64) time.Duration {
	wait := maxWait
	if attempt = max(attempt, 1); attempt < 10 {
		wait = min(firstWait<<(attempt-1), maxWait)
	}
	if random == nil {
		return wait
	}
	return wait - time.Duration(random()*float64(wait)/4)
}
