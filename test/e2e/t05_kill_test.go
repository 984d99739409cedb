package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/mail"
	"slices"
	"testing"
	"time"

	"almasu/internal/testmail"
)

const (
	kills     = 50
	perKill   = 20                     // messages that arrive for each kill
	mostAlive = 400 * time.Millisecond // a gateway lives up to so long
)

// TestT05KilledAtRandomInstantsUnderLoad kills the gateway 50 times while mail
// keeps arriving: nothing is lost, nothing is queued twice, and every letter
// goes out with its first Message-ID and the same octets.
func TestT05KilledAtRandomInstantsUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	w := world(t)
	h := newHouse(t, false, nil)
	centre := w.Person("nccis")
	nccis := newNode(t, "nccis", h.yaml(centre.Address()))
	seed := uint64(time.Now().UnixNano())
	t.Logf("the seed is %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	ids := map[string]string{} // Message-ID -> report id
	for round := range kills {
		for i := range perKill {
			c := testmail.Another(fmt.Sprintf("load-%d-%d", round, i))
			message, err := w.Message(c)
			if err != nil {
				t.Fatal(err)
			}
			h.send(message, centre.Address())
			ids[c.MessageID] = c.ReportID
		}
		if round%4 == 0 {
			nccis.launch() // this one may die while it starts
		} else {
			nccis.start()
		}
		select {
		case <-time.After(time.Duration(random.Int64N(int64(mostAlive)))):
			nccis.kill()
		case <-nccis.ended:
			t.Fatalf("the gateway ended by itself in round %d: %v\n%s", round, nccis.err, nccis.said.String())
		}
	}
	t.Logf("when the last was killed %d of %d messages were decided, %d letters sent",
		nccis.count("SELECT count(*) FROM arrival WHERE state <> 'stored'"), len(ids), nccis.count("SELECT count(*) FROM letter WHERE state = 'sent'"))
	nccis.start()
	nccis.settled(len(ids))
	t.Logf("leases that a kill cut off, and how many messages had so many: %v",
		nccis.rows("SELECT attempts, count(*) FROM arrival GROUP BY attempts ORDER BY attempts"))
	onceEach(t, nccis, ids)
	sameLetters(t, h, nccis, len(ids))
	h.await(centre, "Done", len(ids))
	if n := len(h.dovecot.Messages(t, centre.Address(), "INBOX")); n != 0 {
		t.Errorf("%d messages were left in the inbox", n)
	}
	nccis.close()
}

// onceEach: every message arrived once, was accepted once, queued once.
func onceEach(t *testing.T, n *node, ids map[string]string) {
	t.Helper()
	var numbers []string
	seen := map[string]int{}
	for _, row := range n.rows("SELECT message_id, state, number FROM arrival ORDER BY id") {
		seen[row[0]]++
		numbers = append(numbers, row[2])
		if row[1] != "accepted" {
			t.Errorf("%s became %s", row[0], row[1])
		}
	}
	for id := range ids {
		if seen[id] != 1 {
			t.Errorf("%s arrived %d times", id, seen[id])
		}
	}
	withoutGaps(t, numbers)
	var queued, want []string
	for _, row := range n.rows("SELECT report_id FROM report WHERE outgoing = 0 ORDER BY position") {
		queued = append(queued, row[0])
	}
	for _, id := range ids {
		want = append(want, id)
	}
	slices.Sort(queued)
	slices.Sort(want)
	if !slices.Equal(queued, want) {
		t.Errorf("%d reports are queued for %d messages", len(queued), len(want))
	}
}

// sameLetters: each message has one receipt and one notice, and whatever went
// out more than once went out with the same Message-ID and octets.
func sameLetters(t *testing.T, h *house, n *node, messages int) {
	t.Helper()
	octets := map[string][32]byte{}
	again := 0
	for _, r := range h.relay.Relayed() {
		m, err := mail.ReadMessage(bytes.NewReader(r.Data))
		if err != nil {
			t.Fatal(err)
		}
		id, sum := m.Header.Get("Message-ID"), sha256.Sum256(r.Data)
		if first, known := octets[id]; known && first != sum {
			t.Errorf("the letter %s went out with other octets", id)
		} else if known {
			again++
		}
		octets[id] = sum
	}
	t.Logf("%d letters, %d of them sent again after a kill", len(octets), again)
	rows := n.rows("SELECT message_id, kind FROM letter")
	kinds := map[string]int{}
	for _, row := range rows {
		kinds[row[1]]++
		if _, sent := octets[row[0]]; !sent {
			t.Errorf("the letter %s never went out", row[0])
		}
	}
	if len(octets) != len(rows) {
		t.Errorf("%d letters went out, the store knows %d", len(octets), len(rows))
	}
	if kinds["receipt"] != messages || kinds["notice"] != messages {
		t.Errorf("%d messages got %v", messages, kinds)
	}
}
