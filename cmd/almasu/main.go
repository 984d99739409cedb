// Command almasu is an e-mail-based encrypted exchange gateway for security
// operations centres and the National Coordination Centre for Information
// Security. This folder is wiring only: one file per subcommand, and the only
// place where configuration meets the rooms.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
