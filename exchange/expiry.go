package exchange

import (
	"slices"
	"time"
)

// KeyLife is what the calendar of keys looks at.
type KeyLife struct {
	Owner       string // participant, or SelfSigner
	Fingerprint string
	Created     time.Time
	Expires     time.Time // zero: never
	Certificate bool      // X.509: stands in for no OpenPGP key, nor that for it
	// Unusable keys (revoked, or not proven yet) end nothing and stand in for
	// no other.
	Unusable bool
}

// KeyNotice says that a key ends within Days days.
type KeyNotice struct {
	Owner       string
	Fingerprint string
	Expires     time.Time
	Days        int // 30, 14, 7 or 1
}

// keyNoticeDays are the days before its end at which a key is spoken of.
func keyNoticeDays() []int { return []int{1, 7, 14, 30} }

// ExpiringKeys is the calendar of keys: at most one notice for each key, for
// the last milestone its end has passed, so that a gateway that slept over two
// of them speaks once. A key that another one of the same owner and kind outlives is
// not spoken of, nor is one that has ended: what it blocks tells.
func ExpiringKeys(keys []KeyLife, now time.Time) []KeyNotice {
	var out []KeyNotice
	for _, k := range keys {
		if k.Unusable || k.Expires.IsZero() || !now.Before(k.Expires) || slices.ContainsFunc(keys, func(o KeyLife) bool { return o.outlives(k, now) }) {
			continue
		}
		for _, days := range keyNoticeDays() {
			if !k.Expires.After(now.AddDate(0, 0, days)) {
				out = append(out, KeyNotice{Owner: k.Owner, Fingerprint: k.Fingerprint, Expires: k.Expires, Days: days})
				break
			}
		}
	}
	return out
}

// outlives: the key does the other one's work now and goes on after its end.
func (k KeyLife) outlives(other KeyLife, now time.Time) bool {
	return k.Owner == other.Owner && k.Certificate == other.Certificate && !k.Unusable && !k.Created.After(now) && (k.Expires.IsZero() || k.Expires.After(other.Expires))
}
