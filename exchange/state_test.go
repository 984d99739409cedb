package exchange_test

import (
	"slices"
	"testing"

	. "almasu/exchange"
)

// Every state of a table can be reached from the beginning.
func TestEveryStateIsReached(t *testing.T) {
	for name, table := range map[string][]Transition{"arrival": ArrivalTransitions(), "letter": LetterTransitions()} {
		reached := map[string]bool{"": true}
		for range table {
			for _, tr := range table {
				reached[tr.To] = reached[tr.To] || reached[tr.From]
			}
		}
		for i, tr := range table {
			if !reached[tr.From] || tr.To == "" || tr.By == "" {
				t.Errorf("%s: %+v", name, tr)
			}
			if slices.ContainsFunc(table[:i], func(o Transition) bool { return o.From == tr.From && o.To == tr.To }) {
				t.Errorf("%s: from %q to %q stands twice", name, tr.From, tr.To)
			}
		}
	}
}

func TestMayMove(t *testing.T) {
	cases := []struct {
		name     string
		table    []Transition
		from, to string
		want     bool
	}{
		{"a new message is stored", ArrivalTransitions(), "", string(ArrivalStored), true},
		{"nothing is accepted before it is stored", ArrivalTransitions(), "", string(ArrivalAccepted), false},
		{"what is held is not accepted without a release", ArrivalTransitions(), string(ArrivalHeld), string(ArrivalAccepted), false},
		{"what is accepted stays so", ArrivalTransitions(), string(ArrivalAccepted), string(ArrivalHeld), false},
		{"a released message is judged again", ArrivalTransitions(), string(ArrivalHeld), string(ArrivalStored), true},
		{"a closed letter stays closed", LetterTransitions(), string(LetterClosed), string(LetterWaiting), false},
		{"a blocked letter is never sent as it is", LetterTransitions(), string(LetterBlocked), string(LetterSent), false},
		{"a receipt may come before the relay's reply", LetterTransitions(), string(LetterWaiting), string(LetterClosed), true},
		{"an empty table allows nothing", nil, "", "", false},
	}
	for _, c := range cases {
		if MayMove(c.table, c.from, c.to) != c.want {
			t.Errorf("%s", c.name)
		}
	}
}

// Settled states are left by nobody.
func TestFinalStatesAreFinal(t *testing.T) {
	final := []string{string(ArrivalAccepted), string(ArrivalRefused), string(ArrivalDuplicate), string(ArrivalReceipt),
		string(ArrivalDeliveryReport), string(ArrivalDeclined), string(ArrivalEntered), string(LetterClosed), string(LetterReplaced)}
	for _, tr := range append(ArrivalTransitions(), LetterTransitions()...) {
		if slices.Contains(final, tr.From) {
			t.Errorf("%s is final, but %s leaves it", tr.From, tr.By)
		}
	}
}
