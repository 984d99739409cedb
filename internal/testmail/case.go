package testmail

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"almasu/exchange"
)

// Outcome is what must become of a message, in the words of `almasu explain`.
type Outcome string

// The outcomes the cases have.
const (
	Accepted  Outcome = "accepted"
	Refused   Outcome = "refused"
	Held      Outcome = "held"
	Duplicate Outcome = "duplicate"
)

// Case is one message and what must become of it at the NCCIS.
type Case struct {
	Name    string        `json:"name"`
	Comment string        `json:"comment"`
	Outcome Outcome       `json:"outcome"`
	Code    exchange.Code `json:"code,omitempty"`
	// After names the cases that must have been taken in before, in order.
	After []string `json:"after,omitempty"`
	// Participant is the sender the gateway must name: the one whose valid
	// signature and From agree, also where the message is held for something
	// else; "" for none.
	Participant string `json:"participant,omitempty"`
	// Claimed is the participant (never ourselves) whose address stands in
	// From: where nothing is established it may get one neutral notice.
	Claimed string `json:"claimed,omitempty"`
	// Signature is the state explain must report, "" where it cannot look.
	Signature exchange.SignatureState `json:"signature,omitempty"`
	// Signer is "participant/role" of the key that signed.
	Signer string `json:"signer,omitempty"`
	// Covers and Encryption are what explain must report, "" where it is not
	// looked at.
	Covers     exchange.Coverage   `json:"covers,omitempty"`
	Encryption exchange.Encryption `json:"encryption,omitempty"`
	// Finding must stand among the findings, by its name or with what follows it.
	Finding string `json:"finding,omitempty"`
	// MessageID is the outer one, "" for a message without.
	MessageID string `json:"message_id,omitempty"`
	// ReportID stands in the card, where there is one.
	ReportID string `json:"report_id,omitempty"`
	// Canary stands in the free text: it must never be seen outside the store
	// and the sealed notices of an accepted report.
	Canary string `json:"canary,omitempty"`
	// Large marks a message of many megabytes, or one that becomes that.
	Large bool `json:"large,omitempty"`

	build  func(*maker) []byte
	scheme exchange.Encryption // of the signature, where it is not that of the encryption
}

// File is the name of the case's file.
func (c *Case) File() string { return c.Name + ".eml" }

// canary is the word that marks the free text of a case.
func canary(name string) string {
	sum := sha256.Sum256([]byte(name))
	return "kanareika" + hex.EncodeToString(sum[:6])
}

// Cases lists every case in the order in which they can be sent one after the
// other. Names are the same in every world; the messages are made by Message.
func Cases() []*Case {
	var all []*Case
	for _, group := range [][]*Case{good(), encryption(), signature(), binding(), timing(), payload(), archives(), structure(), history()} {
		for _, c := range group {
			c.complete()
			all = append(all, c)
		}
	}
	return all
}

// complete fills in what most cases have in common.
func (c *Case) complete() {
	c.Canary = canary(c.Name)
	if c.ReportID == "" {
		c.ReportID = "R-" + c.Name
	}
	if c.Claimed == "" {
		c.Claimed = "soc-alfa"
	}
	if c.Claimed == "nobody" {
		c.Claimed = ""
	}
	if c.Outcome != Held && c.Participant == "" {
		c.Participant = c.Claimed
	}
	if c.Signature == "" && c.Outcome != Held {
		c.Signature = exchange.SignatureValid
	}
	if c.Signer == "" && c.Signature != "" && c.Signature != exchange.SignatureNone {
		c.Signer = c.Claimed + "/current"
	}
	if c.MessageID == "" {
		c.MessageID = "<" + c.Name + "@test.example>"
	}
	if c.MessageID == "none" {
		c.MessageID = ""
	}
}

// Find returns one of the cases by name; an unknown name is a mistake in the
// test.
func Find(name string) *Case {
	for _, c := range Cases() {
		if c.Name == name {
			return c
		}
	}
	panic("testmail: there is no case " + name)
}

// Message makes the message of a case. The same case gives the same bytes
// again in the same world, except where they are Large.
func (w *World) Message(c *Case) ([]byte, error) {
	if m, ok := w.built[c.Name]; ok {
		return m, nil
	}
	m := &maker{w: w, c: c}
	message := c.build(m)
	if m.err != nil {
		return nil, fmt.Errorf("make the message %s: %w", c.Name, m.err)
	}
	if !c.Large {
		w.built[c.Name] = message
	}
	return message, nil
}

// key finds "participant/role".
func (w *World) key(name string) *Key {
	person, role, _ := strings.Cut(name, "/")
	k := w.Person(person).Key(role)
	if k == nil {
		panic("testmail: there is no key " + name)
	}
	return k
}
