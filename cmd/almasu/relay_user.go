package main

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"almasu/exchange"
	"almasu/mailin"
)

func newRelayUserCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "relay-user", Short: "The systems and people that may submit by SMTP"}
	cmd.AddCommand(newRelayUserAddCommand(g))
	return cmd
}

func newRelayUserAddCommand(g *globals) *cobra.Command {
	var kinds []string
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Make an application password: prints it once, and the line for listen.relay_users",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			var may []exchange.ReportKind
			for _, k := range kinds {
				may = append(may, exchange.ReportKind(k))
			}
			if !exchange.ValidID(args[0]) || strings.Contains(args[0], ":") {
				return usagef("%q is no name: use 1 to 64 of A-Z a-z 0-9 . _ -", args[0])
			}
			return addRelayUser(g, args[0], may)
		},
	}
	cmd.Flags().StringSliceVar(&kinds, "kinds", nil, "kinds of report the user may hand in (default: all that we may send)")
	return cmd
}

// addRelayUser writes no file: the operator puts the line where the secrets
// are kept, and sends SIGHUP.
func addRelayUser(g *globals, name string, kinds []exchange.ReportKind) error {
	var secret [20]byte
	salt := make([]byte, 16)
	rand.Read(secret[:])
	rand.Read(salt)
	password := strings.ToLower(base32.StdEncoding.EncodeToString(secret[:]))
	line, err := mailin.UserLine(name, password, salt, kinds)
	if err != nil {
		return usagef("relay user %s: %v", name, err)
	}
	fmt.Fprintf(g.Stderr, "The password of %s, shown this once: give it to the program that submits. Add the line on standard output to the\n"+
		"file of listen.relay_users, then reload (systemctl reload almasu, or SIGHUP).\n%s\n", name, password)
	return printOne(g, relayUserView{name, password, line}, "%s\n", line)
}

// relayUserView is the JSON object of `almasu relay-user add`.
type relayUserView struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	Line     string `json:"line"`
}
