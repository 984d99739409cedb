package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"almasu/config"
	"almasu/exchange"
	"almasu/gateway"
	"almasu/internal/catalogue"
	"almasu/queue"
	"almasu/receipt"
	"almasu/rules/calendar"
)

// office is what the commands about clauses 17 and 18 work with.
type office struct {
	*globals
	config   *config.Config
	store    *queue.Store
	gateway  *gateway.Gateway
	language exchange.Language
}

func withOffice(ctx context.Context, g *globals, do func(context.Context, office) error) error {
	c, store, err := g.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	gw, err := gatewayOn(ctx, g, c, store)
	if err != nil {
		return err
	}
	return do(ctx, office{g, c, store, gw, g.speaks(c)})
}

// withSOC is withOffice for what a SOC owes.
func withSOC(ctx context.Context, g *globals, do func(context.Context, office) error) error {
	return withOffice(ctx, g, func(ctx context.Context, d office) error {
		if d.config.Role != config.RoleSOC {
			return usagef("clauses 17 and 18 are duties of a SOC: `almasu board` shows at the NCCIS who has done them")
		}
		return do(ctx, d)
	})
}

// quarter reads the quarter named, or the one that stands where none is.
func (d office) quarter(args []string, standard calendar.Quarter) (calendar.Quarter, error) {
	if len(args) == 0 || args[0] == "" {
		return standard, nil
	}
	q, err := calendar.ParseQuarter(args[0])
	if err != nil {
		return q, usageError{err}
	}
	return q, nil
}

// current is the quarter that runs.
func (d office) current() calendar.Quarter { return calendar.QuarterOf(d.Now(), d.config.Zone) }

func (d office) text(key string, args ...string) string {
	return catalogue.Text(string(d.language), "duty."+key, args...)
}

func (d office) say(key string, args ...string) { fmt.Fprintln(d.Stdout, d.text(key, args...)) }

// minute is a moment in the configured zone, to the minute; - for none.
func (d office) minute(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(d.config.Zone).Format("2006-01-02 15:04")
}

// head is the first line about a duty: what, which quarter, how it stands, by
// when.
func (d office) head(task calendar.Task, state calendar.State) {
	due := receipt.NotLaterThan(d.language, task.Undisputed.Add(-time.Second))
	if !task.Undisputed.Equal(task.Ends) {
		due += ", " + d.text("disputable")
	}
	d.say("head", d.text("name."+task.Clause), receipt.Quarter(d.language, task.Quarter.String()), d.text("state."+string(state)), due)
}

// letters tells what became of the letters that carried a report.
func (d office) letters(list []exchange.Letter) {
	for _, l := range list {
		verdict := ""
		if l.Verdict != "" {
			verdict = d.text("verdict." + string(l.Verdict))
		}
		args := map[exchange.LetterState][]string{exchange.LetterSent: {d.minute(l.SentAt)},
			exchange.LetterClosed: {verdict, l.Number, d.minute(l.PeerReceivedAt)}}[l.State]
		d.say("letter", l.To, d.text("letter."+string(l.State), args...))
	}
}

// handed prints what became of a card that a command made up.
func (d office) handed(s gateway.Submission) error {
	if d.JSON {
		return printSubmission(d.globals, d.config, "card", s)
	}
	if s.Refusal.Code != "" || s.Report == nil {
		d.say("refused", string(s.Refusal.Code), s.Refusal.Reason)
		printProblems(d.Stdout, d.globals, s.Problems)
		return errFailed
	}
	d.say("handed", string(s.Report.Kind), s.Report.ID, strconv.Itoa(s.Report.Revision))
	d.letters(s.Letters)
	for _, due := range s.Due {
		d.say("deadline", due.Clause, due.At.In(d.config.Zone).Format("2006-01-02 15:04:05"))
	}
	return nil
}

// overdue counts the duties of a quarter that are late and not done.
func overdue(ctx context.Context, store *queue.Store) (n int, err error) {
	missed, err := store.Duties(ctx, queue.DutyFilter{State: exchange.DeadlineMissed})
	for _, d := range missed {
		if d.Report == 0 {
			n++
		}
	}
	return n, err
}
