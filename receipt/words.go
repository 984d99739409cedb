package receipt

import (
	"strconv"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// For words the letter that carries a report: our own report to the NCCIS, a
// receipt, a notice, a request or a ping, by its kind.
func For(r *exchange.Report, s Style) Wording {
	switch {
	case r.Receipt != nil:
		return s.word(func(b *block) { b.receipt(r.Receipt) })
	case r.Notice != nil:
		return s.word(func(b *block) { b.notice(r) })
	}
	return s.word(func(b *block) { b.report(r) })
}

// Neutral words the notice to a participant in whose name something came that
// could not be accepted: number and time, nothing of the message itself
// (DESIGN section 4). It goes out without a machine part.
func Neutral(number string, receivedAt time.Time, s Style) Wording {
	return s.word(func(b *block) {
		number := clean(number, 64)
		b.subject = b.say("neutral.subject", number)
		b.paragraph(b.say("neutral.text", number, b.moment(receivedAt)))
		b.signature()
	})
}

// word writes one block of text for each language.
func (s Style) word(write func(*block)) Wording {
	w := Wording{Languages: s.languages()}
	var blocks []string
	for _, l := range w.Languages {
		b := &block{language: l, style: s}
		write(b)
		if w.Subject == "" {
			w.Subject = b.subject
		}
		blocks = append(blocks, b.lines())
	}
	w.Text = strings.Join(blocks, "\n"+strings.Repeat("_", 60)+"\n\n")
	return w
}

// block is the text in one language.
type block struct {
	language exchange.Language
	style    Style
	subject  string
	text     strings.Builder
}

// lines is the text with single blank lines between its paragraphs.
func (b *block) lines() string {
	var out []string
	for line := range strings.SplitSeq(strings.TrimRight(b.text.String(), "\n"), "\n") {
		if line != "" || len(out) > 0 && out[len(out)-1] != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n") + "\n"
}

func (b *block) say(key string, args ...string) string { return say(b.language, key, args...) }

func (b *block) moment(t time.Time) string { return Moment(b.language, t, b.style.zone()) }

func (b *block) paragraph(text string) { b.text.WriteString(text + "\n\n") }

// line is "Name: value"; a value that is not there has no line.
func (b *block) line(field, value string) {
	if value != "" {
		b.text.WriteString(b.say("field."+field) + ": " + value + "\n")
	}
}

func (b *block) at(field string, t time.Time) {
	if !t.IsZero() {
		b.line(field, b.moment(t))
	}
}

func (b *block) gap() { b.text.WriteString("\n") }

func (b *block) signature() {
	if name := clean(b.style.From.In(b.language), 300); name != "" {
		b.gap()
		b.text.WriteString(name + "\n")
	}
}

// receipt tells the sender what became of its message.
func (b *block) receipt(r *exchange.ReceiptBody) {
	number := clean(r.Number, 64)
	verdict := b.verdict(r.Verdict)
	b.subject = b.say("receipt.subject", number, verdict)
	own := b.words(exchange.TemplateReceipt, number, "", r.DecidedAt)
	if own.Subject != "" {
		b.subject = own.Subject
	}
	b.said(own.Opening)
	b.paragraph(b.say("receipt."+string(r.Verdict), number, b.moment(r.ReceivedAt)))
	if r.Code != "" {
		b.paragraph(b.say("reason", catalogue.Text(string(b.language), "refusal."+string(r.Code))))
	}
	b.problems(r.Problems)
	b.line("number", number)
	b.line("verdict", verdict)
	if r.Verdict == exchange.VerdictDuplicate && r.FirstVerdict != "" {
		b.line("first-verdict", b.verdict(r.FirstVerdict))
	}
	b.line("code", clean(string(r.Code), 40))
	for _, k := range r.Reports {
		b.line("report", clean(k.ID, 64)+", "+b.revision(k.Revision))
	}
	b.line("message-id", clean(r.OriginalMessageID, 250))
	b.at("sent-at", r.SentAt)
	b.at("decided-at", r.DecidedAt)
	if d := r.Digest; d != nil {
		b.line("digest", clean(d.Algorithm, 20)+" ("+clean(d.Over, 10)+") "+clean(d.Value, 200))
	}
	b.said(own.Closing)
	b.signature()
}

func (b *block) verdict(v exchange.Verdict) string {
	if key := "verdict." + string(v); catalogue.Has("letter." + key) {
		return b.say(key)
	}
	return clean(string(v), 20)
}

func (b *block) revision(n int) string {
	return b.say("revision", strconv.Itoa(n))
}

// maxProblems bounds the list for people; the machine part has all of them.
const maxProblems = 30

// problems lists what is wrong with a report, in the reader's language: the
// place, and the sentence of the catalogue. It never repeats the document.
func (b *block) problems(problems []exchange.Problem) {
	if len(problems) == 0 {
		return
	}
	b.text.WriteString(counted(b.language, "problems.", len(problems)) + "\n")
	for i, p := range problems[:min(len(problems), maxProblems)] {
		b.text.WriteString(strconv.Itoa(i+1) + ". " + b.problem(p) + "\n")
	}
	if more := len(problems) - maxProblems; more > 0 {
		b.text.WriteString("... " + counted(b.language, "problems-more.", more) + "\n")
	}
	b.gap()
}

func (b *block) problem(p exchange.Problem) string {
	sentence := p.Text
	if key := "problem." + p.Key; p.Key != "" && catalogue.Has(key) {
		sentence = catalogue.Text(string(b.language), key, p.Args...)
	}
	words := []string{clean(sentence, 500)}
	if p.Path != "" {
		words = []string{clean(p.Path, 300) + ":", words[0]}
	}
	if p.Line > 0 {
		words = append(words, b.say("place", strconv.Itoa(p.Line), strconv.Itoa(p.Column)))
	}
	return strings.Join(words, " ")
}
