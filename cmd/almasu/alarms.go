package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"almasu/alarm"
	"almasu/config"
	"almasu/exchange"
	"almasu/gateway"
	"almasu/internal/catalogue"
	"almasu/queue"
)

// newAlarms wires the ways by which people are called.
func newAlarms(c *config.Config) (gateway.Alarms, error) {
	a := gateway.Alarms{Duty: c.Alarms.Duty, Ways: map[string]gateway.Teller{}, Attempts: c.Alarms.Attempts}
	if c.Alarms.Webhook.URL != "" {
		secret, err := config.Secret(c.Alarms.Webhook.SecretFile)
		if err != nil {
			return a, fmt.Errorf("alarms.webhook: %w", err)
		}
		anchors, err := anchorsOf(c.Alarms.Webhook.CAFile)
		if err != nil {
			return a, fmt.Errorf("alarms.webhook: %w", err)
		}
		a.Ways["webhook"] = &alarm.Webhook{URL: c.Alarms.Webhook.URL, Secret: secret, RootCAs: anchors, Timeout: c.Alarms.Timeout,
			Gateway: c.Identity.ID, Zone: c.Zone}
	}
	if len(c.Alarms.Command) > 0 {
		a.Ways["command"] = &alarm.Command{Run: c.Alarms.Command, Timeout: c.Alarms.Timeout, Gateway: c.Identity.ID, Zone: c.Zone}
	}
	return a, nil
}

func newAlarmsCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "alarms", Short: "What people were called for, and how"}
	cmd.AddCommand(newAlarmsListCommand(g), newAlarmsShowCommand(g), newAlarmsTestCommand(g))
	return cmd
}

// alarmStatus is the JSON object of one alarm.
type alarmStatus struct {
	Name    string          `json:"name"`
	Kind    string          `json:"kind"`
	Call    string          `json:"call"`
	Clause  string          `json:"clause"`
	Subject string          `json:"subject"`
	At      string          `json:"at"`
	Due     string          `json:"due,omitempty"`
	Report  string          `json:"report,omitempty"` // id of the report it is about
	Do      string          `json:"do,omitempty"`
	Told    []tellingStatus `json:"told,omitempty"`
}

type tellingStatus struct {
	Way      string `json:"way"`
	State    string `json:"state"` // told, waiting, given-up
	At       string `json:"at,omitempty"`
	Attempts int    `json:"attempts"`
	Error    string `json:"error,omitempty"`
}

func describeAlarm(a exchange.Alarm, c *config.Config) alarmStatus {
	return alarmStatus{Name: a.Name(), Kind: string(a.Kind), Call: string(a.Call), Clause: a.Clause, Subject: a.Subject, At: stamp(a.At, c), Due: stamp(a.Due, c)}
}

func newAlarmsListCommand(g *globals) *cobra.Command {
	limit := 50
	cmd := &cobra.Command{
		Use:   "list",
		Short: "The alarms, newest first",
		Args:  cobra.NoArgs,
		RunE: g.inStore(func(cmd *cobra.Command, _ []string, c *config.Config, store *queue.Store) error {
			alarms, err := store.Alarms(cmd.Context(), queue.AlarmFilter{Limit: limit})
			for _, a := range alarms {
				s := describeAlarm(a, c)
				if err := printOne(g, s, "%s %s %s: %s%s\n", s.Name, s.At, s.Kind, s.Subject, underClause(s.Clause)); err != nil {
					return err
				}
			}
			return err
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "at most so many (0: all)")
	return cmd
}

func underClause(clause string) string {
	if clause == "" {
		return ""
	}
	return ", clause " + clause
}

func newAlarmsShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "One alarm: what it is about, what to do, who was told how",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(strings.TrimPrefix(strings.ToUpper(args[0]), "A-"), 10, 64)
			if err != nil {
				return usagef("%q is no alarm: `almasu alarms list` prints their names", args[0])
			}
			c, store, err := g.openStore(cmd.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			s, err := showAlarm(cmd.Context(), g, c, store, id)
			if err != nil {
				return err
			}
			if g.JSON {
				return json.NewEncoder(g.Stdout).Encode(s)
			}
			printAlarm(g, s)
			return nil
		},
	}
}

func showAlarm(ctx context.Context, g *globals, c *config.Config, store *queue.Store, id int64) (alarmStatus, error) {
	alarms, err := store.Alarms(ctx, queue.AlarmFilter{ID: id})
	if err == nil && len(alarms) == 0 {
		err = fmt.Errorf("alarm A-%d: %w", id, queue.ErrNotFound)
	}
	if err != nil {
		return alarmStatus{}, err
	}
	s := describeAlarm(alarms[0], c)
	s.Do = catalogue.Text(string(g.speaks(c)), "alarm.do."+s.Kind)
	if position, is := strings.CutPrefix(s.Subject, "report "); is {
		if n, err := strconv.ParseInt(position, 10, 64); err == nil {
			if r, err := store.Report(ctx, n); err == nil {
				s.Report = r.Key.ID
			}
		}
	}
	tellings, err := store.Tellings(ctx, id)
	for _, t := range tellings {
		one := tellingStatus{Way: t.Way, State: "waiting", At: stamp(t.ToldAt, c), Attempts: t.Attempts, Error: t.Error}
		switch {
		case t.GaveUp:
			one.State = "given-up"
		case !t.ToldAt.IsZero():
			one.State = "told"
		}
		s.Told = append(s.Told, one)
	}
	return s, err
}

func printAlarm(g *globals, s alarmStatus) {
	fmt.Fprintf(g.Stdout, "%s %s, raised %s\n  about    %s%s\n", s.Name, s.Kind, s.At, s.Subject, underClause(s.Clause))
	if s.Report != "" {
		fmt.Fprintf(g.Stdout, "  report   %s (almasu status %s)\n", s.Report, s.Report)
	}
	if s.Due != "" {
		fmt.Fprintf(g.Stdout, "  due      %s\n", s.Due)
	}
	fmt.Fprintf(g.Stdout, "  do       %s\n", s.Do)
	for _, t := range s.Told {
		fmt.Fprintf(g.Stdout, "  %s: %s %s, %d attempts %s\n", t.Way, t.State, t.At, t.Attempts, t.Error)
	}
	if len(s.Told) == 0 {
		fmt.Fprintf(g.Stdout, "  told     log and journal alone (call: %s)\n", s.Call)
	}
}

// newAlarmsTestCommand tries the ways before they are needed.
func newAlarmsTestCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "test",
		Short: "Raise an alarm that means nothing, so that the running gateway tells it by every way",
		Args:  cobra.NoArgs,
		RunE: g.inStore(func(cmd *cobra.Command, _ []string, c *config.Config, store *queue.Store) error {
			w, err := worldOf(cmd.Context(), c, store)
			if err != nil {
				return err
			}
			now := g.Now()
			if _, err := store.Raise(cmd.Context(), w.Called(exchange.Alarm{Kind: exchange.AlarmTest, Call: exchange.CallPeople, At: now,
				Subject: "by " + osUser(), Key: "test:" + now.UTC().Format("2006-01-02T15:04:05.000000")})...); err != nil {
				return err
			}
			alarms, err := store.Alarms(cmd.Context(), queue.AlarmFilter{Limit: 1})
			if err != nil || len(alarms) == 0 {
				return err
			}
			s := describeAlarm(alarms[0], c)
			return printOne(g, s, "%s raised: the running gateway tells it; `almasu alarms show %s` says how that went\n", s.Name, s.Name)
		}),
	}
}
