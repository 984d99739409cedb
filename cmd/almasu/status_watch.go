package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"almasu/config"
	"almasu/exchange"
	"almasu/internal/catalogue"
	"almasu/queue"
)

// watchEvery is how often the countdown is written anew.
const watchEvery = time.Second

// watch shows a report of ours, its newest revision, until nothing more is to
// be waited for: on a terminal one line that counts down, elsewhere a line for
// each step. It fails where the report did not get a receipt that accepts it.
func watch(ctx context.Context, g *globals, c *config.Config, store *queue.Store, id string, every time.Duration) error {
	language := string(c.Language)
	if g.Language != "" {
		language = g.Language
	}
	live := isTerminal(g.Stdout) && !g.JSON
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := ""
	for {
		s, err := watched(ctx, g, store, id, language)
		if err != nil {
			return err
		}
		switch {
		case s.step == "":
			return fmt.Errorf("%s", catalogue.Text(language, "compose.watch-none", id))
		case g.JSON: // the end is told alone
		case live:
			fmt.Fprintf(g.Stdout, "\r\x1b[K%s", s.line())
		case s.text != last:
			fmt.Fprintln(g.Stdout, s.line())
		}
		last = s.text
		if s.step.Settled() {
			return s.end(ctx, g, c, store, id, live)
		}
		select {
		case <-ctx.Done():
			if live {
				fmt.Fprintln(g.Stdout)
			}
			return errFailed // it is not known yet
		case <-tick.C:
		}
	}
}

// sighting is where a report stands at a moment.
type sighting struct {
	step     exchange.Tracking
	text     string // without the time
	left     string
	accepted bool
}

func (s sighting) line() string { return strings.TrimSuffix(s.text+"; "+s.left, "; ") }

// end shows the whole story.
func (s sighting) end(ctx context.Context, g *globals, c *config.Config, store *queue.Store, id string, live bool) error {
	if live {
		fmt.Fprintln(g.Stdout)
	}
	if err := statusOf(ctx, g, c, store, id); err != nil {
		return err
	}
	if !s.accepted {
		return errFailed
	}
	return nil
}

// watched looks at the newest revision of a report of ours.
func watched(ctx context.Context, g *globals, store *queue.Store, id, language string) (s sighting, err error) {
	reports, err := store.Reports(ctx, queue.ReportFilter{ID: id, Outgoing: true, Newest: true, Limit: 1})
	if err != nil || len(reports) == 0 {
		return s, err
	}
	letters, err := store.Letters(ctx, queue.LetterFilter{Report: reports[0].Position})
	if err != nil {
		return s, err
	}
	due, err := store.Deadlines(ctx, reports[0].Position)
	if err != nil {
		return s, err
	}
	now := g.Now()
	say := func(name string, args ...string) string { return catalogue.Text(language, "compose."+name, args...) }
	var steps []exchange.Tracking
	s.accepted = true
	for _, l := range letters {
		step := l.Track(due, now)
		if step == exchange.TrackReplaced {
			continue
		}
		steps = append(steps, step)
		s.accepted = s.accepted && step == exchange.TrackOpened
		s.text += "; " + l.To + ": " + say("track-"+string(step))
		if l.Number != "" {
			s.text += " " + l.Number + " " + string(l.Verdict)
		}
	}
	s.step = exchange.TrackAll(steps)
	s.text = fmt.Sprintf("%s r%d%s", id, reports[0].Key.Revision, s.text)
	var left []string
	for _, d := range due {
		left = append(left, leftOf(d, now, say))
	}
	s.left = strings.Join(left, "; ")
	return s, nil
}

// leftOf is what a deadline says at a moment.
func leftOf(d exchange.Deadline, now time.Time, say func(string, ...string) string) string {
	left := d.At.Sub(now).Truncate(time.Second)
	switch {
	case d.State == exchange.DeadlineMet:
		return say("watch-met", d.Clause)
	case d.State == exchange.DeadlineMissed:
		return say("watch-missed", d.Clause)
	case left < 0:
		return say("watch-late", d.Clause, (-left).String())
	}
	return say("watch-left", d.Clause, left.String())
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
