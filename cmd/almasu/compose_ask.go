package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"almasu/config"
	"almasu/exchange"
	"almasu/gateway"
	"almasu/internal/catalogue"
	"almasu/parser"
	"almasu/parser/plain"
	"almasu/queue"
)

// composition is `almasu submit` without a file: a talk that ends in a report
// sent, or in nothing.
type composition struct {
	*asking
	g     *globals
	c     *config.Config
	store *queue.Store
	draft *cardDraft
	to    []string
}

// composing is what the command line says of it.
type composing struct {
	kind, update string
	to           []string
}

// compose asks, shows, and sends.
func compose(ctx context.Context, g *globals, how composing) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	store, err := openStore(ctx, c, false, g.Now)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer store.Close()
	gw, err := gatewayOn(ctx, g, c, store)
	if err != nil {
		return err
	}
	if g.Language == "" {
		g.Language = string(c.Language)
	}
	language := exchange.Language(g.Language)
	t := &composition{asking: &asking{ctx, bufio.NewReader(g.Stdin), g.Stdin, g.Stderr, language}, g: g, c: c, store: store, to: how.to,
		draft: &cardDraft{language: language, answers: map[string]string{},
			limits:   parser.Limits{Document: c.Limits.Document, Depth: c.Limits.Depth},
			defaults: ownDefaults(c, g.Now())}}
	fmt.Fprintln(t.out, t.say("hello"))
	if err := t.begin(how); err != nil {
		return err
	}
	list := askedOf(t.draft.kind, t.draft.before != nil)
	for _, a := range list {
		if err := t.field(a); err != nil {
			return t.notSent(err)
		}
	}
	return t.finish(gw)
}

func (t *composition) say(name string, args ...string) string {
	return catalogue.Text(string(t.language), "compose."+name, args...)
}

func (t *composition) notSent(err error) error {
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(t.out, "\n"+t.say("not-sent"))
		return errFailed
	}
	return fmt.Errorf("%w. %s", err, t.say("not-sent"))
}

// begin finds out what is reported: something new of a kind, or an update.
func (t *composition) begin(how composing) error {
	id := how.update
	if id == "" && how.kind == "" {
		latest, err := t.latest()
		if err != nil {
			return err
		}
		if latest != "" {
			if id, err = t.put(t.say("ask-update", latest)); err != nil {
				return t.notSent(err)
			}
		}
	}
	if id != "" {
		return t.update(id)
	}
	kind := how.kind
	if kind == "" {
		var err error
		choices := t.kinds()
		if kind, err = t.put(t.say("ask-kind") + " (" + strings.Join(choices, ", ") + ") [" + choices[0] + "]"); err != nil {
			return t.notSent(err)
		}
		if kind == "" {
			kind = choices[0]
		}
	}
	t.draft.kind = exchange.ReportKind(plain.Word("kind", kind))
	if askedOf(t.draft.kind, false) == nil {
		return usagef("%s", t.say("no-kind", kind))
	}
	return t.addressee()
}

// addressee asks the NCCIS for whom it writes; a SOC writes to the NCCIS.
func (t *composition) addressee() error {
	if t.c.Role != config.RoleNCCIS {
		return nil
	}
	var ids []string
	for _, p := range t.c.Participants {
		if p.ID != t.c.Identity.ID {
			ids = append(ids, p.ID)
		}
	}
	for len(t.to) == 0 {
		id, err := t.put(label("addressee", t.language) + " (" + strings.Join(ids, ", ") + ")")
		if err != nil {
			return t.notSent(err)
		}
		if slices.Contains(ids, id) {
			t.to = []string{id}
		} else {
			fmt.Fprintln(t.out, t.say("bad", t.say("one-of", strings.Join(ids, ", "))))
		}
	}
	return nil
}

// kinds are those that our role may send and a person can put together.
func (t *composition) kinds() (words []string) {
	self := exchange.Participant{Kinds: []exchange.ParticipantKind{exchange.KindSOC}}
	if t.c.Role == config.RoleNCCIS {
		self.Kinds[0] = exchange.KindNCCIS
	}
	for _, kind := range exchange.ReportKinds() {
		if self.MaySend(kind) && askedOf(kind, false) != nil {
			words = append(words, plain.InWords("kind", string(kind), t.language))
		}
	}
	return words
}

// latest names the reports last sent that can be updated.
func (t *composition) latest() (string, error) {
	reports, err := t.store.Reports(t.ctx, queue.ReportFilter{Outgoing: true, Newest: true, Limit: 20})
	if err != nil {
		return "", err
	}
	var ids []string
	for _, r := range reports {
		if askedOf(r.Kind, true) != nil && len(ids) < 3 && !strings.Contains(" "+strings.Join(ids, " ")+" ", " "+r.Key.ID+" ") {
			ids = append(ids, r.Key.ID)
		}
	}
	return strings.Join(ids, " "), nil
}

// update goes on from the last revision of a report of ours.
func (t *composition) update(id string) error {
	reports, err := t.store.Reports(t.ctx, queue.ReportFilter{ID: id, Outgoing: true, Document: true})
	if err != nil {
		return err
	}
	if len(reports) == 0 {
		return usagef("%s", t.say("unknown-report", id))
	}
	last := reports[0]
	for _, r := range reports {
		if r.Key.Revision > last.Key.Revision {
			last = r
		}
	}
	if err := t.draft.updates(last, t.g.Now()); err != nil {
		return err
	}
	if askedOf(t.draft.kind, true) == nil {
		return usagef("%s", t.say("no-kind", string(t.draft.kind)))
	}
	fmt.Fprintln(t.out, t.say("updating", id, fmt.Sprint(last.Key.Revision+1)))
	return nil
}

// field asks for one field until the answer is right.
func (t *composition) field(a asked) error {
	prompt, standard := t.prompt(a)
	for {
		value, err := t.put(prompt)
		if err == nil && plain.HasLines(a.key) && value != "" {
			value, err = t.more(value)
		}
		if err != nil {
			return err
		}
		if value == "" && t.draft.before != nil && standard != "" || value == "" && !a.required {
			return nil
		}
		if value == "" {
			value = standard
		}
		if value == "" {
			fmt.Fprintln(t.out, t.say("bad", t.say("missing")))
			continue
		}
		t.draft.defaults.Now = t.g.Now() // the talk may take a while
		problems := t.draft.answer(a.key, value)
		if len(problems) == 0 {
			return nil
		}
		for _, p := range problems {
			fmt.Fprintln(t.out, t.say("bad", t.wrong(a.key, p)))
		}
	}
}

// wrong says what is wrong with an answer, in the words that were on offer.
func (t *composition) wrong(key string, p exchange.Problem) string {
	switch choices := plain.Choices(key, t.language); {
	case p.Code == exchange.ProblemRequired:
		return t.say("missing")
	case p.Code == exchange.ProblemEnum && choices != nil:
		return t.say("one-of", strings.Join(choices, ", "))
	}
	return problemIn(string(t.language), p)
}

// prompt is the question for a field, and the answer that Enter gives.
func (t *composition) prompt(a asked) (prompt, standard string) {
	standard = t.draft.current(a.key, t.language)
	var notes []string
	switch choices := plain.Choices(a.key, t.language); {
	case plain.IsTime(a.key):
		example := t.g.Now().In(t.c.Zone).Format("2006-01-02 15:04")
		notes = append(notes, t.say("hint-time", example))
		if a.key == "confirmed_at" && standard == "" {
			standard = example
		}
	case a.key == "occasion":
		notes = append(notes, t.say("hint-occasion"))
	case choices != nil:
		notes = append(notes, strings.Join(choices, ", "))
	case plain.HasLines(a.key):
		notes = append(notes, t.say("lines"))
	}
	if !a.required && t.draft.before == nil {
		notes = append(notes, t.say("optional"))
	}
	prompt = label(a.key, t.language)
	if len(notes) > 0 {
		prompt += " (" + strings.Join(notes, "; ") + ")"
	}
	if standard != "" {
		prompt += " [" + shortened(standard) + "]"
	}
	return prompt, standard
}

// label is the name of a field as it begins a line.
func label(key string, l exchange.Language) string {
	name := []rune(plain.Names(key, l)[0])
	name[0] = unicode.ToUpper(name[0])
	return string(name)
}

// shortened is a value that fits into a prompt.
func shortened(s string) string {
	const most = 60
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return s
}

// put asks one question and returns the line answered.
func (t *composition) put(prompt string) (string, error) {
	fmt.Fprint(t.out, prompt+": ")
	return t.line()
}

// more reads the further lines of a value up to an empty one, or the end.
func (t *composition) more(value string) (string, error) {
	for {
		fmt.Fprint(t.out, "  ")
		line, err := t.line()
		if err != nil || line == "" {
			return value, err
		}
		value += "\n" + line
	}
}

// finish has the card judged, asks again for what is wrong, shows it and sends
// it.
func (t *composition) finish(gw *gateway.Gateway) error {
	order := gateway.Order{To: t.to, Typed: true, Actor: osUser()}
	for {
		var err error
		t.draft.defaults.At, t.draft.defaults.Now = t.g.Now(), t.g.Now()
		if order.Document, err = t.draft.document(); err != nil {
			return err
		}
		order.Judge = true
		s, err := gw.Submit(t.ctx, order)
		if err != nil {
			return err
		}
		again := ""
		for _, p := range s.Problems {
			if again = t.draft.keyOf(p); again != "" {
				fmt.Fprintln(t.out, t.say("bad", label(again, t.language)+": "+t.wrong(again, p)))
				break
			}
		}
		if again != "" {
			if err := t.field(asked{again, true}); err != nil {
				return t.notSent(err)
			}
			continue
		}
		if s.Refusal.Code != "" {
			return printSubmission(t.g, t.c, "card", s)
		}
		t.preview(s)
		if sure, err := t.put(t.say("confirm")); err != nil {
			return t.notSent(err)
		} else if !plain.IsYes(sure) {
			fmt.Fprintln(t.out, t.say("not-sent"))
			return errFailed
		}
		order.Judge = false
		if s, err = gw.Submit(t.ctx, order); err != nil {
			return err
		}
		if err := printSubmission(t.g, t.c, "card", s); err != nil {
			return err
		}
		fmt.Fprintln(t.out, t.say("follow", s.Report.ID))
		return nil
	}
}

// preview shows what would be sent, to whom, and how long is left.
func (t *composition) preview(s gateway.Submission) {
	fmt.Fprintln(t.out, "\n"+t.say("preview"))
	to := strings.Join(s.To, ", ")
	fmt.Fprintln(t.out, t.say("preview-head", plain.InWords("kind", string(s.Report.Kind), t.language), s.Report.ID, fmt.Sprint(s.Report.Revision), to))
	for _, key := range t.draft.order {
		fmt.Fprintf(t.out, "  %s: %s\n", label(key, t.language), strings.ReplaceAll(t.draft.answers[key], "\n", "\n    "))
	}
	for _, d := range s.Due {
		left, name := d.At.Sub(t.g.Now()).Round(time.Second), "due"
		if left < 0 {
			left, name = -left, "overdue"
		}
		fmt.Fprintln(t.out, t.say(name, d.Clause, d.At.In(t.c.Zone).Format("2006-01-02 15:04:05"), left.String()))
	}
}
