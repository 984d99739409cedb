package exchange_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	. "almasu/exchange"
)

func TestNamesIn(t *testing.T) {
	full := Names{KK: "Алмасу", RU: "Обмен", EN: "Exchange"}
	cases := []struct {
		name  string
		names Names
		in    Language
		want  string
	}{
		{"Kazakh", full, Kazakh, "Алмасу"},
		{"Russian", full, Russian, "Обмен"},
		{"English", full, English, "Exchange"},
		{"a language nobody speaks here", full, "de", "Алмасу"},
		{"no Kazakh name", Names{RU: "Обмен", EN: "Exchange"}, Kazakh, "Обмен"},
		{"English only", Names{EN: "Exchange"}, Russian, "Exchange"},
		{"no name", Names{}, English, ""},
	}
	for _, c := range cases {
		if got := c.names.In(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLanguagesKazakhFirst(t *testing.T) {
	if !slices.Equal(Languages(), []Language{"kk", "ru", "en"}) {
		t.Errorf("%q", Languages())
	}
}

func TestSameAddress(t *testing.T) {
	cases := []struct {
		name string
		a, b string
		want bool
	}{
		{"the same", "duty@alfa.example", "duty@alfa.example", true},
		{"domain in capitals", "duty@alfa.example", "duty@ALFA.Example", true},
		{"local part in capitals", "duty@alfa.example", "Duty@alfa.example", false},
		{"a quoted at sign in the local part", `"a@B"@alfa.example`, `"a@b"@alfa.example`, false},
		{"subdomain", "duty@alfa.example", "duty@x.alfa.example", false},
		{"nothing is nobody's address", "", "", false},
		{"no at sign", "duty", "duty", true},
		{"no at sign, capitals", "duty", "DUTY", false},
	}
	for _, c := range cases {
		if SameAddress(c.a, c.b) != c.want || SameAddress(c.b, c.a) != c.want {
			t.Errorf("%s: %q and %q", c.name, c.a, c.b)
		}
	}
}

func TestRegisterRefuses(t *testing.T) {
	p := func(id string, addresses ...string) *Participant {
		return &Participant{ID: id, Kinds: []ParticipantKind{KindSOC}, Addresses: addresses}
	}
	cases := []struct {
		name string
		in   []*Participant
		want []string // what the error must name; none = accepted
	}{
		{"nobody", nil, nil},
		{"two of them", []*Participant{p("soc-alfa", "a@x.example"), p("soc-beta", "b@x.example", "c@x.example")}, nil},
		{"without an address", []*Participant{p("soc-alfa")}, nil},
		{"the longest id", []*Participant{p(strings.Repeat("a", 64))}, nil},
		{"an id in two files", []*Participant{p("soc-alfa"), p("soc-alfa")}, []string{"soc-alfa"}},
		{"our own id", []*Participant{p("nccis")}, []string{"nccis"}},
		{"the name of our own signatures", []*Participant{p(SelfSigner)}, []string{SelfSigner}},
		{"no id", []*Participant{p("")}, []string{`""`}},
		{"an id of 65 characters", []*Participant{p(strings.Repeat("a", 65))}, []string{"aaa"}},
		{"an id that ends its line", []*Participant{p("soc-alfa\n")}, []string{"soc-alfa"}},
		{"an id with a blank", []*Participant{p("soc alfa")}, []string{"soc alfa"}},
		{"an id in Cyrillic", []*Participant{p("сос")}, []string{"сос"}},
		{"an address in two files", []*Participant{p("soc-alfa", "a@x.example"), p("soc-beta", "a@X.example")}, []string{"soc-alfa", "soc-beta", "a@X.example"}},
		{"our own address", []*Participant{p("soc-alfa", ourAddress)}, []string{"nccis", "soc-alfa"}},
		{"an empty address", []*Participant{p("soc-alfa", "")}, []string{"soc-alfa"}},
		{"an address without a domain", []*Participant{p("soc-alfa", "duty@")}, []string{"soc-alfa"}},
		{"an address without a local part", []*Participant{p("soc-alfa", "@alfa.example")}, []string{"soc-alfa"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := NewRegister(p("nccis", ourAddress), c.in)
			if (err != nil) != (c.want != nil) {
				t.Fatalf("error %v", err)
			}
			for _, name := range c.want {
				if !strings.Contains(err.Error(), name) {
					t.Errorf("%v does not name %s", err, name)
				}
			}
		})
	}
}

func TestRegisterFinds(t *testing.T) {
	m := genuine()
	reg := m.register(t)
	alfa := m.people["soc-alfa"]
	if reg.Self() != m.self || reg.ByID("nccis") != m.self || reg.ByAddress(ourAddress) != m.self {
		t.Error("ourselves are found by id and address")
	}
	if slices.Contains(reg.All(), m.self) || len(reg.ByKind(KindNCCIS)) != 0 {
		t.Error("ourselves are no participant of the list")
	}
	if len(reg.All()) != 2 || reg.All()[0] != alfa || !slices.Equal(reg.ByKind(KindSOC), reg.All()) {
		t.Errorf("all %v, by kind %v", reg.All(), reg.ByKind(KindSOC))
	}
	if reg.ByID("soc-alfa") != alfa || reg.ByAddress("second@ALFA.example") != alfa || alfa.Address() != alfaAddress {
		t.Error("alfa is found by id and by each address; letters go to the first")
	}
	for _, nobody := range []string{"", "soc-gone", SelfSigner, "duty", "SOC-ALFA", "Duty@alfa.example"} {
		if reg.ByID(nobody) != nil || reg.ByAddress(nobody) != nil {
			t.Errorf("%q names somebody", nobody)
		}
	}
	if (&Participant{}).Address() != "" {
		t.Error("no address is no address")
	}
}

// MaySend is what the kinds allow, less what `sends` leaves out.
func TestMaySend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kinds := rapid.SliceOfN(rapid.SampledFrom(ParticipantKinds()), 0, 3).Draw(t, "kinds")
		sends := rapid.SliceOf(rapid.SampledFrom(ReportKinds())).Draw(t, "sends")
		k := rapid.SampledFrom(ReportKinds()).Draw(t, "kind")
		free := &Participant{Kinds: kinds}
		bound := &Participant{Kinds: kinds, Sends: append([]ReportKind{}, sends...)}
		single := slices.ContainsFunc(kinds, func(pk ParticipantKind) bool { return (&Participant{Kinds: []ParticipantKind{pk}}).MaySend(k) })
		if free.MaySend(k) != single {
			t.Fatalf("two duties allow what one of them allows: %v", kinds)
		}
		if want := single && (k == Receipt || slices.Contains(sends, k)); bound.MaySend(k) != want {
			t.Fatalf("%v with sends %v and %s: %v", kinds, sends, k, bound.MaySend(k))
		}
		if free.MaySend(Receipt) != (len(kinds) > 0) {
			t.Fatalf("whoever has a duty may send a receipt: %v", kinds)
		}
	})
}

// TestLettersThatFoldToOthers: only ASCII letters of the domain are the same in
// both cases.
func TestLettersThatFoldToOthers(t *testing.T) {
	for other, same := range map[string]bool{"duty@KNB.example": true, "DUTY@knb.example": false, "duty@\u212anb.example": false, "duty@knb.example.": false, "": false} {
		if SameAddress("duty@knb.example", other) != same {
			t.Errorf("%q: %v", other, !same)
		}
	}
}
