package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"almasu/gateway"
	"almasu/receipt"
	"almasu/rules/calendar"
)

func newBoardCommand(g *globals) *cobra.Command {
	quarter := ""
	cmd := &cobra.Command{
		Use:   "board",
		Short: "Who has delivered contact data (clause 17) and quarterly report (clause 18), and who has not",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withOffice(cmd.Context(), g, func(ctx context.Context, d office) error { return d.board(ctx, quarter) })
		},
	}
	cmd.Flags().StringVar(&quarter, "quarter", "", "the duties that bear its name, as in 2026-Q3 (default: those that are due in the quarter that runs)")
	cmd.AddCommand(newBoardShowCommand(g), newBoardWaiveCommand(g))
	return cmd
}

// boardView is one row of `almasu board --json`.
type boardView struct {
	Clause      string `json:"clause"`
	Quarter     string `json:"quarter"`
	Participant string `json:"participant"`
	State       string `json:"state"` // not-yet, open, disputable, overdue, met, late, waived, unwatched
	Due         string `json:"due"`   // the last moment that nobody can dispute
	Ends        string `json:"ends"`  // the last moment in time
	Delivered   string `json:"delivered,omitempty"`
	Number      string `json:"number,omitempty"`
	Report      string `json:"report,omitempty"`
	Revision    int    `json:"revision,omitempty"` // the latest
	Reminded    string `json:"reminded,omitempty"`
	Phone       string `json:"phone,omitempty"` // as registered
}

func (d office) board(ctx context.Context, quarter string) error {
	tasks := d.gateway.DueNow()
	if quarter != "" {
		q, err := d.quarter([]string{quarter}, calendar.Quarter{})
		if err != nil {
			return err
		}
		tasks = d.gateway.DutiesOf(q)
	}
	views := []boardView{}
	for _, task := range tasks {
		rows, err := d.gateway.Board(ctx, task)
		if err != nil {
			return err
		}
		if !d.JSON {
			fmt.Fprintf(d.Stdout, "%s, %s: %s\n", d.text("name."+task.Clause), receipt.Quarter(d.language, task.Quarter.String()),
				receipt.NotLaterThan(d.language, task.Undisputed.Add(-1)))
			if len(rows) == 0 {
				d.say("board.none")
			}
		}
		for _, row := range rows {
			v := d.viewBoard(row)
			views = append(views, v)
			if !d.JSON {
				d.say("board.row", v.Participant, d.text("state."+v.State), d.boardMore(row, v))
			}
		}
	}
	if d.JSON {
		return printJSON(d.Stdout, views)
	}
	return nil
}

func (d office) viewBoard(row gateway.BoardRow) boardView {
	v := boardView{Clause: row.Task.Clause, Quarter: row.Task.Quarter.String(), Participant: row.Participant.ID, State: string(row.State),
		Due: stamp(row.Task.Undisputed.Add(-1e6), d.config), Ends: stamp(row.Task.Ends.Add(-1e6), d.config), Delivered: stamp(row.Delivered, d.config),
		Revision: row.Revision, Phone: row.Participant.Phone}
	if row.Duty != nil {
		v.Number, v.Report = row.Duty.Number, row.Duty.Key.ID
		if row.Reminded() {
			v.Reminded = stamp(row.Duty.ToldAt, d.config)
		}
	}
	return v
}

// boardMore is what follows the state of a row: when and under which number it
// came, or when the SOC was reminded and where it is reached.
func (d office) boardMore(row gateway.BoardRow, v boardView) string {
	more := ""
	if !row.Delivered.IsZero() {
		more = d.text("board.delivered", d.minute(row.Delivered), orNone(v.Number))
		if row.Duty != nil && row.Revision > row.Duty.Key.Revision {
			more += d.text("board.revision", strconv.Itoa(row.Revision))
		}
		return more
	}
	if v.Reminded != "" {
		more += d.text("board.reminded", d.minute(row.Duty.ToldAt))
	}
	if (row.State == calendar.Overdue || row.State == calendar.Disputable) && v.Phone != "" {
		more += d.text("board.call", v.Phone)
	}
	return more
}

func newBoardShowCommand(g *globals) *cobra.Command {
	quarter := ""
	cmd := &cobra.Command{
		Use:   "show SOC",
		Short: "The latest quarterly report of a SOC, and which of the incidents that came in it does not name",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withOffice(cmd.Context(), g, func(ctx context.Context, d office) error {
				q, err := d.quarter([]string{quarter}, d.current().Before())
				if err != nil {
					return err
				}
				return d.boardShow(ctx, args[0], q)
			})
		},
	}
	cmd.Flags().StringVar(&quarter, "quarter", "", "as in 2026-Q3 (default: the one that ended last)")
	return cmd
}

func (d office) boardShow(ctx context.Context, soc string, q calendar.Quarter) error {
	unreported, body, err := d.gateway.Unreported(ctx, soc, q)
	if err != nil {
		return err
	}
	if d.JSON {
		return printJSON(d.Stdout, map[string]any{"participant": soc, "quarter": q.String(), "report": body, "unreported": append([]string{}, unreported...)})
	}
	words := receipt.Quarter(d.language, q.String())
	if body == nil {
		d.say("board.no-quarterly", soc, words)
		return nil
	}
	d.say("board.quarterly", soc, words, strconv.Itoa(len(body.Incidents)), strconv.Itoa(body.Late), body.Approver)
	for _, t := range body.Totals {
		d.say("total", t.RSIT, strconv.Itoa(t.Count))
	}
	for _, id := range unreported {
		d.say("board.unreported", id)
	}
	if len(unreported) == 0 {
		d.say("board.complete")
	}
	return nil
}

func newBoardWaiveCommand(g *globals) *cobra.Command {
	reason := ""
	cmd := &cobra.Command{
		Use:   "waive SOC CLAUSE QUARTER --reason TEXT",
		Short: "Settle a duty that is not owed, as that of a SOC that came into the register within the quarter",
		Args:  cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			if reason == "" {
				return usagef("say why with --reason: the journal keeps it")
			}
			return withOffice(cmd.Context(), g, func(ctx context.Context, d office) error {
				q, err := d.quarter(args[2:], calendar.Quarter{})
				if err != nil {
					return err
				}
				for _, task := range d.gateway.DutiesOf(q) {
					if task.Clause != args[1] {
						continue
					}
					if err := d.gateway.Waive(ctx, task, args[0], osUser(), reason); err != nil {
						return fmt.Errorf("%w: `almasu board --quarter %s` shows what is", err, q)
					}
					d.say("board.waived", args[0], args[1], receipt.Quarter(d.language, q.String()))
					return nil
				}
				return usagef("clause %q: write 17 or 18", args[1])
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the journal")
	return cmd
}
