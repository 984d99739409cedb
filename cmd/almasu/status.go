package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/queue"
)

func newStatusCommand(g *globals) *cobra.Command {
	follow, late, since := false, false, 7*24*time.Hour
	cmd := &cobra.Command{
		Use:   "status [ID]",
		Short: "Where is it, how long is left; without ID: what waits",
		Args:  cobra.MaximumNArgs(1),
		RunE: g.inStore(func(cmd *cobra.Command, args []string, c *config.Config, store *queue.Store) error {
			switch {
			case late:
				return statusOfLate(cmd.Context(), g, c, store, since)
			case follow && len(args) == 0:
				return usagef("name the report to watch")
			case follow:
				return watch(cmd.Context(), g, c, store, args[0], watchEvery)
			case len(args) == 0:
				return statusOfAll(cmd.Context(), g, c, store)
			}
			return statusOf(cmd.Context(), g, c, store, args[0])
		}),
	}
	cmd.Flags().BoolVar(&late, "late", false, "incident reports later than the 15 minutes of clause 9")
	cmd.Flags().DurationVar(&since, "since", since, "with --late: due within this time")
	cmd.Flags().BoolVar(&follow, "watch", false, "count down until the receipt of our report ID is in")
	return cmd
}

// inStore is a command's RunE that works on the open store of the configuration.
func (g *globals) inStore(run func(cmd *cobra.Command, args []string, c *config.Config, store *queue.Store) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, store, err := g.openStore(cmd.Context())
		if err != nil {
			return err
		}
		defer store.Close()
		return run(cmd, args, c, store)
	}
}

// openStore loads the configuration and opens its store, for commands that
// look or settle.
func (g *globals) openStore(ctx context.Context) (*config.Config, *queue.Store, error) {
	c, err := g.load()
	if err != nil {
		return nil, nil, err
	}
	store, err := openStore(ctx, c, false, g.Now)
	if err != nil {
		return nil, nil, fmt.Errorf("store: %w", err)
	}
	return c, store, nil
}

// reportStatus is the JSON object of `almasu status ID`: one report with both
// ends of its story.
type reportStatus struct {
	ID          string           `json:"id"`
	Revision    int              `json:"revision"`
	Kind        string           `json:"kind"`
	Participant string           `json:"participant"`
	Direction   string           `json:"direction"` // in, out
	Number      string           `json:"number"`    // ours
	Verdict     string           `json:"verdict"`
	Code        string           `json:"code"`
	ConfirmedAt string           `json:"confirmed_at,omitempty"`
	ReceivedAt  string           `json:"received_at"` // here
	Letters     []letterStatus   `json:"letters"`
	Due         []deadlineStatus `json:"due"`
}

type letterStatus struct {
	ID         int64  `json:"id"`
	Kind       string `json:"kind"`
	To         string `json:"to"`
	State      string `json:"state"`
	Track      string `json:"track,omitempty"` // waiting, sent, delivered, opened, refused, overdue, ...
	Clause     string `json:"clause"`
	MessageID  string `json:"message_id"`
	Attempts   int    `json:"attempts"`
	SentAt     string `json:"sent_at,omitempty"`
	Reply      string `json:"reply,omitempty"`
	Delivery   string `json:"delivery,omitempty"`
	ClosedAt   string `json:"closed_at,omitempty"`
	Verdict    string `json:"verdict,omitempty"`     // of the addressee's receipt
	Number     string `json:"number,omitempty"`      // at the addressee
	ReceivedAt string `json:"received_at,omitempty"` // by the addressee, as it tells
	DecidedAt  string `json:"decided_at,omitempty"`  // by the addressee, as it tells
}

type deadlineStatus struct {
	Clause string `json:"clause"`
	At     string `json:"at"`
	State  string `json:"state"`
	Left   string `json:"left,omitempty"`
}

func statusOf(ctx context.Context, g *globals, c *config.Config, store *queue.Store, id string) error {
	reports, err := store.Reports(ctx, queue.ReportFilter{ID: id})
	if err == nil && len(reports) == 0 {
		reports, err = store.Reports(ctx, queue.ReportFilter{Number: id})
	}
	if err != nil {
		return err
	}
	if len(reports) == 0 {
		return statusOfArrival(ctx, g, c, store, id)
	}
	var all []reportStatus
	for _, r := range reports {
		s, err := describe(ctx, g, c, store, r)
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	if g.JSON {
		return json.NewEncoder(g.Stdout).Encode(all)
	}
	for _, s := range all {
		printStatus(g, s)
	}
	return nil
}

func describe(ctx context.Context, g *globals, c *config.Config, store *queue.Store, r exchange.StoredReport) (reportStatus, error) {
	s := reportStatus{ID: r.Key.ID, Revision: r.Key.Revision, Kind: string(r.Kind), Participant: r.Participant, Direction: "in",
		Number: r.Number, ConfirmedAt: stamp(r.ConfirmedAt, c), ReceivedAt: stamp(r.ReceivedAt, c), Letters: []letterStatus{}, Due: []deadlineStatus{}}
	if r.Outgoing {
		s.Direction = "out"
	} else if a, err := store.Arrival(ctx, r.Arrival); err == nil {
		s.Verdict, s.Code = string(a.State), string(a.Code)
	}
	letters, err := store.Letters(ctx, queue.LetterFilter{Report: r.Position})
	if err != nil {
		return s, err
	}
	deadlines, err := store.Deadlines(ctx, r.Position)
	for _, l := range letters {
		v := describeLetter(l, c)
		v.Track = string(l.Track(deadlines, g.Now()))
		s.Letters = append(s.Letters, v)
		if r.Outgoing && l.State == exchange.LetterClosed {
			s.Verdict = string(l.Verdict)
		}
	}
	for _, d := range deadlines {
		due := deadlineStatus{Clause: d.Clause, At: stamp(d.At, c), State: d.State}
		if d.State == exchange.DeadlineOpen {
			due.Left = d.At.Sub(g.Now()).Round(time.Second).String()
		}
		s.Due = append(s.Due, due)
	}
	return s, err
}

// tracked is describeLetter with how far the letter has come.
func (g *globals) tracked(ctx context.Context, store *queue.Store, l exchange.Letter, c *config.Config) (letterStatus, error) {
	v := describeLetter(l, c)
	var due []exchange.Deadline
	var err error
	if l.Report != 0 && l.Clause != "" {
		due, err = store.Deadlines(ctx, l.Report)
	}
	v.Track = string(l.Track(due, g.Now()))
	return v, err
}

func describeLetter(l exchange.Letter, c *config.Config) letterStatus {
	return letterStatus{ID: l.ID, Kind: string(l.Kind), To: l.To, State: string(l.State), Clause: l.Clause, MessageID: l.MessageID,
		Attempts: l.Attempts, SentAt: stamp(l.SentAt, c), Reply: l.Reply, Delivery: l.Delivery, ClosedAt: stamp(l.ClosedAt, c),
		Verdict: string(l.Verdict), Number: l.Number, ReceivedAt: stamp(l.PeerReceivedAt, c), DecidedAt: stamp(l.PeerDecidedAt, c)}
}

// stamp is a moment in the configured zone, "" for none.
func stamp(t time.Time, c *config.Config) string {
	if t.IsZero() {
		return ""
	}
	return t.In(c.Zone).Format("2006-01-02T15:04:05.000Z07:00")
}

func printStatus(g *globals, s reportStatus) {
	fmt.Fprintf(g.Stdout, "%s %s revision %d, %s %s: %s\n", s.Kind, s.ID, s.Revision, map[string]string{"in": "from", "out": "by"}[s.Direction],
		s.Participant, orNone(s.Verdict))
	if s.Number != "" {
		fmt.Fprintf(g.Stdout, "  registered   %s at %s\n", s.Number, s.ReceivedAt)
	}
	if s.ConfirmedAt != "" {
		fmt.Fprintf(g.Stdout, "  confirmed    %s\n", s.ConfirmedAt)
	}
	for _, l := range s.Letters {
		fmt.Fprintf(g.Stdout, "  %-12s to %s: %s, %s", l.Kind, l.To, l.State, l.Track)
		if l.SentAt != "" {
			fmt.Fprintf(g.Stdout, ", sent %s", l.SentAt)
		}
		if l.Delivery != "" {
			fmt.Fprintf(g.Stdout, ", delivery report: %s", l.Delivery)
		}
		fmt.Fprintln(g.Stdout)
		if l.Verdict != "" {
			fmt.Fprintf(g.Stdout, "  receipt      %s as %s, received there %s, decided %s, back here %s\n", l.Verdict, l.Number, l.ReceivedAt, l.DecidedAt, l.ClosedAt)
		} else if l.State != string(exchange.LetterSent) && l.Reply != "" {
			fmt.Fprintf(g.Stdout, "               last reply %s (attempt %d)\n", l.Reply, l.Attempts)
		}
	}
	for _, d := range s.Due {
		fmt.Fprintf(g.Stdout, "  clause %-5s due %s: %s %s\n", d.Clause, d.At, d.State, d.Left)
	}
}

// statusOfArrival answers for a number or Message-ID that names no report: a
// refused or held message, or a letter.
func statusOfArrival(ctx context.Context, g *globals, c *config.Config, store *queue.Store, id string) error {
	if strings.HasPrefix(id, "<") {
		l, err := store.LetterByMessageID(ctx, id)
		if err == nil {
			v, err := g.tracked(ctx, store, l, c)
			if err != nil {
				return err
			}
			return printOne(g, v, "letter %d to %s: %s, %s %s\n", l.ID, l.To, l.State, v.Track, l.Verdict)
		}
		if !errors.Is(err, queue.ErrNotFound) {
			return err
		}
	}
	a, err := store.ArrivalByNumber(ctx, id)
	if errors.Is(err, queue.ErrNotFound) {
		return fmt.Errorf("%s: no report, number or letter of that name in this store", id)
	}
	if err != nil {
		return err
	}
	return printOne(g, describeArrival(a, c), "%s: %s %s, from %s, received %s: %s\n", a.Number, a.State, a.Code, a.From, stamp(a.ReceivedAt, c), a.Reason)
}

// printOne prints one thing as JSON or as a line.
func printOne(g *globals, v any, format string, args ...any) error {
	if g.JSON {
		return json.NewEncoder(g.Stdout).Encode(v)
	}
	_, err := fmt.Fprintf(g.Stdout, format, args...)
	return err
}

// arrivalStatus is the JSON object for one incoming message.
type arrivalStatus struct {
	ID          int64  `json:"id"`
	Number      string `json:"number"`
	State       string `json:"state"`
	Code        string `json:"code"`
	Reason      string `json:"reason"`
	Participant string `json:"participant"`
	From        string `json:"from"`
	MessageID   string `json:"message_id"`
	ReceivedAt  string `json:"received_at"`
	DecidedAt   string `json:"decided_at"`
	Size        int64  `json:"size"`
}

func describeArrival(a exchange.Arrival, c *config.Config) arrivalStatus {
	return arrivalStatus{ID: a.ID, Number: a.Number, State: string(a.State), Code: string(a.Code), Reason: a.Reason, Participant: a.Participant,
		From: a.From, MessageID: a.MessageID, ReceivedAt: stamp(a.ReceivedAt, c), DecidedAt: stamp(a.DecidedAt, c), Size: a.Size}
}

// overview is the JSON object of `almasu status`.
type overview struct {
	Backlog int            `json:"backlog"`
	Held    int            `json:"held"`
	Letters map[string]int `json:"letters"`
	Due     int            `json:"due"`
	// BlockedTo are the participants without a usable key whose letters are
	// held, and how many.
	BlockedTo map[string]int `json:"blocked_to"`
	Changes   int            `json:"changes"` // of the register that wait for a person
	Overdue   int            `json:"overdue"` // duties of a quarter (clauses 17, 18) that nobody has done
	Relays    []relayStatus  `json:"relays"`
	Late      int            `json:"late"`     // incident reports of the last 24 hours that came later than clause 9 allows
	Requests  int            `json:"requests"` // open
	Alarms    map[string]int `json:"alarms"`   // of the last 24 hours, by kind
}

// mostAlarms bounds how many alarms the overview counts.
const mostAlarms = 1000

func statusOfAll(ctx context.Context, g *globals, c *config.Config, store *queue.Store) error {
	o := overview{Letters: map[string]int{}, BlockedTo: map[string]int{}, Alarms: map[string]int{}}
	var err error
	if o.Backlog, err = store.Backlog(ctx); err != nil {
		return err
	}
	held, err := store.Arrivals(ctx, exchange.ArrivalHeld, 0)
	if err != nil {
		return err
	}
	o.Held = len(held)
	for _, state := range []exchange.LetterState{exchange.LetterWaiting, exchange.LetterBlocked, exchange.LetterNever} {
		letters, err := store.Letters(ctx, queue.LetterFilter{State: state})
		if err != nil {
			return err
		}
		o.Letters[string(state)] = len(letters)
		for _, l := range letters {
			if state == exchange.LetterBlocked {
				o.BlockedTo[l.To]++
			}
		}
	}
	changes, err := store.Changes(ctx, queue.ChangeFilter{State: exchange.ChangeProposed})
	if err != nil {
		return err
	}
	o.Changes = len(changes)
	open, err := store.OpenDeadlines(ctx, g.Now().Add(24*time.Hour))
	if err != nil {
		return err
	}
	o.Due = len(open)
	if o.Overdue, err = overdue(ctx, store); err != nil {
		return err
	}
	if err := countLate(ctx, g, store, &o); err != nil {
		return err
	}
	if o.Relays, err = relayStates(ctx, c, store); err != nil {
		return err
	}
	alarms, err := store.Alarms(ctx, queue.AlarmFilter{Since: g.Now().Add(-24 * time.Hour), Limit: mostAlarms})
	if err != nil {
		return err
	}
	for _, a := range alarms {
		o.Alarms[string(a.Kind)]++
	}
	if err := printOne(g, o, "messages undecided: %d\nmessages held: %d (almasu held list)\nletters waiting: %d, blocked: %d, given up: %d (almasu letters list)\ndeadlines open in the next 24 hours: %d\nchanges of the register asked for: %d (almasu participants keys)\n",
		o.Backlog, o.Held, o.Letters["waiting"], o.Letters["blocked"], o.Letters["never"], o.Due, o.Changes); err != nil || g.JSON {
		return err
	}
	o.printDetails(g)
	return nil
}

// printDetails names what the overview only counts.
func (o overview) printDetails(g *globals) {
	for _, id := range slices.Sorted(maps.Keys(o.BlockedTo)) {
		fmt.Fprintf(g.Stdout, "  %s has no usable key or address: %d letters are held until it has\n", id, o.BlockedTo[id])
	}
	if o.Overdue > 0 {
		fmt.Fprintf(g.Stdout, "duties overdue: %d (almasu board)\n", o.Overdue)
	}
	fmt.Fprintf(g.Stdout, "late under clause 9 in the last 24 hours: %d (almasu status --late)\nrequests open: %d (almasu requests list)\n", o.Late, o.Requests)
	for _, r := range o.Relays {
		fmt.Fprintln(g.Stdout, r)
	}
	if len(o.Alarms) > 0 {
		fmt.Fprintln(g.Stdout, "alarms of the last 24 hours (almasu alarms list):")
	}
	for _, kind := range slices.Sorted(maps.Keys(o.Alarms)) {
		fmt.Fprintf(g.Stdout, "  %s: %d\n", kind, o.Alarms[kind])
	}
}
