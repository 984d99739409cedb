package exchange

import (
	"testing"
	"time"
)

func TestExpiringKeys(t *testing.T) {
	now := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	in := func(d time.Duration) time.Time { return now.Add(d) }
	const day = 24 * time.Hour
	key := func(end time.Time) KeyLife {
		return KeyLife{Owner: "soc-alfa", Fingerprint: "A", Created: now.AddDate(-1, 0, 0), Expires: end}
	}
	other := func(end time.Time, edits ...func(*KeyLife)) KeyLife {
		k := key(end)
		k.Fingerprint = "B"
		for _, edit := range edits {
			edit(&k)
		}
		return k
	}
	cases := []struct {
		name string
		keys []KeyLife
		want int // days of the notice for A, 0 for none
	}{
		{"never ends", []KeyLife{key(time.Time{})}, 0},
		{"31 days", []KeyLife{key(in(31 * day))}, 0},
		{"30 days to the moment", []KeyLife{key(in(30 * day))}, 30},
		{"15 days", []KeyLife{key(in(15 * day))}, 30},
		{"14 days", []KeyLife{key(in(14 * day))}, 14},
		{"7 days and a second", []KeyLife{key(in(7*day + time.Second))}, 14},
		{"slept over two milestones", []KeyLife{key(in(5 * day))}, 7},
		{"last day", []KeyLife{key(in(time.Hour))}, 1},
		{"ended", []KeyLife{key(now)}, 0},
		{"revoked", []KeyLife{other(in(day), func(k *KeyLife) { k.Fingerprint, k.Unusable = "A", true })}, 0},
		{"the next key is there", []KeyLife{key(in(day)), other(in(400 * day))}, 0},
		{"the next key never ends", []KeyLife{key(in(day)), other(time.Time{})}, 0},
		{"the next key is not proven", []KeyLife{key(in(day)), other(in(400*day), func(k *KeyLife) { k.Unusable = true })}, 1},
		{"the next key is not valid yet", []KeyLife{key(in(day)), other(in(400*day), func(k *KeyLife) { k.Created = in(2 * day) })}, 1},
		{"a certificate goes on", []KeyLife{key(in(day)), other(in(400*day), func(k *KeyLife) { k.Certificate = true })}, 1},
		{"the other ends sooner", []KeyLife{key(in(day)), other(in(time.Hour))}, 1},
		{"the next key is somebody else's", []KeyLife{key(in(day)), other(time.Time{}, func(k *KeyLife) { k.Owner = "soc-beta" })}, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := 0
			for _, n := range ExpiringKeys(c.keys, now) {
				if n.Fingerprint == "A" {
					got = n.Days
					if n.Owner != "soc-alfa" || !n.Expires.Equal(c.keys[0].Expires) {
						t.Errorf("%+v", n)
					}
				}
			}
			if got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}
