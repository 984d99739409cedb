package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/mailout"
	"almasu/parser"
	"almasu/receipt"
)

// held delivers a message and expects the NCCIS to hold it under a code.
func (s *story) held(ctx context.Context, raw []byte, n int, code exchange.Code) ([]string, error) {
	if err := s.deliver(raw, demoAddress(demoSOC)); err != nil {
		return nil, err
	}
	a, err := s.arrival(ctx, exchange.ArrivalHeld, n)
	if err != nil {
		return nil, err
	}
	if a.Code != code {
		return nil, fmt.Errorf("held as %s, want %s", a.Code, code)
	}
	return []string{fmt.Sprintf("%s: %s, %s", a.Number, a.Code, a.Reason)}, nil
}

// forged writes in the SOC's name and signs with a stranger's key.
func (s *story) forged(ctx context.Context) ([]string, error) {
	keys, err := s.reader(demoStranger)
	if err != nil {
		return nil, err
	}
	doc, err := parser.Example(exchange.Incident, exchange.CardJSON, demoSOC, demoNCCIS, "demo-forged", s.g.Now())
	if err != nil {
		return nil, err
	}
	e := mailout.Envelope{From: demoAddress(demoSOC), To: demoAddress(demoNCCIS), MessageID: mailout.NewMessageID("soc-alfa.example", nil),
		Date: s.g.Now(), Subject: "forged"}
	entity := receipt.Entity(receipt.Wording{Text: "forged\n"}, &exchange.Document{MediaType: "application/json", Name: "incident.json", Body: doc})
	inner, err := mailout.Protect(e, entity)
	if err != nil {
		return nil, err
	}
	sealed, err := crypto.Seal(inner, demoNCCIS, keys, s.g.Now())
	if err != nil {
		return nil, err
	}
	raw, err := mailout.Compose(e, sealed.Header, sealed.Body)
	if err != nil {
		return nil, err
	}
	return s.held(ctx, raw, 1, exchange.SignerUnknown)
}

// damaged changes one character in the middle of the ciphertext.
func (s *story) damaged(ctx context.Context) ([]string, error) {
	raw := bytes.Clone(s.sealed.Raw)
	begin := bytes.Index(raw, []byte("-----BEGIN PGP MESSAGE-----"))
	end := bytes.Index(raw, []byte("-----END PGP MESSAGE-----"))
	if begin < 0 || end < begin {
		return nil, errors.New("no armor in the sealed mail")
	}
	for i := begin + (end-begin)*3/4; i < end; i++ {
		if raw[i] >= 'a' && raw[i] < 'z' {
			raw[i]++
			break
		}
	}
	return s.held(ctx, raw, 2, exchange.CannotDecrypt)
}

// plain sends a report in clear.
func (s *story) plain(ctx context.Context) ([]string, error) {
	raw := "From: " + demoAddress(demoSOC) + "\r\nTo: " + demoAddress(demoNCCIS) + "\r\nMessage-ID: <plain@soc-alfa.example>\r\n" +
		"Content-Type: application/json\r\n\r\n{\"almasu\":\"card/1\"}\r\n"
	return s.held(ctx, []byte(raw), 3, exchange.NotEncrypted)
}

// repeated sends the first sealed mail once more, octet for octet.
func (s *story) repeated(ctx context.Context) ([]string, error) {
	if err := s.deliver(s.sealed.Raw, s.sealed.From); err != nil {
		return nil, err
	}
	if _, err := s.arrival(ctx, exchange.ArrivalDuplicate, 1); err != nil {
		return nil, err
	}
	var number string
	err := s.until(ctx, "receipt of the repeated message", func() (bool, error) {
		return false, s.soc.node.store.EachEvent(ctx, func(e exchange.Event) error {
			if e.Name == "receipt" && e.Detail["verdict"] == string(exchange.VerdictDuplicate) {
				number = e.Detail["number"]
				return errFound
			}
			return nil
		})
	})
	if !errors.Is(err, errFound) {
		return nil, err
	}
	if number != s.first {
		return nil, fmt.Errorf("answered with number %s, want %s", number, s.first)
	}
	return []string{"not queued again, answered with the same number " + number}, nil
}

// errFound ends a walk through the journal.
var errFound = errors.New("found")
