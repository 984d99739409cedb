package testmail

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"almasu/exchange"
)

// Explained is what `almasu explain --json` prints of one message, as far as a
// case says something about it (DESIGN section 7).
type Explained struct {
	File        string `json:"file"`
	Outcome     string `json:"outcome"`
	Code        string `json:"code"`
	Reason      string `json:"reason"`
	MessageID   string `json:"message_id"`
	From        string `json:"from"`
	Participant string `json:"participant"`
	Security    struct {
		Encrypted  *bool    `json:"encrypted"`
		Encryption string   `json:"encryption"`
		Signed     *bool    `json:"signed"`
		Signature  string   `json:"signature"`
		Signer     string   `json:"signer"`
		Covers     string   `json:"covers"`
		Findings   []string `json:"findings"`
	} `json:"security"`
	Reports []struct {
		ID       string `json:"id"`
		Reporter string `json:"reporter"`
	} `json:"reports"`
	Answers []struct {
		Kind    string `json:"kind"`
		To      string `json:"to"`
		Verdict string `json:"verdict"`
	} `json:"answers"`
	Notices []struct {
		To string `json:"to"`
	} `json:"notices"`
}

// Check compares what was explained of a case's message with what must come of
// it; it returns what is wrong.
func (w *World) Check(c *Case, e Explained) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	s := e.Security
	if e.Outcome != string(c.Outcome) || e.Code != string(c.Code) {
		say("it is %s %s (%s), want %s %s: %s; %v", e.Outcome, e.Code, e.Reason, c.Outcome, c.Code, c.Comment, s.Findings)
	}
	if e.Participant != c.Participant {
		say("the participant is %q, want %q", e.Participant, c.Participant)
	}
	if e.MessageID != c.MessageID {
		say("the Message-ID is %q, want %q", e.MessageID, c.MessageID)
	}
	if s.Encrypted == nil || s.Signed == nil {
		say("security lacks a boolean")
		return wrong
	}
	if *s.Signed != (s.Signature != string(exchange.SignatureNone)) || *s.Signed != (s.Covers != string(exchange.CoversNone)) ||
		*s.Encrypted != (s.Encryption != string(exchange.EncryptionNone)) {
		say("facts that contradict each other: %+v", s)
	}
	if c.Signature != "" && s.Signature != string(c.Signature) {
		say("the signature is %q, want %q; %v", s.Signature, c.Signature, s.Findings)
	}
	if c.Covers != "" && s.Covers != string(c.Covers) {
		say("it covers %q, want %q", s.Covers, c.Covers)
	}
	if c.Encryption != "" && s.Encryption != string(c.Encryption) {
		say("the encryption is %q, want %q", s.Encryption, c.Encryption)
	}
	if want := w.signerOf(c, exchange.Encryption(s.Encryption)); want != "" && !strings.EqualFold(s.Signer, want) && !keyIDOf(want, s.Signer) {
		say("the signer is %q, want %s", s.Signer, want)
	}
	if found := func(f string) bool { return f == c.Finding || strings.HasPrefix(f, c.Finding+":") }; c.Finding != "" && !slices.ContainsFunc(s.Findings, found) {
		say("the finding %q is missing among %q", c.Finding, s.Findings)
	}
	if c.Outcome == Accepted && (len(e.Reports) != 1 || e.Reports[0].ID != c.ReportID) {
		say("the reports are %v, want %s alone", e.Reports, c.ReportID)
	}
	if len(e.Reports) > 0 && c.Participant == "" {
		say("reports of nobody: %v", e.Reports)
	}
	return append(wrong, w.checkAnswers(c, e)...)
}

// signerOf is how the signer of a case is named, "" where that is not looked at.
func (w *World) signerOf(c *Case, scheme exchange.Encryption) string {
	person, role, ok := strings.Cut(c.Signer, "/")
	if !ok {
		return ""
	}
	if c.scheme != "" {
		scheme = c.scheme
	}
	if scheme == exchange.EncryptionSMIME {
		return w.Person(person).Certificate(role).Name()
	}
	return w.Person(person).Key(role).Fingerprint
}

// keyIDOf: of a key nobody knows only its key ID is told.
func keyIDOf(fingerprint, id string) bool { return len(id) == 16 && strings.HasSuffix(fingerprint, id) }

// checkAnswers checks who would be told what (DESIGN section 4, answers).
func (w *World) checkAnswers(c *Case, e Explained) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	var receipts, neutral int
	for _, a := range e.Answers {
		switch a.Kind {
		case "receipt":
			receipts++
			if a.To != c.Participant && a.To != w.Person(c.Participant).Address() || a.Verdict != string(c.Outcome) {
				say("the receipt goes to %s as %s", a.To, a.Verdict)
			}
		case "neutral":
			neutral++
			if a.To != c.Claimed {
				say("a neutral notice to %s, want %s", a.To, c.Claimed)
			}
		}
	}
	if want := map[bool]int{true: 1}[c.Outcome != Held]; receipts != want {
		say("%d receipts, want %d", receipts, want)
	}
	mayWarn := c.Outcome == Held && c.Claimed != ""
	if neutral > 1 || neutral == 1 && !mayWarn {
		say("%d neutral notices: %v", neutral, e.Answers)
	}
	if len(e.Notices) > 0 && c.Outcome != Accepted {
		say("notices of what is not accepted: %v", e.Notices)
	}
	return wrong
}

// Canaries are the words of every case and attack that must not be echoed.
func Canaries() []string {
	var all []string
	for _, c := range append(Cases(), Honest()...) {
		all = append(all, c.Canary)
	}
	for _, a := range Attacks() {
		all = append(all, a.Canary, a.Control.Canary)
	}
	return all
}

// ReadExplained reads the lines `almasu explain --json` prints.
func ReadExplained(out string) ([]Explained, error) {
	lines := json.NewDecoder(strings.NewReader(out))
	var all []Explained
	for lines.More() {
		var e Explained
		if err := lines.Decode(&e); err != nil {
			return all, fmt.Errorf("explain printed no JSON: %w", err)
		}
		all = append(all, e)
	}
	return all, nil
}
