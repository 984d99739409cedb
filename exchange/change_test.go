package exchange

import (
	"slices"
	"strings"
	"testing"
)

func TestApplyChanges(t *testing.T) {
	self := &Participant{ID: "nccis", Addresses: []string{"x@nccis.example"}}
	alfa := func() *Participant {
		return &Participant{ID: "soc-alfa", Addresses: []string{"a@alfa.example"}, Phone: "+77010000000", Name: Names{EN: "Alfa"}}
	}
	beta := &Participant{ID: "soc-beta", Addresses: []string{"b@beta.example"}}
	change := func(kind ChangeKind, old, new string, edits ...func(*Change)) Change {
		c := Change{ID: 1, Participant: "soc-alfa", Kind: kind, Old: old, New: new, State: ChangeApproved}
		for _, edit := range edits {
			edit(&c)
		}
		return c
	}
	state := func(s ChangeState) func(*Change) { return func(c *Change) { c.State = s } }
	cases := []struct {
		name     string
		changes  []Change
		address  string
		phone    string
		english  string
		also     string // another address it still has
		mistakes string
	}{
		{name: "address", changes: []Change{change(ChangeAddress, "a@alfa.example", "new@alfa.example")}, address: "new@alfa.example", also: "a@alfa.example"},
		{name: "two addresses after each other", changes: []Change{change(ChangeAddress, "a@alfa.example", "1@alfa.example"),
			change(ChangeAddress, "1@alfa.example", "2@alfa.example")}, address: "2@alfa.example", also: "1@alfa.example"},
		{name: "address in force by the file already", changes: []Change{change(ChangeAddress, "older@alfa.example", "a@alfa.example")}},
		{name: "file was changed by hand since", changes: []Change{change(ChangeAddress, "older@alfa.example", "new@alfa.example")}, mistakes: "by hand"},
		{name: "address of another", changes: []Change{change(ChangeAddress, "a@alfa.example", "b@BETA.example")}, mistakes: "soc-beta"},
		{name: "our own address", changes: []Change{change(ChangeAddress, "a@alfa.example", "x@nccis.example")}, mistakes: "nccis"},
		{name: "not an address", changes: []Change{change(ChangeAddress, "a@alfa.example", "new")}, mistakes: "local@domain"},
		{name: "phone", changes: []Change{change(ChangePhone, "+77010000000", "+77010000001")}, phone: "+77010000001"},
		{name: "name", changes: []Change{change(ChangeContact, "en: Alfa", "kk: Алфа; en: Alfa SOC")}, english: "Alfa SOC"},
		{name: "proposed", changes: []Change{change(ChangePhone, "+77010000000", "+77010000001", state(ChangeProposed))}},
		{name: "declined", changes: []Change{change(ChangePhone, "+77010000000", "+77010000001", state(ChangeDeclined))}},
		{name: "a key is the key ring's", changes: []Change{change(ChangeKey, "", "-----BEGIN")}},
		{name: "gone participant", changes: []Change{change(ChangePhone, "", "+77010000001", func(c *Change) { c.Participant = "soc-gone" })}, mistakes: "soc-gone"},
		{name: "unknown kind", changes: []Change{change("colour", "", "blue")}, mistakes: "no such kind"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			before := alfa()
			out, without := ApplyChanges(self, []*Participant{before, beta}, c.changes)
			var reasons []string
			for _, u := range without {
				reasons = append(reasons, u.Reason)
			}
			if got := strings.Join(reasons, "; "); c.mistakes == "" && got != "" || !strings.Contains(got, c.mistakes) {
				t.Errorf("left out for %q, want %q", got, c.mistakes)
			}
			or := func(want, otherwise string) string {
				return slices.DeleteFunc([]string{want, otherwise}, func(s string) bool { return s == "" })[0]
			}
			p := out[0]
			if p.Address() != or(c.address, "a@alfa.example") || p.Phone != or(c.phone, "+77010000000") || p.Name.EN != or(c.english, "Alfa") {
				t.Errorf("%+v", p)
			}
			if c.also != "" && !p.HasAddress(c.also) {
				t.Errorf("%v has no %s", p.Addresses, c.also)
			}
			if before.Address() != "a@alfa.example" || before.Phone != "+77010000000" || before.Name.EN != "Alfa" || out[1] != beta {
				t.Error("the register that was given changed")
			}
			if _, err := NewRegister(self, out); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNamesOnOneLine(t *testing.T) {
	for _, n := range []Names{{}, {KK: "а", RU: "б", EN: "c"}, {RU: "x: y"}} {
		if got := ParseNames(n.Line()); got != n {
			t.Errorf("%+v became %+v", n, got)
		}
	}
	if n := (Names{EN: "a; kk: b"}); ParseNames(n.Line()).KK != "" {
		t.Error("a name passed for two")
	}
}
