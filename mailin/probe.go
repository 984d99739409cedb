package mailin

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"
)

// Probe is what `almasu check` learns about a mailbox.
type Probe struct {
	Steps []ProbeStep // those tried, in order; after a failed one only the independent ones follow
	// Known after login and select.
	Idle, Move, UIDPlus  bool
	Entries              uint32 // in the folder
	UIDValidity          uint32
	DoneThere, HeldThere bool // the folders exist; they are made when first needed
}

// ProbeStep is one step of a probe and how it ended.
type ProbeStep struct {
	Step   Step
	Detail string
	Err    *StepError // nil = good
}

// Failed returns the first step that failed, nil if none did.
func (p Probe) Failed() *StepError {
	for _, s := range p.Steps {
		if s.Err != nil {
			return s.Err
		}
	}
	return nil
}

// Probe connects, logs in and looks at the folders. It changes nothing in the
// mailbox: missing folders are not made.
func (m *Mailbox) Probe(ctx context.Context) Probe {
	m = m.withDefaults()
	var p Probe
	step := func(at Step, detail string, err error) bool {
		r := ProbeStep{Step: at, Detail: detail}
		if err != nil && !errors.As(err, &r.Err) {
			r.Err = m.fault(at, err)
		}
		if r.Err != nil {
			r.Step = r.Err.Step
		}
		p.Steps = append(p.Steps, r)
		return err == nil
	}
	s, err := connect(ctx, m)
	if !step(StepConnect, fmt.Sprintf("%s, tls %s", m.Address, m.mode()), err) {
		return p
	}
	defer s.close()
	if !step(StepLogin, m.Username, s.login()) {
		return p
	}
	p.Idle, p.Move, p.UIDPlus = s.idle, s.caps.Has(imap.CapMove), s.caps.Has(imap.CapUIDPlus)
	data, err := s.selectFolder()
	if step(StepSelect, m.Folder, err) {
		p.Entries, p.UIDValidity = data.NumMessages, data.UIDValidity
	}
	for _, f := range []struct {
		name  string
		there *bool
	}{{m.Done, &p.DoneThere}, {m.Held, &p.HeldThere}} {
		name, err := s.find(f.name)
		*f.there = name != ""
		detail := name
		if name == "" {
			detail = f.name + " (not there yet)"
		}
		if !step(StepFolders, detail, err) {
			return p
		}
	}
	return p
}
