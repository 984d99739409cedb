package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"

	"almasu/config"
	"almasu/exchange"
	"almasu/gateway"
	"almasu/mailin"
)

// newIntake is the folder of the configuration, nil if there is none. What is
// wrong with a file is told in the configured language.
func newIntake(c *config.Config, log *slog.Logger) *mailin.Intake {
	if c.Folder.Inbox == "" {
		return nil
	}
	return &mailin.Intake{Inbox: c.Folder.Inbox, Sent: c.Folder.Sent, Refused: c.Folder.Refused, Poll: c.Folder.Poll,
		MaxFile: c.Limits.Document, Log: log.With("intake", "folder")}
}

// submitFile submits one file to whom it names, or to the NCCIS. A file that
// was submitted before, by us before a crash, is as good as sent.
func submitFile(g *gateway.Gateway, language exchange.Language) func(ctx context.Context, name string, body []byte) ([]string, error) {
	return func(ctx context.Context, name string, body []byte) ([]string, error) {
		s, err := g.Submit(ctx, gateway.Order{Document: exchange.Document{Name: filepath.Base(name), Body: body}, Actor: "folder"})
		switch {
		case errors.Is(err, gateway.ErrAddressee):
			return strings.Split(err.Error(), "\n"), nil
		case err != nil || s.Position != 0 || s.Again != 0:
			return nil, err
		}
		return refusalLines(string(language), s, len(s.Problems)), nil
	}
}
