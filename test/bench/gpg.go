package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"almasu/internal/testpeer"
)

// gpgRate is the pipeline an administrator would write: for each message gpg
// --decrypt, which verifies, and gpg --sign --encrypt of a receipt to the same
// two keys, as many at a time as there are cores. The keys are not locked, and
// the ciphertext is handed over without its mail.
func gpgRate(ctx context.Context, m *mill, c ceiling, n int) (rate float64, err error) {
	home, err := os.MkdirTemp("", "ab-gpg-") // short: a socket stands in it
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	g, err := testpeer.OpenGnuPG(home)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	for _, key := range [][]byte{m.private[nccis], m.public[soc]} {
		if _, err := g.Run(key, "", "--import"); err != nil {
			return 0, err
		}
	}
	one := func(i int) error {
		if err := gpg(ctx, home, ciphertext(c.mails[i]), "[GNUPG:] GOODSIG", "--decrypt"); err != nil {
			return err
		}
		return gpg(ctx, home, c.answer, "[GNUPG:] SIG_CREATED", "--armor", "--sign", "--encrypt", "--local-user", nccisMail,
			"--recipient", socMail, "--recipient", nccisMail)
	}
	if err := one(0); err != nil { // starts the agent
		return 0, err
	}
	begun := time.Now()
	if err := onAllCores(ctx, n, one); err != nil {
		return 0, err
	}
	return float64(n) / time.Since(begun).Seconds(), nil
}

// gpg runs gpg once and wants to read a status line.
func gpg(ctx context.Context, home string, in []byte, want string, args ...string) error {
	cmd := exec.CommandContext(ctx, "gpg", append([]string{"--batch", "--quiet", "--no-tty", "--homedir", home, "--status-fd", "2",
		"--pinentry-mode", "loopback", "--passphrase", "", "--trust-model", "always", "--output", "-"}, args...)...)
	var out, said bytes.Buffer
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &said
	if err := cmd.Run(); err != nil || !strings.Contains(said.String(), want) {
		return fmt.Errorf("gpg %s: %w: %s", strings.Join(args, " "), err, said.String())
	}
	return nil
}
