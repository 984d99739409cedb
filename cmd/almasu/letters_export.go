package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"almasu/exchange"
	"almasu/internal/safeio"
	"almasu/queue"
)

func newLettersExportCommand(g *globals) *cobra.Command {
	out, waiting := "", false
	cmd := &cobra.Command{
		Use:   "export ID --out FILE | --waiting --out DIR",
		Short: "Sealed messages in files, for transfer by other means; `almasu import FILE|DIR` takes them in there",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case out == "":
				return usagef("name where to write: --out FILE, or --out DIR with --waiting")
			case waiting == (len(args) == 1):
				return usagef("name one letter, or say --waiting for all that no relay took and those without a receipt")
			case waiting:
				return exportWaiting(cmd.Context(), g, out)
			}
			id, err := letterID(args[0])
			if err != nil {
				return err
			}
			_, store, err := g.openStore(cmd.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			return exportLetter(cmd.Context(), g, store, id, out)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file or folder to write; nothing that exists is overwritten")
	cmd.Flags().BoolVar(&waiting, "waiting", false, "every letter that waits, was given up, or has no receipt yet")
	return cmd
}

// exportWaiting writes every letter that may not have arrived into a folder, a
// file each. One that is there already was written before and stays.
func exportWaiting(ctx context.Context, g *globals, dir string) error {
	_, store, err := g.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("export letters: %w", err)
	}
	for _, state := range []exchange.LetterState{exchange.LetterWaiting, exchange.LetterNever, exchange.LetterSent} {
		letters, err := store.Letters(ctx, queue.LetterFilter{State: state})
		if err != nil {
			return err
		}
		for _, l := range letters {
			if state == exchange.LetterSent && !l.WantsReceipt {
				continue
			}
			file := filepath.Join(dir, fmt.Sprintf("%s-%06d.eml", l.To, l.ID))
			if _, err := os.Lstat(file); err == nil {
				continue
			}
			if err := exportLetter(ctx, g, store, l.ID, file); err != nil {
				return err
			}
		}
	}
	return nil
}

// exportLetter writes the very octets that go out, so that the receipt fits
// whichever way arrives first, and a second arrival is a duplicate there. The
// letter stays with the sender: only a receipt closes it.
func exportLetter(ctx context.Context, g *globals, store *queue.Store, id int64, file string) error {
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
