package exchange_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	. "almasu/exchange"
)

// The lists of DESIGN section 6, in the page's own words and order.
const (
	alwaysHeld = `too-large, cannot-decrypt, not-encrypted, weak-encryption, unsigned, signature-invalid, signature-partial,
		signer-unknown, weak-signature, key-revoked, key-expired, chain-untrusted, signer-mismatch, replayed, recipient-unbound,
		wrong-recipient`
	refused = `stale, no-report, many-reports, format-unknown, malformed, too-deep, invalid, reporter-mismatch, kind-forbidden,
		marking-forbidden, conflict, superseded`
	heldWithReceipt = `internal, needs-person`
)

func codes(list string) []Code {
	var out []Code
	for word := range strings.SplitSeq(list, ",") {
		out = append(out, Code(strings.TrimSpace(word)))
	}
	return out
}

func TestCodesInOrderOfPrecedence(t *testing.T) {
	if want := codes(alwaysHeld + "," + refused + "," + heldWithReceipt); !slices.Equal(Codes(), want) {
		t.Errorf("codes %q\nwant  %q", Codes(), want)
	}
}

func TestFateAndRemedy(t *testing.T) {
	for _, c := range codes(alwaysHeld + "," + heldWithReceipt) {
		if c.Fate() != FateHeld || c.Remedy() != RemedyHold {
			t.Errorf("%s: %s, %s", c, c.Fate(), c.Remedy())
		}
	}
	for _, c := range codes(refused) {
		remedy := RemedyFinal
		if c == Stale {
			remedy = RemedyRetry
		}
		if c.Fate() != FateRefused || c.Remedy() != remedy {
			t.Errorf("%s: %s, %s", c, c.Fate(), c.Remedy())
		}
	}
	for _, c := range []Code{"", "no-such-code"} {
		if c.Fate() != FateHeld || c.Remedy() != RemedyHold {
			t.Errorf("%q is not on the list: %s, %s; nothing may be answered under it", c, c.Fate(), c.Remedy())
		}
	}
}

func TestFirstOfEveryPair(t *testing.T) {
	all := Codes()
	for i, a := range all {
		for j, b := range all {
			first, others := First(b, a)
			want, rest := all[min(i, j)], []Code{all[max(i, j)]}
			if i == j {
				rest = nil
			}
			if first != want || !slices.Equal(others, rest) {
				t.Errorf("of %s and %s: %s, others %s", a, b, first, others)
			}
		}
	}
}

func TestFirstOfNone(t *testing.T) {
	for _, given := range [][]Code{nil, {""}, {"", ""}} {
		if first, others := First(given...); first != "" || len(others) != 0 {
			t.Errorf("of %q: %q, others %q", given, first, others)
		}
	}
	if first, others := First("", Stale, "", Stale); first != Stale || len(others) != 0 {
		t.Errorf("empty and repeated codes count: %q, %q", first, others)
	}
}

func TestFirstKeepsAllAndDoesNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.SliceOf(rapid.SampledFrom(Codes())).Draw(t, "codes")
		first, others := First(given...)
		have := others
		if first != "" {
			have = append([]Code{first}, others...)
		}
		var want []Code
		for _, c := range Codes() {
			if slices.Contains(given, c) {
				want = append(want, c)
			}
		}
		if !slices.Equal(have, want) {
			t.Fatalf("of %q: %q, want %q", given, have, want)
		}
	})
}
