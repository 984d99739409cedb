package queue_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"almasu/exchange"
	"almasu/internal/testpg"
	"almasu/queue"
)

// breakages says for every rule of Check what breaks it behind the store's
// back.
func breakages() map[string][]string {
	return map[string][]string{
		"an arrival is in a state of exchange":                               {`UPDATE arrival SET state = 'lost' WHERE id = 1`},
		"a stored arrival is undecided; any other is decided and not leased": {`UPDATE arrival SET decided_at = 5 WHERE id = 3`, `UPDATE arrival SET lease = 'x' WHERE id = 1`, `UPDATE arrival SET decided_at = 0 WHERE id = 1`, `UPDATE arrival SET attempts = -1 WHERE id = 3`},
		"all octets of an arrival are there":                                 {`DELETE FROM chunk WHERE body = 3`, `UPDATE chunk SET seq = 1 WHERE body = 3`, `UPDATE arrival SET size = size + 1 WHERE id = 3`, `DELETE FROM chunk WHERE body < 0 AND seq = 0`},
		"octets belong to an arrival or to one that is coming in":            {`INSERT INTO chunk (body, seq, bytes) SELECT 99, 0, bytes FROM chunk WHERE body = 3`, `INSERT INTO chunk (body, seq, bytes) SELECT -99, 0, bytes FROM chunk WHERE body = 3`},
		"every arrival's coming in is in the journal":                        {`UPDATE journal SET object = 'arrival:9' WHERE object = 'arrival:3'`},
		"numbers have no gaps":                                               {`UPDATE counter SET last = last + 1 WHERE series = 'NCCIS'`, `UPDATE number SET value = 9 WHERE series = 'NCCIS'`, `DELETE FROM number WHERE series = 'H'`},
		"a number was counted, and stands for an arrival":                    {`DELETE FROM counter WHERE series = 'H'`, `UPDATE number SET arrival = 99 WHERE series = 'NCCIS'`, `UPDATE number SET text = 'X-1' WHERE series = 'H'`},
		"an arrival shows a number that is bound to it":                      {`UPDATE arrival SET number = 'NCCIS-2026-000077' WHERE id = 1`, `UPDATE number SET voided_at = 7 WHERE series = 'NCCIS'`},
		"an accepted or refused arrival has a registration number":           {`UPDATE arrival SET number = '' WHERE id = 1`},
		"a held arrival has a number of the held series":                     {`UPDATE number SET arrival = 3 WHERE series = 'H'`},
		"a registration number nobody was told is void":                      {`UPDATE arrival SET state = 'duplicate' WHERE id = 1`},
		"positions of reports have no gaps":                                  {`DELETE FROM report`, `UPDATE report SET position = position + 7`, `UPDATE counter SET last = 9 WHERE series = 'report-position'`},
		"a report that came in belongs to an accepted or entered arrival":    {`UPDATE report SET arrival = 2`},
		"known content belongs to an accepted or entered arrival":            {`UPDATE known SET arrival = 2`},
		"a known report belongs to known content of its participant":         {`DELETE FROM known`, `UPDATE known_report SET participant = 'soc-beta'`},
		"a delivery is of an incoming report that was handed to a consumer":  {`UPDATE consumer SET high = 0`, `UPDATE report SET outgoing = 1`, `UPDATE delivery SET token = ''`, `DELETE FROM consumer`},
		"a deadline is open, met or missed, and about a report":              {`UPDATE deadline SET state = 'late'`, `UPDATE deadline SET report = 9`},
		"a letter is in a state of exchange":                                 {`UPDATE letter SET state = 'lost'`},
		"a waiting letter, and no other, is leased or due":                   {`UPDATE letter SET lease = 'x'`, `UPDATE letter SET ready = 1`},
		"a letter has its octets":                                            {`DELETE FROM letter_body`},
		"only a sent letter without its receipt goes again":                  {`UPDATE letter SET again_at = 5`},
		"octets and attempts belong to a letter":                             {`INSERT INTO letter_body (letter, bytes) SELECT 99, bytes FROM letter_body`, `UPDATE attempt SET letter = 99`},
		"a sent letter has its time and its attempt, a closed one its time":  {`DELETE FROM attempt`, `UPDATE letter SET sent_at = 0`, `UPDATE letter SET state = 'closed'`},
		"a letter answers an arrival and carries a report that are there":    {`UPDATE letter SET arrival = 99`, `UPDATE letter SET report = 99`, `UPDATE letter SET receipt_arrival = 99`},
		"every letter's making is in the journal":                            {`DELETE FROM journal WHERE name = 'letter-composed'`},
		"a change of the register is proposed, or a person settled it":       {`UPDATE change SET state = 'approved'`, `UPDATE change SET state = 'x'`, `UPDATE change SET ping = 'x'`},
		"a change was asked for by an accepted arrival":                      {`UPDATE change SET arrival = 2`},
		"a duty of a quarter is of clause 17 or 18 and somebody's":           {`UPDATE deadline SET participant = '' WHERE quarter <> ''`, `UPDATE deadline SET clause = '9' WHERE quarter <> ''`, `UPDATE deadline SET told_at = 0 WHERE quarter <> ''`},
		"a duty of a quarter is done by a report of its participant":         {`UPDATE deadline SET participant = 'soc-b' WHERE quarter <> ''`, `UPDATE report SET kind = 'incident' WHERE kind = 'quarterly'`},
		"measures are of somebody":                                           {`UPDATE measure SET actor = ''`, `UPDATE measure SET at = 0`},
		"what became of a change is in the journal":                          {`DELETE FROM journal WHERE name = 'change-proposed'`, `UPDATE change SET state = 'declined', settled_at = 5, actor = 'x'`},
		"what became of a token is in the journal":                           {`DELETE FROM journal WHERE name = 'token-made'`, `UPDATE token SET revoked_at = 5`},
		"a request is about a report, and answered by one":                   {`UPDATE request SET report = 99`, `UPDATE request SET answer = 1`, `UPDATE request SET answer = 99, answered_at = 5`},
		"what became of a request is in the journal":                         {`DELETE FROM journal WHERE name = 'request'`, `UPDATE request SET answer = 1, answered_at = 5`},
		"what was deleted after its period is gone, and in the journal":      {`UPDATE report SET erased_at = 5`, `UPDATE arrival SET erased_at = 5`, `UPDATE letter SET erased_at = 5`},
		"only what is finished was deleted":                                  {`UPDATE arrival SET erased_at = 5 WHERE id = 3`},
		"a telling is of an alarm":                                           {`DELETE FROM alarm`},
		"an alarm that was told is not told again":                           {`UPDATE telling SET told_at = 5`},
		"every alarm is in the journal":                                      {`DELETE FROM journal WHERE name = 'alarm'`},
		"a token handed in reports of our own":                               {`INSERT INTO handed (report, token, key, digest, at) VALUES (1, 'siem', '', '', 1)`},
	}
}

// furnished is a store with one of each: arrival 1 accepted with a sent letter
// and a leased report, 2 held, 3 stored, 4 stored in chunks.
func (r *rig) furnished() {
	r.accept(imap(1), "INC-1", 1)
	l, lease := r.leaseLetter()
	r.send(l.ID, lease)
	r.gets("siem", 1, 1)
	r.propose(1, exchange.Change{Kind: exchange.ChangePhone, Old: "+77010000000", New: "+77010000001"})
	r.deliver("soc-a", "q", exchange.DeadlineMet)
	r.must(r.store.SetMeasure(r.ctx, exchange.Measure{Incident: "INC-1", Actor: "dana", Measures: "m"}))
	r.hold(imap(2), exchange.Unsigned)
	r.token("siem")
	r.raise(exchange.Alarm{Key: "k", Kind: exchange.AlarmTest, Ways: []string{"webhook"}})
	r.ask("REQ-1")
	r.arrive(imap(3), mail(3))
	r.arrive(imap(4), mail(4000))
}

func TestEveryRuleOfCheckFindsWhatBreaksIt(t *testing.T) {
	breaks := breakages()
	for _, name := range queue.RuleNames() {
		if len(breaks[name]) == 0 {
			t.Errorf("nothing breaks the rule %q", name)
		}
	}
	original := furnishedFile(t)
	for name, statements := range breaks {
		for _, s := range statements {
			t.Run(name, func(t *testing.T) { checkFinds(copyOf(t, original), name, s) })
		}
	}
}

// furnishedFile is the database file of a furnished store.
func furnishedFile(t *testing.T) []byte {
	t.Helper()
	r := unchecked(t, sqliteDSN(t))
	r.furnished()
	r.end()
	b, err := os.ReadFile(strings.TrimPrefix(r.dsn, "sqlite:"))
	r.must(err)
	return b
}

func copyOf(t *testing.T, file []byte) *rig {
	t.Helper()
	dsn := sqliteDSN(t)
	if err := os.WriteFile(strings.TrimPrefix(dsn, "sqlite:"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return unchecked(t, dsn)
}

// PostgreSQL has the same rules in the same words; one breakage of each shows
// that they mean the same there.
func TestCheckOnPostgres(t *testing.T) {
	server := testpg.Start(t)
	for name, statements := range breakages() {
		t.Run(name, func(t *testing.T) {
			r := unchecked(t, server.Database(t))
			r.furnished()
			checkFinds(r, name, statements[0])
		})
	}
}

func checkFinds(r *rig, rule, statement string) {
	r.must(r.store.Check(r.ctx))
	r.outside(statement)
	err := r.store.Check(r.ctx)
	if !errors.Is(err, queue.ErrDamaged) || !strings.Contains(err.Error(), `"`+rule+`"`) {
		r.Errorf("after %s: %v", statement, err)
	}
	r.must(r.store.Close())
}

func TestCheckReadsTheOctets(t *testing.T) {
	original := furnishedFile(t)
	for name, statement := range map[string]string{
		"message": `UPDATE chunk SET bytes = (SELECT bytes FROM chunk WHERE body = 3) WHERE body = 1`,
		"report":  `UPDATE report SET sealed = (SELECT bytes FROM chunk WHERE body = 1)`,
		"digest":  `UPDATE report SET digest = 'x'`,
	} {
		t.Run(name, func(t *testing.T) {
			r := copyOf(t, original)
			r.outside(statement)
			r.is(r.store.Check(r.ctx), queue.ErrDamaged)
			r.must(r.store.Close())
		})
	}
}
