package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Example is one case of a rules file: a report, and what must follow from it.
type Example struct {
	Name string `yaml:"name" json:"name"`
	From string `yaml:"from" json:"from"` // participant id
	At   string `yaml:"at" json:"at"`     // RFC 3339, "" for now
	// Report is the card, as far as the case needs it: what is left out is
	// taken from `almasu example KIND`. File names a document instead.
	Report map[string]any `yaml:"report" json:"report,omitempty"`
	File   string         `yaml:"file" json:"file,omitempty"`

	Notices   []Told   `yaml:"notices" json:"notices"`
	Proposals []Told   `yaml:"proposals" json:"proposals"`
	Due       []string `yaml:"due" json:"due"` // "9 2026-11-23T10:15:00+05:00", or the clause alone
}

// Told is one addressee that a case expects.
type Told struct {
	To     string `yaml:"to" json:"to"`
	Clause string `yaml:"clause" json:"clause"`
	Part   string `yaml:"part" json:"part,omitempty"` // "" for any
}

// Card is the report of the case laid over a valid card, as JSON.
func (x Example) Card(valid []byte) ([]byte, error) {
	var card map[string]any
	if err := json.Unmarshal(valid, &card); err != nil {
		return nil, err
	}
	maps.Copy(card, x.Report)
	for k, v := range card {
		if v == nil { // written as null: not there
			delete(card, k)
		}
	}
	return json.Marshal(card)
}

// Differences says in what a decision is not what the case expects.
func (x Example) Differences(d Decision) []string {
	var notices, proposals []Told
	for _, n := range d.Notices {
		notices = append(notices, Told{n.To.ID, n.Clause, string(n.Part)})
	}
	for _, p := range d.Proposals {
		proposals = append(proposals, Told{p.To.ID, p.Clause, string(p.Part)})
	}
	out := append(unlike("notice", x.Notices, notices), unlike("proposal", x.Proposals, proposals)...)
	left := slices.Clone(d.Due)
	for _, want := range x.Due {
		i := slices.IndexFunc(left, func(due Due) bool { return dueIs(want, due) })
		if i < 0 {
			out = append(out, "missing: due "+want)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, due := range left {
		out = append(out, fmt.Sprintf("not expected: due %s %s", due.Clause, due.At.Format(time.RFC3339)))
	}
	return out
}

func dueIs(want string, due Due) bool {
	clause, at, timed := strings.Cut(want, " ")
	if !timed || clause != due.Clause {
		return want == due.Clause
	}
	t, err := time.Parse(time.RFC3339, at)
	return err == nil && t.Equal(due.At)
}

func unlike(what string, want, have []Told) []string {
	var out []string
	left := slices.Clone(have)
	for _, w := range want {
		i := slices.IndexFunc(left, func(h Told) bool {
			return h.To == w.To && h.Clause == w.Clause && (w.Part == "" || w.Part == h.Part)
		})
		if i < 0 {
			out = append(out, fmt.Sprintf("missing: %s to %s under clause %s %s", what, w.To, w.Clause, w.Part))
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, h := range left {
		out = append(out, fmt.Sprintf("not expected: %s to %s under clause %s, %s", what, h.To, h.Clause, h.Part))
	}
	return out
}
