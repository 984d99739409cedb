package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// asking is a talk with the person at the terminal.
type asking struct {
	ctx      context.Context
	in       *bufio.Reader
	source   io.Reader
	out      io.Writer
	language exchange.Language
}

// ask puts every question no flag has answered, with --yes none of them, and
// makes sure that all answers are usable.
func (a *initAnswers) ask(ctx context.Context, g *globals, language exchange.Language) error {
	if a.yes {
		return a.complete()
	}
	t := &asking{ctx, bufio.NewReader(g.Stdin), g.Stdin, g.Stderr, language}
	for _, q := range a.questions() {
		if *q.answer != "" || q.when != nil && !q.when() {
			continue
		}
		if err := t.question(q); err != nil {
			return err
		}
		if strings.HasSuffix(q.name, "password-file") {
			if err := t.password(a, *q.answer); err != nil {
				return err
			}
		}
	}
	return a.complete()
}

// question asks until the answer is usable.
func (t *asking) question(q question) error {
	standard := ""
	if q.standard != nil {
		standard = q.standard()
	}
	for {
		prompt := t.text("ask-" + q.name)
		if standard != "" {
			prompt += " [" + standard + "]"
		}
		fmt.Fprint(t.out, prompt+": ")
		answer, err := t.line()
		if err != nil {
			return fmt.Errorf("ask for --%s: %w: give it as a flag, or --yes to take the defaults", q.name, err)
		}
		if answer == "" {
			answer = standard
		}
		want := ""
		switch {
		case answer == "" && !q.optional:
			want = "want-something"
		case answer != "" && q.check != nil:
			want = q.check(answer)
		}
		if want == "" {
			*q.answer = answer
			return nil
		}
		fmt.Fprintln(t.out, t.text("bad-answer", t.text(want)))
	}
}

// password asks for the content of a password file that is not there yet,
// without showing it.
func (t *asking) password(a *initAnswers, file string) error {
	if _, known := a.passwords[file]; known || fileIsThere(file) || isReference(file) {
		return nil
	}
	fmt.Fprint(t.out, t.text("ask-password", file)+": ")
	if f, ok := t.source.(*os.File); ok && term.IsTerminal(int(f.Fd())) && t.in.Buffered() == 0 {
		typed, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(t.out)
		if err != nil {
			return fmt.Errorf("ask for the password: %w", err)
		}
		a.passwords[file] = string(typed)
		return nil
	}
	typed, err := t.line()
	if err != nil {
		return fmt.Errorf("ask for the password: %w", err)
	}
	a.passwords[file] = typed
	return nil
}

// line reads one line; it does not wait for it once the talk is over (Ctrl-C),
// which ends the program.
func (t *asking) line() (string, error) {
	type reading struct {
		line string
		err  error
	}
	read := make(chan reading, 1)
	go func() { // a terminal can be waited for in no other way
		line, err := t.in.ReadString('\n')
		read <- reading{line, err}
	}()
	var line string
	var err error
	select {
	case <-t.ctx.Done():
		return "", t.ctx.Err()
	case r := <-read:
		line, err = r.line, r.err
	}
	if err != nil && (line == "" || !errors.Is(err, io.EOF)) {
		if errors.Is(err, io.EOF) {
			err = errors.New("no answer, the input ended")
		}
		return "", err
	}
	return strings.TrimSpace(line), nil
}

func (t *asking) text(name string, args ...string) string {
	return catalogue.Text(string(t.language), "init."+name, args...)
}

// isReference reports a secret that stands in no file of ours.
func isReference(ref string) bool {
	return strings.HasPrefix(ref, "env:") || strings.HasPrefix(ref, "credential:")
}
