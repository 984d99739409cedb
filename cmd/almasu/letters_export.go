package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"almasu/exchange"
	"almasu/internal/safeio"
)

func newLettersExportCommand(g *globals) *cobra.Command {
	out := ""
	cmd := &cobra.Command{
		Use:   "export ID --out FILE",
		Short: "The sealed message in a file, for transfer by other means; `almasu import FILE` takes it in there",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := letterID(args[0])
			if err != nil {
				return err
			}
			if out == "" {
				return usagef("name the file to write: --out FILE")
			}
			return exportLetter(cmd.Context(), g, id, out)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file to write, which must not exist")
	return cmd
}

// exportLetter writes the very octets that go out, so that the receipt fits
// whichever way arrives first, and a second arrival is a duplicate there. The
// letter stays with the sender: only a receipt closes it.
func exportLetter(ctx context.Context, g *globals, id int64, file string) error {
	_, store, err := g.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	l, err := store.Letter(ctx, id)
	if err != nil {
		return err
	}
	if l.State == exchange.LetterBlocked {
		return fmt.Errorf("export letter %d: it is sealed to ourselves alone, because %s has no usable key: add a key first", id, l.To)
	}
	if err := safeio.Create(file, l.Message, 0o600); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("export letter %d: %s exists already: name a new file", id, file)
		}
		return fmt.Errorf("export letter %d: %w", id, err)
	}
	err = store.Journal(ctx, exchange.Event{At: g.Now(), Name: "exported", Object: fmt.Sprintf("letter:%d", id), Actor: osUser(),
		Detail: map[string]string{"message_id": l.MessageID, "to": l.To}})
	if err != nil {
		return fmt.Errorf("export letter %d: %s is written, the journal is not: %w", id, file, err)
	}
	return printOne(g, describeExport{l.ID, l.To, l.MessageID, file}, "%d to %s: %s\n  there: almasu import FILE --received TIME_OF_HANDOVER\n", l.ID, l.To, file)
}

// describeExport is the JSON object of `almasu letters export`.
type describeExport struct {
	ID        int64  `json:"id"`
	To        string `json:"to"`
	MessageID string `json:"message_id"`
	File      string `json:"file"`
}
