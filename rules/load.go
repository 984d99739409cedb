package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"almasu/exchange"
)

// Load reads a rules file; name is what its mistakes are told under. A file
// without editions or rules has those of the built-in reading. The error joins
// one "file:line: what, remedy" for each mistake.
func Load(name string, data []byte) (*Set, error) { return load(name, data, Builtin()) }

func load(name string, data []byte, standard *Set) (*Set, error) {
	l := &loader{file: name}
	s := &Set{}
	l.decode(data, s)
	if len(l.mistakes) > 0 {
		return nil, errors.Join(l.mistakes...)
	}
	if len(s.Editions) == 0 {
		s.Editions = standard.Editions
	}
	if s.Own = len(s.Rules) > 0; !s.Own {
		s.Rules = standard.Rules
	}
	l.editions(s)
	l.rules(s)
	if len(l.mistakes) > 0 {
		return nil, errors.Join(l.mistakes...)
	}
	return s, nil
}

// loader reads one file and gathers its mistakes.
type loader struct {
	file     string
	lines    map[string]int // "rules[3].when" -> line
	mistakes []error
}

func (l *loader) wrong(line int, format string, args ...any) {
	l.mistakes = append(l.mistakes, fmt.Errorf("%s:%d: %s", l.file, max(line, 1), fmt.Sprintf(format, args...)))
}

// line is where a setting stands, or failing that what it stands in.
func (l *loader) line(path string) int {
	for path != "" {
		if n, ok := l.lines[path]; ok {
			return n
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1
}

func (l *loader) decode(data []byte, s *Set) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		l.complain(err)
		return
	}
	l.lines = map[string]int{}
	if len(doc.Content) == 1 {
		l.note(doc.Content[0], "")
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(s); err != nil && !errors.Is(err, io.EOF) {
		l.complain(err)
	}
	if err := dec.Decode(&doc); err == nil {
		l.wrong(doc.Line, "a second document begins here, keep one document in one file")
	}
}

// note remembers where each setting stands.
func (l *loader) note(n *yaml.Node, path string) {
	l.lines[path] = n.Line
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			l.note(n.Content[i+1], strings.TrimPrefix(path+"."+n.Content[i].Value, "."))
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			l.note(item, fmt.Sprintf("%s[%d]", path, i))
		}
	}
}

var (
	yamlLine    = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	yamlUnknown = regexp.MustCompile(`^field (\S+) not found in type rules\.(\w+)$`)
)

// complain turns the complaints of the YAML library into mistakes.
func (l *loader) complain(err error) {
	texts := []string{err.Error()}
	var typed *yaml.TypeError
	if errors.As(err, &typed) {
		texts = typed.Errors
	}
	for _, text := range texts {
		line := 1
		if m := yamlLine.FindStringSubmatch(text); m != nil {
			line, _ = strconv.Atoi(m[1])
			text = m[2]
		}
		if m := yamlUnknown.FindStringSubmatch(text); m != nil {
			l.wrong(line, "unknown key %q, %s", m[1], didYouMean(m[1], keysOf(m[2])))
			continue
		}
		l.wrong(line, "%s", strings.TrimPrefix(text, "yaml: "))
	}
}

func (l *loader) editions(s *Set) {
	seen, last := map[string]bool{}, ""
	for i, e := range s.Editions {
		line := l.line(fmt.Sprintf("editions[%d]", i))
		if e.ID == "" || seen[e.ID] {
			l.wrong(line, "an edition needs an id of its own, have %q", e.ID)
		}
		seen[e.ID] = true
		if e.InForce == "" {
			continue
		}
		if _, err := time.Parse(time.DateOnly, e.InForce); err != nil {
			l.wrong(line, "in_force %q is no day, write it as 2023-03-31", e.InForce)
		} else if e.InForce <= last {
			l.wrong(line, "edition %s is in force from %s, not after the one before it: put them in order", e.ID, e.InForce)
		}
		last = e.InForce
	}
}

func (l *loader) rules(s *Set) {
	seen := map[string]bool{}
	for i := range s.Rules {
		r, at := &s.Rules[i], fmt.Sprintf("rules[%d]", i)
		if !exchange.ValidID(r.ID) || seen[r.ID] {
			l.wrong(l.line(at+".id"), "a rule needs an id of its own of A-Z a-z 0-9 . _ : -, have %q", r.ID)
		}
		seen[r.ID] = true
		if !clauseLike.MatchString(r.Clause) {
			l.wrong(l.line(at+".clause"), "rule %s: clause %q, write it as \"9\" or \"12.3\", in quotes", r.ID, r.Clause)
		}
		l.choices(s, r, at)
		l.period(r, at)
		l.limits(r, at)
		if mistake, down := check(r.When); mistake != "" {
			l.wrong(l.line(at+".when")+down, "rule %s: when: %s", r.ID, mistake)
		}
	}
}

var clauseLike = regexp.MustCompile(`^[1-9][0-9]?(\.[1-9][0-9]?)?$`)

// choices judges what must be one of a closed list.
func (l *loader) choices(s *Set, r *Rule, at string) {
	one := func(name, value string, known []string) {
		if value != "" && !slices.Contains(known, value) {
			l.wrong(l.line(at+"."+name), "rule %s: %s %q is not known, %s", r.ID, name, value, didYouMean(value, known))
		}
	}
	var editions []string
	for _, e := range s.Editions {
		editions = append(editions, e.ID)
	}
	one("role", r.Role, []string{string(exchange.KindNCCIS), string(exchange.KindSOC)})
	one("since", r.Since, editions)
	one("until", r.Until, editions)
	one("part", string(r.Part), []string{string(Whole), string(Concerning), string(Headline)})
	one("clock", r.Clock, []string{ClockConfirmed, ClockReceived})
	if len(r.Kinds) == 0 {
		l.wrong(l.line(at), "rule %s: kinds is missing, write which kinds of reports it is about", r.ID)
	}
	for i, k := range r.Kinds {
		one(fmt.Sprintf("kinds[%d]", i), string(k), plain(exchange.ReportKinds()))
	}
	for i, id := range r.Tell {
		if !exchange.ValidID(id) {
			l.wrong(l.line(fmt.Sprintf("%s.tell[%d]", at, i)), "rule %s: tell %q is neither a kind of participant nor an id", r.ID, id)
		}
	}
}

func (l *loader) period(r *Rule, at string) {
	d, err := time.ParseDuration(r.Due)
	switch {
	case r.Due == "" && r.Clock != "":
		l.wrong(l.line(at+".clock"), "rule %s: a clock without due, write due: 15m", r.ID)
	case r.Due == "":
	case err != nil || d <= 0:
		l.wrong(l.line(at+".due"), "rule %s: due %q is no period, write it as 15m or 2h", r.ID, r.Due)
	case r.Clock == "":
		r.Clock = ClockReceived
	case r.Clock == ClockConfirmed && !slices.Equal(r.Kinds, []exchange.ReportKind{exchange.Incident}):
		l.wrong(l.line(at+".clock"), "rule %s: only an incident is confirmed: set kinds: [incident], or clock: received", r.ID)
	}
}

// limits refuses what no rules file may do: give more than the part that
// concerns them to anyone but the bodies of clause 12 items 2 to 6.
func (l *loader) limits(r *Rule, at string) {
	body, duty := bodies[r.Clause]
	switch {
	case len(r.Tell) > 0 && r.Part == "":
		l.wrong(l.line(at+".tell"), "rule %s: part is missing, write whole, concerning or headline", r.ID)
	case r.Part == Whole && !duty:
		l.wrong(l.line(at+".part"), "rule %s: clause %s gives nobody the whole of a report: write concerning or headline", r.ID, r.Clause)
	}
	for i, to := range r.Tell {
		if duty && slices.Contains(plain(exchange.ParticipantKinds()), to) && to != string(body) {
			l.wrong(l.line(fmt.Sprintf("%s.tell[%d]", at, i)), "rule %s: clause %s is about %s, not %s", r.ID, r.Clause, body, to)
		}
	}
	if r.Persons < 0 || r.Persons > 2 || r.Persons > 0 && !r.Confirm {
		l.wrong(l.line(at+".persons"), "rule %s: persons is 1 or 2, and needs confirm: true", r.ID)
	}
}

func plain[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}
