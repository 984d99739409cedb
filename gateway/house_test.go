package gateway

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/mailin"
	"almasu/mailout"
	"almasu/parser"
	"almasu/queue"
	"almasu/receipt"
)

// clock is a time that only the test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// canary stands in the free text of every report: it must be seen nowhere but
// where the whole report is somebody's due.
const canary = "kestrel-over-the-steppe"

// people is the cast; every test gets its own.
func people() map[string]*exchange.Participant {
	out := map[string]*exchange.Participant{}
	add := func(id string, l exchange.Language, kinds ...exchange.ParticipantKind) {
		out[id] = &exchange.Participant{ID: id, Kinds: kinds, Language: l, Addresses: []string{address(id)},
			Name: exchange.Names{KK: id + " kk", RU: id + " ru", EN: id + " en"}}
	}
	add("nccis", exchange.Kazakh, exchange.KindNCCIS)
	add("soc-alfa", exchange.Russian, exchange.KindSOC)
	add("soc-beta", exchange.Kazakh, exchange.KindSOC)
	add("soc-gamma", exchange.English, exchange.KindSOC)
	add("knb", exchange.Kazakh, exchange.KindNationalSecurity)
	add("prosecutor", exchange.Russian, exchange.KindProsecution)
	return out
}

func address(id string) string { return "exchange@" + id + ".example" }

type keyPair struct{ private, public []byte }

// keys are made once for the whole test binary; stranger and spare belong to
// nobody of the register.
var keys = sync.OnceValue(func() map[string]keyPair {
	out := map[string]keyPair{}
	for _, id := range []string{"nccis", "soc-alfa", "soc-beta", "soc-gamma", "knb", "prosecutor", "stranger", "spare"} {
		private, public, _, err := crypto.NewOpenPGP(id, address(id), nil, newClock().at.AddDate(-1, 0, 0), 0)
		if err != nil {
			panic(err)
		}
		out[id] = keyPair{private, public}
	}
	return out
})

// ring is the key ring of one of the cast: its own key and everybody's public
// one, but those it lacks.
func ring(t testing.TB, self string, lacks ...string) *crypto.Keyring {
	t.Helper()
	set := crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: self, Data: keys()[self].private}}}
	for id := range people() {
		if id != self && !slices.Contains(lacks, id) {
			set.OpenPGP = append(set.OpenPGP, crypto.KeyFile{Owner: id, File: id, Data: keys()[id].public})
		}
	}
	k, err := crypto.NewKeyring(set)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// world is what a node decides by; change it before it is used.
func world(t testing.TB, self string, cast map[string]*exchange.Participant) World {
	t.Helper()
	var others []*exchange.Participant
	for _, id := range []string{"nccis", "soc-alfa", "soc-beta", "soc-gamma", "knb", "prosecutor"} {
		if id != self && cast[id] != nil {
			others = append(others, cast[id])
		}
	}
	reg, err := exchange.NewRegister(cast[self], others)
	if err != nil {
		t.Fatal(err)
	}
	return World{Register: reg, Keys: ring(t, self), Zone: time.FixedZone("Asia/Almaty", 5*3600),
		Trust:          exchange.TrustLimits{SigningAge: 14 * 24 * time.Hour, SigningSkew: 10 * time.Minute},
		AnswersPerHour: 60, RetryLife: 5 * 24 * time.Hour}
}

// relay is a Sender that keeps what it was given.
type relay struct {
	mu      sync.Mutex
	letters []exchange.Letter
	// answer decides an attempt; nil is a 250 outside our control.
	answer func(exchange.Letter) []exchange.Attempt
	clock  *clock
}

func (r *relay) Send(_ context.Context, l exchange.Letter) []exchange.Attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.letters = append(r.letters, l)
	if r.answer != nil {
		return r.answer(l)
	}
	return []exchange.Attempt{{Outcome: exchange.OutcomeSent, At: r.clock.now(), Relay: "relay:587", Outside: true, Code: 250}}
}

// node is one gateway on a store of its own, driven step by step.
type node struct {
	*testing.T
	id    string
	g     *Gateway
	store *queue.Store
	relay *relay
	clock *clock
	world World
	log   *bytes.Buffer
	uid   uint32
}

// open starts a node; its store is checked when the test ends.
func open(t *testing.T, id string, c *clock, changes ...func(*World)) *node {
	t.Helper()
	w := world(t, id, people())
	for _, change := range changes {
		change(&w)
	}
	n := &node{T: t, id: id, clock: c, relay: &relay{clock: c}, world: w, log: &bytes.Buffer{}}
	var err error
	n.store, err = queue.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "store.db"), queue.Options{
		DataKey: bytes.Repeat([]byte{7}, 32), Clock: c.now, NumberPrefix: w.series(), Zone: w.Zone})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		if err := n.store.Check(ctx); err != nil {
			t.Errorf("%s: check at the end: %v", id, err)
		}
		if err := n.store.VerifyJournal(ctx); err != nil {
			t.Errorf("%s: journal at the end: %v", id, err)
		}
		if err := n.store.Close(); err != nil {
			t.Errorf("%s: close: %v", id, err)
		}
		if bytes.Contains(n.log.Bytes(), []byte(canary)) {
			t.Errorf("%s: the log shows decrypted text", id)
		}
	})
	n.g = New(n.store, n.relay, w, Limits{}, c.now, slog.New(slog.NewTextHandler(n.log, nil)))
	return n
}

func (n *node) must(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

// accept takes one message in as mailin would, from the mailbox.
func (n *node) accept(raw []byte, returnPath string) {
	n.Helper()
	n.uid++
	raw = append([]byte("Return-Path: <"+returnPath+">\r\n"), raw...)
	n.must(n.g.Accept(n.Context(), mailin.Incoming{Source: exchange.Source{Via: "imap", Mailbox: "main", UIDValidity: 1, UID: n.uid,
		EntryDate: n.clock.now()}, ReceivedAt: n.clock.now(), Size: int64(len(raw)), Body: bytes.NewReader(raw)}))
}

// judge walks the receiving road until nothing waits.
func (n *node) judge() {
	n.Helper()
	for {
		more, err := n.g.judgeNext(n.Context(), "test")
		n.must(err)
		if !more {
			return
		}
	}
}

// send walks the sending road until nothing is due.
func (n *node) send() {
	n.Helper()
	for {
		more, err := n.g.sendNext(n.Context(), "test")
		n.must(err)
		if !more {
			return
		}
	}
}

// take accepts and judges one message and returns what it became.
func (n *node) take(raw []byte, returnPath string) exchange.Arrival {
	n.Helper()
	n.accept(raw, returnPath)
	n.judge()
	return n.latest()
}

func (n *node) latest() exchange.Arrival {
	n.Helper()
	list, err := n.store.Arrivals(n.Context(), "", 1)
	n.must(err)
	return list[0]
}

// want fails unless the arrival has the state and the code.
func (n *node) want(a exchange.Arrival, state exchange.ArrivalState, code exchange.Code) {
	n.Helper()
	if a.State != state || a.Code != code {
		n.Fatalf("arrival %d is %s %q (%s), want %s %q", a.ID, a.State, a.Code, a.Reason, state, code)
	}
}

// letters are those that answer an arrival, with their octets.
func (n *node) letters(f queue.LetterFilter) []exchange.Letter {
	n.Helper()
	list, err := n.store.Letters(n.Context(), f)
	n.must(err)
	for i := range list {
		list[i], err = n.store.Letter(n.Context(), list[i].ID)
		n.must(err)
	}
	return list
}

func (n *node) answers(a exchange.Arrival) []exchange.Letter {
	n.Helper()
	return n.letters(queue.LetterFilter{Arrival: a.ID})
}

// only is the one letter of a kind among several.
func (n *node) only(list []exchange.Letter, kind exchange.LetterKind, to string) exchange.Letter {
	n.Helper()
	var found []exchange.Letter
	for _, l := range list {
		if l.Kind == kind && l.To == to {
			found = append(found, l)
		}
	}
	if len(found) != 1 {
		n.Fatalf("%d letters of kind %s to %s, want one; all: %s", len(found), kind, to, kinds(list))
	}
	return found[0]
}

func kinds(list []exchange.Letter) string {
	var out []string
	for _, l := range list {
		out = append(out, string(l.Kind)+" to "+l.To)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// read opens a letter as its addressee would and makes sure that this node
// signed it, for nobody else.
func (n *node) read(l exchange.Letter) crypto.Opened {
	n.Helper()
	o, err := crypto.Open(l.Message, ring(n, l.To), crypto.Limits{}, n.clock.now())
	n.must(err)
	s := o.Security
	if s.Signature != exchange.SignatureValid || s.Owner != n.id || !s.IntendedForUs || s.Covers != exchange.CoversAll || !s.Integrity {
		n.Fatalf("letter %d to %s does not open and verify: %+v", l.ID, l.To, s)
	}
	return o
}

// report is the one machine part of a letter.
func (n *node) report(l exchange.Letter) *exchange.Report {
	n.Helper()
	p := parser.Parse(n.read(l).Payload, parser.Limits{}, n.clock.now())
	if len(p.Reports) != 1 || p.Refusal.Code != "" {
		n.Fatalf("letter %d holds %d reports, %s %v", l.ID, len(p.Reports), p.Refusal.Code, p.Problems)
	}
	return p.Reports[0]
}

func (n *node) receipt(l exchange.Letter) exchange.ReceiptBody {
	n.Helper()
	r := n.report(l)
	if r.Receipt == nil {
		n.Fatalf("letter %d is a %s, want a receipt", l.ID, r.Kind)
	}
	return *r.Receipt
}

// plain is everything a letter says, decrypted: header and every part.
func (n *node) plain(l exchange.Letter) string {
	n.Helper()
	o := n.read(l)
	text := string(o.ProtectedPart.Raw)
	for _, d := range o.Payload {
		text += string(d.Body)
	}
	return text
}

// events are the names and details of the journal.
func (n *node) events(name string) []exchange.Event {
	n.Helper()
	var out []exchange.Event
	n.must(n.store.EachEvent(n.Context(), func(e exchange.Event) error {
		if e.Name == name {
			out = append(out, e)
		}
		return nil
	}))
	return out
}

// incident is a report of soc-alfa to the NCCIS; change it before it is sealed.
func incident(id string, now time.Time, changes ...func(*exchange.Report)) exchange.Document {
	body, err := parser.Example(exchange.Incident, exchange.CardJSON, "soc-alfa", "nccis", id, now)
	if err != nil {
		panic(err)
	}
	r := parser.ParseFile(exchange.Document{Body: body}, parser.Limits{}, now).Reports[0]
	r.Incident.Summary, r.Incident.Cause, r.Incident.Objects[0].Name = canary, canary, canary
	r.Incident.Victim.Name = exchange.Names{RU: canary}
	for _, change := range changes {
		change(r)
	}
	return rendered(r)
}

func rendered(r *exchange.Report) exchange.Document {
	doc, err := parser.Render(r, exchange.CardJSON)
	if err != nil {
		panic(err)
	}
	return doc
}

// mail is a sealed message of one of the cast, made without a gateway.
type mail struct {
	from, to string // ids
	signer   string // id, from if empty
	inner    string // id in the protected From, from if empty
	id       string // Message-ID
	auto     string // Auto-Submitted
	reply    string // In-Reply-To
	ask      bool
	entity   []byte // instead of a document
}

func (m mail) seal(t testing.TB, now time.Time, docs ...exchange.Document) []byte {
	t.Helper()
	m.signer, m.inner = cmp(m.signer, m.from), cmp(m.inner, m.from)
	e := mailout.Envelope{From: address(m.inner), To: address(m.to), MessageID: cmp(m.id, mailout.NewMessageID(m.from+".example", nil)),
		Date: now, Subject: canary, AutoSubmitted: m.auto, InReplyTo: m.reply, AskReceipt: m.ask}
	entity := m.entity
	if entity == nil {
		entity = parts(docs...)
	}
	inner, err := mailout.Protect(e, entity)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := crypto.Seal(inner, m.to, ring(t, m.signer), now)
	if err != nil {
		t.Fatal(err)
	}
	e.From = address(m.from)
	raw, err := mailout.Compose(e, sealed.Header, sealed.Body)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// parts is an entity of a text and any number of documents.
func parts(docs ...exchange.Document) []byte {
	if len(docs) == 1 {
		return receipt.Entity(receipt.Wording{Text: canary + "\n"}, &docs[0])
	}
	var b strings.Builder
	b.WriteString("Content-Type: multipart/mixed; boundary=parts\r\n\r\n")
	for _, d := range docs {
		fmt.Fprintf(&b, "--parts\r\nContent-Type: %s\r\n\r\n%s\r\n", d.MediaType, d.Body)
	}
	b.WriteString("--parts\r\nContent-Type: text/plain\r\n\r\n" + canary + "\r\n--parts--\r\n")
	return []byte(b.String())
}

func cmp(first, other string) string {
	if first != "" {
		return first
	}
	return other
}

// fromAlfa is an ordinary report of soc-alfa.
func fromAlfa(t testing.TB, now time.Time, doc exchange.Document) []byte {
	return mail{from: "soc-alfa", to: "nccis", ask: true, auto: "auto-generated"}.seal(t, now, doc)
}

func lettersTo(id string) queue.LetterFilter { return queue.LetterFilter{To: id} }

func reportsAll() queue.ReportFilter { return queue.ReportFilter{} }
