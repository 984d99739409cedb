package main

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/base32"
	"encoding/pem"
	"fmt"
	"os"
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
	var u newUser
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Make an application password, or name a certificate or a login: prints the line for listen.relay_users",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			for _, k := range kinds {
				u.rights.Kinds = append(u.rights.Kinds, exchange.ReportKind(k))
			}
			if !exchange.ValidID(args[0]) || strings.Contains(args[0], ":") {
				return usagef("%q is no name: use 1 to 64 of A-Z a-z 0-9 . _ -", args[0])
			}
			if u.certificate != "" && u.login != "" {
				return usagef("name a certificate or a login, not both")
			}
			return addRelayUser(g, args[0], u)
		},
	}
	cmd.Flags().StringSliceVar(&kinds, "kinds", nil, "kinds of report the user may hand in (default: all that we may send)")
	f := cmd.Flags()
	f.StringSliceVar(&u.rights.To, "to", nil, "participant ids the user may hand in to (default: all)")
	f.StringSliceVar(&u.rights.Senders, "senders", nil, "envelope senders the user may have, addresses or @domain (default: any)")
	f.StringVar(&u.certificate, "certificate", "", "PEM file of the client certificate the user is known by, instead of a password")
	f.StringVar(&u.login, "unix", "", "login on this machine the user is known by on a unix socket, instead of a password")
	return cmd
}

// newUser is what is known of a user to be made.
type newUser struct {
	certificate, login string
	rights             mailin.Rights
}

// addRelayUser writes no file: the operator puts the line where the secrets
// are kept, and sends SIGHUP.
func addRelayUser(g *globals, name string, u newUser) error {
	proof, password, err := u.proof()
	if err != nil {
		return fmt.Errorf("relay user %s: %w", name, err)
	}
	line, err := mailin.UserLine(name, proof, u.rights)
	if err != nil {
		return usagef("relay user %s: %v", name, err)
	}
	if password == "" {
		fmt.Fprint(g.Stderr, "Add the line on standard output to the file of listen.relay_users, then reload (systemctl reload almasu, or SIGHUP).\n")
		return printOne(g, relayUserView{name, "", line}, "%s\n", line)
	}
	fmt.Fprintf(g.Stderr, "The password of %s, shown this once: give it to the program that submits. Add the line on standard output to the\n"+
		"file of listen.relay_users, then reload (systemctl reload almasu, or SIGHUP).\n%s\n", name, password)
	return printOne(g, relayUserView{name, password, line}, "%s\n", line)
}

// proof is how the user is known; password is "" where by something else.
func (u newUser) proof() (proof, password string, err error) {
	switch {
	case u.login != "":
		return mailin.UnixProof(u.login), "", nil
	case u.certificate != "":
		text, err := os.ReadFile(u.certificate)
		if err != nil {
			return "", "", err
		}
		block, _ := pem.Decode(text)
		if block == nil || block.Type != "CERTIFICATE" {
			return "", "", fmt.Errorf("%s: no PEM certificate in it", u.certificate)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return "", "", fmt.Errorf("%s: %w", u.certificate, err)
		}
		return mailin.CertificateProof(c), "", nil
	}
	var secret [20]byte
	salt := make([]byte, 16)
	rand.Read(secret[:])
	rand.Read(salt)
	password = strings.ToLower(base32.StdEncoding.EncodeToString(secret[:]))
	proof, err = mailin.PasswordProof(password, salt)
	return proof, password, err
}

// relayUserView is the JSON object of `almasu relay-user add`.
type relayUserView struct {
	Name     string `json:"name"`
	Password string `json:"password,omitempty"`
	Line     string `json:"line"`
}
