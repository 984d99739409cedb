package alarm

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"almasu/exchange"
)

// Command runs a program for each alarm, without a shell. The alarm stands in
// its environment, which holds nothing else but a PATH: no setting and no
// secret of the gateway.
type Command struct {
	Run     []string      // program and arguments
	Timeout time.Duration // of one run, 0 for DefaultTimeout
	Gateway string
	Zone    *time.Location
}

// Tell runs the command once. It fails when the program does, or takes too
// long; then the program and what it started are killed.
func (c *Command) Tell(ctx context.Context, a exchange.Alarm) error {
	if len(c.Run) == 0 {
		return errors.New("command hook: no program is named")
	}
	ctx, stop := context.WithTimeout(ctx, orDefault(c.Timeout))
	defer stop()
	run := exec.CommandContext(ctx, c.Run[0], c.Run[1:]...)
	b := NewBody(a, c.Gateway, c.Zone)
	run.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "ALMASU_ALARM=" + b.Alarm, "ALMASU_GATEWAY=" + b.Gateway,
		"ALMASU_KIND=" + b.Kind, "ALMASU_CALL=" + b.Call, "ALMASU_CLAUSE=" + b.Clause, "ALMASU_SUBJECT=" + b.Subject,
		"ALMASU_DUE=" + b.Due, "ALMASU_AT=" + b.At}
	said := &bounded{}
	run.Stdout, run.Stderr = said, said
	run.WaitDelay = time.Second // what it started may hold its output open
	ownGroup(run)
	err := run.Run()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("command hook: stopped after %s", orDefault(c.Timeout))
	case err != nil:
		return fmt.Errorf("command hook: %s: %s", oneLine(err.Error()), oneLine(string(said.text)))
	}
	return nil
}

// bounded keeps the beginning of what is written and takes the rest.
type bounded struct{ text []byte }

func (b *bounded) Write(p []byte) (int, error) {
	b.text = append(b.text, p[:min(len(p), maxWords-min(len(b.text), maxWords))]...)
	return len(p), nil
}
