package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/internal/catalogue"
)

func newCheckCommand(g *globals) *cobra.Command {
	store := false
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Configuration, keys and their expiry, clock, mailbox, relay, store; each with its remedy",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return check(cmd.Context(), g, store) },
	}
	cmd.Flags().BoolVar(&store, "store", false, "walk the whole store and its journal too")
	return cmd
}

// The levels of a line of check.
const (
	levelOK   = "ok"
	levelWarn = "warn"
	levelFail = "FAIL"
)

// checkLine is one thing that was looked at.
type checkLine struct {
	Level  string `json:"level"`
	Name   string `json:"name"`
	What   string `json:"what"`
	Remedy string `json:"remedy,omitempty"`
}

// checker collects the lines and prints each as soon as it is known.
type checker struct {
	language exchange.Language
	out      io.Writer // nil: print nothing on the way
	lines    []checkLine
}

func (k *checker) ok(name, key string, args ...string)   { k.line(levelOK, name, key, args) }
func (k *checker) warn(name, key string, args ...string) { k.line(levelWarn, name, key, args) }
func (k *checker) fail(name, key string, args ...string) { k.line(levelFail, name, key, args) }

// line says the text check.KEY, and check.KEY-remedy where something is to be
// done about it.
func (k *checker) line(level, name, key string, args []string) {
	remedy := ""
	if key := "check." + key + "-remedy"; level != levelOK && catalogue.Has(key) {
		remedy = k.text(key, args...)
	}
	k.add(checkLine{level, name, k.text("check."+key, args...), remedy})
}

func (k *checker) add(l checkLine) {
	k.lines = append(k.lines, l)
	if k.out == nil {
		return
	}
	fmt.Fprintf(k.out, "%-4s  %s: %s\n", l.Level, l.Name, oneLine(l.What))
	if l.Remedy != "" {
		fmt.Fprintf(k.out, "      %s: %s\n", k.text("check.remedy"), oneLine(l.Remedy))
	}
}

func (k *checker) text(key string, args ...string) string {
	return catalogue.Text(string(k.language), key, args...)
}

func (k *checker) count(level string) int {
	n := 0
	for _, l := range k.lines {
		if l.Level == level {
			n++
		}
	}
	return n
}

// check is the whole examination in the order in which a person would set
// things right.
func check(ctx context.Context, g *globals, wholeStore bool) error {
	k := &checker{language: g.speaks(nil), out: g.Stdout}
	if g.JSON {
		k.out = nil
	}
	if c := k.configuration(g); c != nil {
		k.language = g.speaks(c)
		k.zone(c, g.Now())
		changes := g.changes(ctx, c)
		keys := k.keys(c, changes, g.Now())
		keys = k.revocation(ctx, c, keys, g.Now())
		k.participants(c, keys, g.Now())
		k.changes(c, changes, g.Now())
		k.clock(keys, g.Now())
		k.mailboxes(ctx, c)
		k.listeners(c, g.Now())
		k.filterMap(c, changes)
		k.web(ctx, c, g.Now())
		k.relays(ctx, c)
		k.storeKey(c)
		k.store(ctx, c, g.Now, wholeStore)
		k.platform(c)
	}
	return k.end(g)
}

func (k *checker) end(g *globals) error {
	good := k.count(levelFail) == 0
	if g.JSON {
		if err := printJSON(g.Stdout, map[string]any{"ok": good, "checks": k.lines}); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(g.Stdout, k.text("check.summary", fmt.Sprint(k.count(levelOK)), fmt.Sprint(k.count(levelWarn)), fmt.Sprint(k.count(levelFail))))
	}
	if !good {
		return errFailed
	}
	return nil
}

// configuration loads the settings: a line for each mistake, or nothing but
// good ones.
func (k *checker) configuration(g *globals) *config.Config {
	c, err := g.load()
	if err == nil {
		k.language = g.speaks(c)
		k.ok("configuration", "config-ok", c.File, fmt.Sprint(len(c.Participants)))
		for _, w := range c.Warnings {
			what, remedy, _ := strings.Cut(w, "; ")
			k.add(checkLine{levelWarn, "configuration", what, remedy})
		}
		return c
	}
	var many interface{ Unwrap() []error }
	mistakes := []error{err}
	if errors.As(err, &many) {
		mistakes = many.Unwrap()
	}
	for _, m := range mistakes {
		k.mistake(m)
	}
	return nil
}

func (k *checker) mistake(err error) {
	var m *config.Mistake
	if !errors.As(err, &m) {
		k.add(checkLine{levelFail, "configuration", err.Error(), k.text("check.config-mistake-remedy")})
		return
	}
	remedy := m.Remedy
	if remedy == "" {
		remedy = k.text("check.config-mistake-remedy")
	}
	k.add(checkLine{levelFail, "configuration", fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.What), remedy})
}

// platform says what clause 16 asks for beside the encryption, and never that
// it is fulfilled: it is not, by this channel.
func (k *checker) platform(c *config.Config) {
	if c.PlatformReference == "" {
		k.warn("clause 16", "platform-unset")
		return
	}
	k.ok("clause 16", "platform", c.PlatformReference)
}

// speaks is the language a command prints in: --lang, else the
// configuration's, else that of the environment.
func (g *globals) speaks(c *config.Config) exchange.Language {
	switch {
	case g.Language != "":
		return exchange.Language(g.Language)
	case c != nil:
		return c.Language
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			for _, l := range exchange.Languages() {
				if strings.HasPrefix(value, string(l)) {
					return l
				}
			}
			break
		}
	}
	return exchange.English
}

// oneLine keeps what a peer or an error said on one line.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
