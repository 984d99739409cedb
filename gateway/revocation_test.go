package gateway

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
)

// TestRevocationIsFetched: what a verdict needs is fetched, and the message is
// judged again.
func TestRevocationIsFetched(t *testing.T) {
	for _, c := range []struct {
		name, mode string
		serve      func(h *hall) []byte
		state      exchange.ArrivalState
		code       exchange.Code
	}{
		{"good, required", "require", func(h *hall) []byte { return h.list(time.Hour) }, exchange.ArrivalAccepted, ""},
		{"good, preferred", "prefer", func(h *hall) []byte { return h.list(time.Hour) }, exchange.ArrivalAccepted, ""},
		{"revoked", "require", func(h *hall) []byte { return h.list(time.Hour, h.certs["soc-alfa"]) }, exchange.ArrivalHeld, exchange.KeyRevoked},
		{"revoked, preferred", "prefer", func(h *hall) []byte { return h.list(time.Hour, h.certs["soc-alfa"]) }, exchange.ArrivalHeld, exchange.KeyRevoked},
		{"another one revoked", "require", func(h *hall) []byte { return h.list(time.Hour, h.certs["nccis"]) }, exchange.ArrivalAccepted, ""},
		{"an expired list, required: it is waited for", "require", func(h *hall) []byte { return h.list(-time.Minute) }, exchange.ArrivalStored, ""},
		{"an expired list is a negative result", "prefer", func(h *hall) []byte { return h.list(-time.Minute) }, exchange.ArrivalHeld, exchange.ChainUntrusted},
		{"nothing, required: it waits", "require", func(*hall) []byte { return nil }, exchange.ArrivalStored, ""},
		{"nothing, preferred: a finding", "prefer", func(*hall) []byte { return nil }, exchange.ArrivalAccepted, ""},
		{"rubbish, required", "require", func(*hall) []byte { return []byte("<html>") }, exchange.ArrivalStored, ""},
		{"off", "off", func(*hall) []byte { return nil }, exchange.ArrivalAccepted, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHall(t)
			n := h.node(c.mode)
			h.serve(c.serve(h))
			n.accept(h.report("r-1", h.certs["soc-alfa"]), address("soc-alfa"))
			n.want(n.settle(), c.state, c.code)
			if (h.visits() == 0) != (c.mode == "off") {
				t.Errorf("asked %q", h.asked)
			}
		})
	}
}

// TestWaitingForRevocation: a message waits without blocking the others, for as
// long as it takes; after ten minutes there is an alarm.
func TestWaitingForRevocation(t *testing.T) {
	h := newHall(t)
	n := h.node("require")
	n.accept(h.report("r-1", h.certs["soc-alfa"]), address("soc-alfa"))
	n.judge()
	waiting := n.latest()
	beta := incident("r-2", h.clock.now(), func(r *exchange.Report) { r.Reporter = "soc-beta" })
	n.want(n.take(mail{from: "soc-beta", to: "nccis"}.seal(t, h.clock.now(), beta), address("soc-beta")), exchange.ArrivalAccepted, "")
	for range 10 {
		n.clock.pass(time.Minute)
		n.settle()
		n.must(second(n.g.watchRevocation(t.Context(), "")))
	}
	if n.logged("revocation not known") {
		t.Errorf("an alarm before its time:\n%s", n.log)
	}
	n.clock.pass(time.Minute)
	for range 3 {
		n.must(second(n.g.watchRevocation(t.Context(), "")))
	}
	if strings.Count(n.log.String(), "revocation not known") != 1 || !n.logged("trust.crls") {
		t.Errorf("one alarm is wanted:\n%s", n.log)
	}
	a, err := n.store.Arrival(t.Context(), waiting.ID)
	n.must(err)
	if a.State != exchange.ArrivalStored || a.Failures != 0 || a.Attempts != 0 {
		t.Errorf("%+v", a)
	}
	h.serve(h.list(time.Hour))
	n.clock.pass(time.Minute)
	n.settle()
	a, err = n.store.Arrival(t.Context(), waiting.ID)
	n.must(err)
	n.want(a, exchange.ArrivalAccepted, "")
	if !n.logged("revocation known again") {
		t.Errorf("the end of the alarm is not told:\n%s", n.log)
	}
}

// TestSealingToARevokedCertificate: its letters are held like those to a dead
// key, and so are those whose data is required and missing.
func TestSealingToARevokedCertificate(t *testing.T) {
	h := newHall(t)
	n := h.node("require")
	if n.g.world.Load().Keys.CanSeal("soc-alfa", h.clock.now()) == nil {
		t.Error("nothing is known, and it is required")
	}
	refresh := func() {
		n.clock.pass(2 * time.Minute)
		n.must(second(n.g.watchRevocation(t.Context(), "")))
		n.fetch()
	}
	h.serve(h.list(5 * time.Minute))
	refresh() // before a message needs it
	n.must(n.g.world.Load().Keys.CanSeal("soc-alfa", h.clock.now()))
	h.serve(h.list(time.Hour, h.certs["soc-alfa"]))
	refresh()
	err := n.g.world.Load().Keys.CanSeal("soc-alfa", h.clock.now())
	if err == nil || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("CanSeal: %v", err)
	}
	l, err := n.g.world.Load().seal(draft{kind: exchange.LetterNotice, to: n.world.Register.ByID("soc-alfa"), entity: parts(incident("r-1", h.clock.now()))}, h.clock.now())
	n.must(err)
	if l.State != exchange.LetterBlocked {
		t.Errorf("the letter is %s", l.State)
	}
	// An older list does not take the revocation back, and a reload forgets nothing.
	h.serve(h.list(30 * time.Minute))
	refresh()
	n.g.Reload(World{Register: n.world.Register, Keys: h.ring("require"), Zone: time.UTC})
	if n.g.world.Load().Keys.CanSeal("soc-alfa", h.clock.now()) == nil {
		t.Error("the revocation was forgotten")
	}
}

// TestNoURLOfAStrangerIsAsked: a certificate that leads to no anchor of ours
// makes us ask nobody, even where it bears the key of a participant.
func TestNoURLOfAStrangerIsAsked(t *testing.T) {
	h := newHall(t)
	rogue, signer := h.authority("Root")
	n := h.node("require")
	forged := h.issue("soc-alfa", 77, h.keys["soc-alfa"], rogue, signer, "/rogue.crl", h.server.URL+"/rogue")
	n.accept(h.report("r-1", forged), address("soc-alfa"))
	n.want(n.settle(), exchange.ArrivalHeld, exchange.ChainUntrusted)
	if h.visits() != 0 {
		t.Errorf("asked %q", h.asked)
	}
	renewed := h.issue("soc-alfa", 78, h.keys["soc-alfa"], h.ca, h.signer, "/renewed.crl", "")
	h.serve(h.list(time.Hour))
	n.accept(h.report("r-2", renewed), address("soc-alfa"))
	n.want(n.settle(), exchange.ArrivalAccepted, "")
	if len(h.asked) != 1 || h.asked[0] != "/renewed.crl" {
		t.Errorf("asked %q", h.asked)
	}
}

// TestConfiguredListsAreFetched, and what was kept serves a world that may not
// fetch.
func TestConfiguredListsAreFetched(t *testing.T) {
	h := newHall(t)
	h.serve(h.list(time.Hour))
	n := h.node("require")
	settings := n.g.revocation.settings
	settings.Lists = []string{h.server.URL + "/list.crl"}
	n.g.FetchWith(settings)
	n.must(second(n.g.watchRevocation(t.Context(), "")))
	n.fetch()
	if len(h.asked) == 0 || h.asked[len(h.asked)-1] != "/list.crl" {
		t.Errorf("asked %q", h.asked)
	}
	h.serve(nil)
	w := World{Keys: h.ring("require")}
	raw := h.report("r-1", h.certs["soc-alfa"])
	if _, err := Judge(context.Background(), raw, h.clock.now(), &World{Register: n.world.Register, Keys: w.Keys}, nil); err == nil {
		t.Error("judged without revocation")
	}
	w.UseKept(settings, h.clock.now())
	o, err := Judge(context.Background(), raw, h.clock.now(), &World{Register: n.world.Register, Keys: w.Keys, Trust: n.world.Trust}, nil)
	n.must(err)
	if o.State != exchange.ArrivalAccepted {
		t.Errorf("%s %+v", o.State, o.Judgement.Refusal)
	}
}

// TestOneListForMany: a list is fetched once, however many certificates are on it.
func TestOneListForMany(t *testing.T) {
	h := newHall(t)
	h.serve(h.list(time.Hour))
	n := h.node("require")
	n.g.FetchWith(h.fetching("")) // keeps nothing on disk
	n.must(second(n.g.watchRevocation(t.Context(), "")))
	n.fetch()
	if needs := n.g.world.Load().Keys.Needs(h.clock.now()); len(needs) != 0 || h.visits() != 1 {
		t.Errorf("%d needs are open, asked %q", len(needs), h.asked)
	}
}

// TestAlarmEnds: what nobody wants any more keeps no later alarm back.
func TestAlarmEnds(t *testing.T) {
	h := newHall(t)
	n := h.node("require")
	watch := func(d time.Duration) {
		for range int(d / time.Minute) {
			n.clock.pass(time.Minute)
			n.must(second(n.g.watchRevocation(t.Context(), "")))
			n.fetch()
		}
	}
	watch(15 * time.Minute)
	if c := strings.Count(n.log.String(), "revocation not known"); c != 1 || !n.logged("revocation unknown as well") {
		t.Fatalf("%d alarms for one network:\n%s", c, n.log)
	}
	keys := n.g.world.Load().Keys
	n.g.Reload(World{Register: n.world.Register, Keys: ring(t, "nccis"), Zone: time.UTC}) // no certificates any more
	watch(30 * time.Minute)
	n.g.Reload(World{Register: n.world.Register, Keys: keys, Zone: time.UTC})
	watch(15 * time.Minute)
	if c := strings.Count(n.log.String(), "revocation not known"); c != 2 {
		t.Errorf("%d alarms, want a second one:\n%s", c, n.log)
	}
}

// TestOldResponder: one that refuses a question with SHA-256 is asked with SHA-1.
func TestOldResponder(t *testing.T) {
	h := newHall(t)
	h.certs["soc-alfa"] = h.issue("soc-alfa", 0x4d3, h.keys["soc-alfa"], h.ca, h.signer, "/list.crl", h.server.URL+"/ocsp")
	h.paper["soc-alfa"] = pemOf(h.certs["soc-alfa"].Raw)
	sha256, sha1 := []byte("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), []byte("\x2b\x0e\x03\x02\x1a")
	var asked []string
	h.answer = func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case r.URL.Path == "/list.crl":
			_, _ = w.Write(h.list(time.Hour))
		case bytes.Contains(body, sha256):
			asked = append(asked, "sha256")
		case bytes.Contains(body, sha1):
			asked = append(asked, "sha1")
		}
		if r.URL.Path == "/ocsp" {
			_, _ = w.Write([]byte{0x30, 3, 10, 1, 6}) // unauthorized
		}
	}
	n := h.node("require")
	n.accept(h.report("r-1", h.certs["soc-alfa"]), address("soc-alfa"))
	n.want(n.settle(), exchange.ArrivalAccepted, "") // by the list, which is asked next
	if strings.Join(asked, " ") != "sha256 sha1" {
		t.Errorf("asked with %q", asked)
	}
}

func second(_ bool, err error) error { return err }
