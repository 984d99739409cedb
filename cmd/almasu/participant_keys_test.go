package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"almasu/config"
	"almasu/crypto"
	"almasu/exchange"
	"almasu/queue"
)

// petitioned is an NCCIS whose store holds changes that soc-alfa asked for.
type petitioned struct {
	*site
	young crypto.KeyInfo
}

func newPetitioned(t *testing.T, now time.Time, more ...exchange.Change) *petitioned {
	t.Helper()
	nccis, soc := newSite(t, "nccis", "nccis", nil, now), newSite(t, "soc", "soc-alfa", nil, now)
	nccis.must(t, newParticipantsCommand, "add", soc.card())
	soc.at(24 * time.Hour)
	soc.must(t, newKeysCommand, "new")
	files := filesBelow(t, soc.path("for-partners"))
	var public []byte
	for _, f := range files {
		if strings.Contains(f, "soc-alfa-2") {
			public, _ = os.ReadFile(f)
		}
	}
	young, err := crypto.ReadPublic(public)
	if err != nil {
		t.Fatal(err)
	}
	a := &petitioned{nccis, young}
	a.at(25 * time.Hour)
	a.propose(t, append(more, exchange.Change{Kind: exchange.ChangeKey, New: string(public), Fingerprint: young.Fingerprint, Old: "0123ABCD"})...)
	return a
}

// propose puts changes into the store as an accepted contact card does.
func (a *petitioned) propose(t *testing.T, changes ...exchange.Change) {
	t.Helper()
	c, err := config.Load(a.g.ConfigPath)
	if err != nil {
		t.Fatal(err)
	}
	store, err := openStore(t.Context(), c, false, a.g.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	in, _, err := store.Arrive(t.Context(), exchange.Arrival{Source: exchange.Source{Via: "smtp"}}, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	_, lease, _, err := store.LeaseArrival(t.Context(), "test", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	number, err := store.Number(t.Context(), in.ID, "NCCIS")
	if err != nil {
		t.Fatal(err)
	}
	for i := range changes {
		changes[i].Participant, changes[i].Number = "soc-alfa", number
	}
	if _, err := store.Commit(t.Context(), exchange.Decision{Arrival: in.ID, Lease: lease, State: exchange.ArrivalAccepted, Changes: changes}); err != nil {
		t.Fatal(err)
	}
}

func (a *petitioned) list(t *testing.T) []changeView {
	t.Helper()
	a.g.JSON = true
	defer func() { a.g.JSON = false }()
	var views []changeView
	if err := json.Unmarshal([]byte(a.must(t, newParticipantsCommand, "keys", "changes")), &views); err != nil {
		t.Fatal(err)
	}
	return views
}

func TestChangeIsShownApprovedAndInForce(t *testing.T) {
	a := newPetitioned(t, time.Now(), exchange.Change{Kind: exchange.ChangePhone, New: "+77010000009"},
		exchange.Change{Kind: exchange.ChangeAddress, Old: "exchange@soc-alfa.example", New: "new@soc-alfa.example"})
	out := a.must(t, newParticipantsCommand, "keys")
	for _, want := range []string{a.young.Fingerprint, "0123ABCD", "NCCIS-", "proposed", "+77010000009", "new@soc-alfa.example"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if lines, _ := a.checks(t); find(lines, levelWarn, a.young.Fingerprint) == nil {
		t.Errorf("check is silent: %+v", lines)
	}
	if show := a.must(t, newParticipantsCommand, "show", "soc-alfa"); strings.Contains(show, "new@") || strings.Contains(show, a.young.Fingerprint) {
		t.Errorf("in force before a person approved it:\n%s", show)
	}
	if out := a.must(t, newStatusCommand); !strings.Contains(out, "asked for: 3") {
		t.Errorf("status:\n%s", out)
	}
	number := a.list(t)[0].Number
	if out := a.must(t, newParticipantsCommand, "keys", "approve", number); !strings.Contains(out, "ping") || strings.Count(out, "approved") != 3 {
		t.Errorf("approved:\n%s", out)
	}
	show := a.must(t, newParticipantsCommand, "show", "soc-alfa")
	for _, want := range []string{"new@soc-alfa.example, exchange@soc-alfa.example", "+77010000009", a.young.Fingerprint, keyUnproven} {
		if !strings.Contains(show, want) {
			t.Errorf("no %q in\n%s", want, show)
		}
	}
	for _, again := range []string{"approve", "decline"} {
		if err := a.do(newParticipantsCommand, "keys", again, number); err == nil {
			t.Errorf("%s twice", again)
		}
	}
	a.at(50 * time.Hour)
	if lines, _ := a.checks(t); find(lines, levelWarn, "has not been proven") == nil {
		t.Errorf("check does not miss the answer: %+v", lines)
	}
}

func TestChangeIsDeclined(t *testing.T) {
	a := newPetitioned(t, time.Now())
	if out := a.must(t, newParticipantsCommand, "keys", "decline", "1"); !strings.Contains(out, "declined") || strings.Contains(out, "ping") {
		t.Errorf("%s", out)
	}
	if err := a.do(newParticipantsCommand, "keys", "approve", "1"); err == nil || !strings.Contains(err.Error(), "declined already") {
		t.Errorf("%v", err)
	}
	if v := a.list(t)[0]; v.State != exchange.ChangeDeclined || v.Actor == "" || v.New != a.young.Fingerprint {
		t.Errorf("%+v", v)
	}
	if keys := a.must(t, newParticipantsCommand, "keys"); strings.Contains(keys, a.young.Fingerprint) {
		t.Errorf("%s", keys)
	}
	for _, name := range []string{"7", "NCCIS-2026-999999"} {
		if err := a.do(newParticipantsCommand, "keys", "approve", name); err == nil || !strings.Contains(err.Error(), "keys changes") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// All of a card is approved or none, and what the files forbid cannot be.
func TestChangeThatTheFilesForbid(t *testing.T) {
	a := newPetitioned(t, time.Now(), exchange.Change{Kind: exchange.ChangePhone, New: "+77010000009"})
	file := a.path("participants", "participant-soc-alfa.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	put(t, file, string(text)+"revoked: ["+a.young.Fingerprint+"]\n")
	number := a.list(t)[0].Number
	if err := a.do(newParticipantsCommand, "keys", "approve", number); err == nil || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("%v", err)
	}
	for _, v := range a.list(t) {
		if v.State != exchange.ChangeProposed {
			t.Errorf("%+v", v)
		}
	}
}

func TestKeysAnnounceSendsTheNewKey(t *testing.T) {
	now := time.Now()
	nccis, soc := newSite(t, "nccis", "nccis", nil, now), newSite(t, "soc", "soc-alfa", nil, now)
	if err := nccis.do(newKeysCommand, "announce"); err == nil || !strings.Contains(err.Error(), "keys export") {
		t.Errorf("%v", err)
	}
	soc.must(t, newParticipantsCommand, "add", nccis.card())
	if err := soc.do(newKeysCommand, "announce"); err == nil || !strings.Contains(err.Error(), "--phone") {
		t.Errorf("%v", err)
	}
	if err := soc.do(newKeysCommand, "announce", "0000", "--phone", "+77010000001"); err == nil || !strings.Contains(err.Error(), "keys list") {
		t.Errorf("%v", err)
	}
	soc.must(t, newKeysCommand, "announce", "--phone", "+77010000001")
	soc.must(t, newKeysCommand, "announce", "--reason", "drill") // from the last card
	c, err := config.Load(soc.g.ConfigPath)
	if err != nil {
		t.Fatal(err)
	}
	store, err := openStore(t.Context(), c, false, soc.g.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	sent, err := store.Reports(t.Context(), queue.ReportFilter{Kind: exchange.Contact, Outgoing: true, Document: true})
	if err != nil || len(sent) != 2 {
		t.Fatalf("%v %+v", err, sent)
	}
	own := viewKeysOf(t, soc)
	for _, want := range []string{"BEGIN PGP PUBLIC KEY BLOCK", own, "+77010000001", sent[0].Digest, "drill"} {
		if !strings.Contains(string(sent[1].Document), want) {
			t.Errorf("no %q in %s", want, sent[1].Document)
		}
	}
}

// viewKeysOf is the fingerprint of a site's first own key.
func viewKeysOf(t *testing.T, s *site) string {
	t.Helper()
	return strings.Fields(strings.Split(s.must(t, newKeysCommand, "list"), "\n")[1])[1]
}
