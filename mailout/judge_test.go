package mailout

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"almasu/exchange"
	"github.com/emersion/go-smtp"
	"pgregory.net/rapid"
)

func replied(code int) error {
	return fmt.Errorf("wrapped: %w", &smtp.SMTPError{Code: code, Message: "words"})
}

func TestJudge(t *testing.T) {
	const sent, later, never = exchange.OutcomeSent, exchange.OutcomeLater, exchange.OutcomeNever
	timeout := &net.OpError{Op: "read", Err: errTimeout{}}
	for _, c := range []struct {
		name string
		at   stage
		err  error
		want verdict
	}{
		{"accepted", stageFinal, nil, verdict{outcome: sent}},
		{"connection refused", stageConnect, errors.New("refused"), verdict{outcome: later, next: true}},
		{"no route in time", stageConnect, timeout, verdict{outcome: later, next: true}},
		{"silent in TLS", stageTLS, io.EOF, verdict{outcome: later, next: true}},
		{"bad certificate", stageTLS, &unfit{"x"}, verdict{outcome: later, fault: true, next: true}},
		{"greeting 554", stageGreeting, replied(554), verdict{outcome: later, fault: true, next: true}},
		{"greeting 421", stageGreeting, replied(421), verdict{outcome: later, next: true}},
		{"EHLO 502", stageEHLO, replied(502), verdict{outcome: later, fault: true, next: true}},
		{"STARTTLS 454", stageStartTLS, replied(454), verdict{outcome: later, next: true}},
		{"STARTTLS 501", stageStartTLS, replied(501), verdict{outcome: later, fault: true, next: true}},
		{"no STARTTLS", stageStartTLS, &unfit{"x"}, verdict{outcome: later, fault: true, next: true}},
		{"AUTH 535", stageAuth, replied(535), verdict{outcome: later, fault: true, next: true}},
		{"AUTH 454", stageAuth, replied(454), verdict{outcome: later, next: true}},
		{"MAIL 550", stageMail, replied(550), verdict{outcome: later, fault: true, next: true}},
		{"MAIL 552 too big here", stageMail, replied(552), verdict{outcome: later, fault: true, next: true}},
		{"MAIL 451", stageMail, replied(451), verdict{outcome: later, next: true}},
		{"RCPT 550", stageRcpt, replied(550), verdict{outcome: never, next: true}},
		{"RCPT 450", stageRcpt, replied(450), verdict{outcome: later, next: true}},
		{"RCPT connection lost", stageRcpt, io.ErrUnexpectedEOF, verdict{outcome: later, next: true}},
		{"DATA 554", stageData, replied(554), verdict{outcome: never, next: true}},
		{"DATA 451", stageData, replied(451), verdict{outcome: later, next: true}},
		{"DATA 250 instead of 354", stageData, replied(250), verdict{outcome: later, fault: true, next: true}},
		{"broken while sending", stageBody, io.ErrClosedPipe, verdict{outcome: later, next: true}},
		{"final 554", stageFinal, replied(554), verdict{outcome: never, next: true}},
		{"final 452", stageFinal, replied(452), verdict{outcome: later, next: true}},
		{"final 354 is no answer", stageFinal, replied(354), verdict{outcome: later, lost: true}},
		{"final reply lost", stageFinal, io.EOF, verdict{outcome: later, lost: true}},
		{"final reply timed out", stageFinal, timeout, verdict{outcome: later, lost: true}},
		{"stopped before", stageMail, &stopped{io.EOF}, verdict{outcome: later}},
		{"stopped waiting for the reply", stageFinal, &stopped{io.EOF}, verdict{outcome: later, lost: true}},
	} {
		if got := judge(c.at, c.err); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

type errTimeout struct{}

func (errTimeout) Error() string   { return "i/o timeout" }
func (errTimeout) Timeout() bool   { return true }
func (errTimeout) Temporary() bool { return true }

// A letter is given up only if every relay refused it.
func TestSettle(t *testing.T) {
	const sent, later, never = exchange.OutcomeSent, exchange.OutcomeLater, exchange.OutcomeNever
	for _, c := range []struct {
		name   string
		relays int
		each   []exchange.SendOutcome
		want   exchange.SendOutcome
	}{
		{"one relay refuses", 1, []exchange.SendOutcome{never}, never},
		{"both refuse", 2, []exchange.SendOutcome{never, never}, never},
		{"the first is down, the second refuses", 2, []exchange.SendOutcome{later, never}, later},
		{"the first refuses, the second is down", 2, []exchange.SendOutcome{never, later}, later},
		{"the first refuses, the second takes it", 2, []exchange.SendOutcome{never, sent}, sent},
		{"cut off before the second", 2, []exchange.SendOutcome{never}, later},
	} {
		var attempts []exchange.Attempt
		for _, o := range c.each {
			attempts = append(attempts, exchange.Attempt{Outcome: o})
		}
		got := settle(attempts, c.relays)
		if last := got[len(got)-1].Outcome; last != c.want || len(got) != len(c.each) {
			t.Errorf("%s: %s, want %s", c.name, last, c.want)
		}
	}
}

func TestBackoff(t *testing.T) {
	for attempt, want := range map[int]time.Duration{-1: 5 * time.Second, 0: 5 * time.Second, 1: 5 * time.Second,
		2: 10 * time.Second, 3: 20 * time.Second, 9: 1280 * time.Second, 10: 30 * time.Minute, 1 << 40: 30 * time.Minute} {
		if got := Backoff(attempt, nil); got != want {
			t.Errorf("attempt %d: %s, want %s", attempt, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n, r := rapid.IntRange(1, 60).Draw(t, "attempt"), rapid.Float64Range(0, 0.999).Draw(t, "random")
		full := Backoff(n, nil)
		if got := Backoff(n, func() float64 { return r }); got > full || got < full*3/4 {
			t.Fatalf("attempt %d with %f: %s of %s", n, r, got, full)
		}
	})
}

// At least five attempts fall into the 15 minutes of clause 9.
func TestBackoffFitsClause9(t *testing.T) {
	var waited time.Duration
	for attempt := 1; attempt <= 7; attempt++ {
		waited += Backoff(attempt, nil)
	}
	if waited > 15*time.Minute {
		t.Errorf("the eighth attempt comes after %s", waited)
	}
}
