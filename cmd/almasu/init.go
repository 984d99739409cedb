package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/internal/catalogue"
)

// initAnswers is what init needs to know; each field has a flag of the name
// of its question.
type initAnswers struct {
	role                                      string
	address, id                               string
	nameKK, nameRU, nameEN                    string
	mailbox, mailboxUser, mailboxPasswordFile string
	relay, relayUser, relayPasswordFile       string
	caFile, mailboxTLS, relayTLS              string
	partner                                   string // a participant file
	partnerID, partnerAddress, partnerKey     string // or its parts
	dir                                       string
	passwords                                 map[string]string // typed for files that are made
	yes                                       bool
}

func newInitCommand(g *globals) *cobra.Command {
	a := &initAnswers{passwords: map[string]string{}}
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a working configuration, keys and first participant; never overwrites",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return initialise(cmd.Context(), g, a)
		},
	}
	f := cmd.Flags()
	f.StringVar(&a.dir, "dir", ".", "folder to write into")
	f.BoolVar(&a.yes, "yes", false, "ask nothing: what no flag says takes its default")
	for _, q := range a.questions() {
		f.StringVar(q.answer, q.name, "", catalogue.Text("en", "init.ask-"+q.name))
	}
	f.StringVar(&a.mailboxTLS, "mailbox-tls", "", "implicit, starttls or none (default: implicit on port 993, else starttls)")
	f.StringVar(&a.relayTLS, "relay-tls", "", "implicit, starttls or none (default: implicit on port 465, else starttls)")
	f.StringVar(&a.caFile, "ca-file", "", "PEM file of the authority that signed the certificates of the mail servers (default: the system's)")
	f.StringVar(&a.partnerID, "partner-id", "", "instead of --partner: identifier of the partner")
	f.StringVar(&a.partnerAddress, "partner-address", "", "instead of --partner: e-mail address of the partner")
	f.StringVar(&a.partnerKey, "partner-key", "", "instead of --partner: file of the partner's public key")
	return cmd
}

// question is one thing init asks.
type question struct {
	name     string
	answer   *string
	standard func() string              // nil: none
	check    func(string) (want string) // nil or "": good; else the catalogue name of what is wanted
	optional bool
	when     func() bool // nil: always
}

// questions are in the order in which they are asked; the default of one may
// rest on the answers before it.
func (a *initAnswers) questions() []question {
	hasRelayUser := func() bool { return a.relayUser != "" && a.relayUser != none }
	return []question{
		{name: "role", answer: &a.role, check: checkRole},
		{name: "address", answer: &a.address, check: checkAddress},
		{name: "id", answer: &a.id, standard: a.standardID, check: checkID},
		{name: "name-kk", answer: &a.nameKK, optional: true},
		{name: "name-ru", answer: &a.nameRU, optional: true},
		{name: "name-en", answer: &a.nameEN, standard: func() string { return a.id }},
		{name: "mailbox", answer: &a.mailbox, standard: func() string { return "imap." + a.domain() + ":993" }, check: checkHostPort},
		{name: "mailbox-user", answer: &a.mailboxUser, standard: func() string { return a.address }},
		{name: "mailbox-password-file", answer: &a.mailboxPasswordFile, standard: func() string { return filepath.Join(a.dir, "keys", "mailbox.pass") }},
		{name: "relay", answer: &a.relay, standard: func() string { return "smtp." + a.domain() + ":587" }, check: checkHostPort},
		{name: "relay-user", answer: &a.relayUser, standard: func() string { return a.mailboxUser }},
		{name: "relay-password-file", answer: &a.relayPasswordFile, standard: func() string { return a.mailboxPasswordFile }, when: hasRelayUser},
		{name: "partner", answer: &a.partner, standard: func() string { return none }, when: func() bool { return a.partnerID == "" }},
	}
}

// none is the answer that leaves something out.
const none = "-"

func (a *initAnswers) domain() string { return a.address[strings.LastIndexByte(a.address, '@')+1:] }

// standardID makes an id of the address: nccis for the one NCCIS, else soc and
// the first word of the domain.
func (a *initAnswers) standardID() string {
	if a.role == string(config.RoleNCCIS) {
		return "nccis"
	}
	word, _, _ := strings.Cut(a.domain(), ".")
	if id := "soc-" + strings.ToLower(word); exchange.ValidID(id) {
		return id
	}
	return "soc"
}

func checkRole(s string) string {
	if s != string(config.RoleSOC) && s != string(config.RoleNCCIS) {
		return "want-role"
	}
	return ""
}

func checkID(s string) string {
	if !exchange.ValidID(s) {
		return "want-id"
	}
	return ""
}

func checkAddress(s string) string {
	if parsed, err := mail.ParseAddress(s); err != nil || parsed.Address != s || strings.ContainsAny(s, "\" <>") {
		return "want-address"
	}
	return ""
}

func checkHostPort(s string) string {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" || port == "" {
		return "want-hostport"
	}
	return ""
}

// initialise asks, lays out every file, writes them all or none, and makes
// sure that what it wrote loads.
func initialise(ctx context.Context, g *globals, a *initAnswers) error {
	language := g.speaks(nil)
	if existing := filepath.Join(a.dir, "almasu.yaml"); fileIsThere(existing) {
		return fmt.Errorf("%s is there already: nothing was written: choose another folder with --dir", existing)
	}
	if err := a.ask(ctx, g, language); err != nil {
		return err
	}
	p, err := a.plan(g, language)
	if err != nil {
		return err
	}
	if err := p.write(); err != nil {
		return err
	}
	if g.JSON {
		return p.printJSON(g)
	}
	p.print(g, language)
	return nil
}

func fileIsThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// complete fills in the defaults of what was not asked and lists the flags
// that are missing or wrong.
func (a *initAnswers) complete() error {
	var missing []error
	for _, q := range a.questions() {
		if q.when != nil && !q.when() {
			continue
		}
		if *q.answer == "" && q.standard != nil && len(missing) == 0 {
			*q.answer = q.standard()
		}
		switch {
		case *q.answer == "" && !q.optional:
			missing = append(missing, fmt.Errorf("--%s is missing", q.name))
		case *q.answer != "" && q.check != nil && q.check(*q.answer) != "":
			missing = append(missing, fmt.Errorf("--%s %q: %s", q.name, *q.answer, catalogue.Text("en", "init."+q.check(*q.answer))))
		}
	}
	if a.partnerID != "" && (checkID(a.partnerID) != "" || checkAddress(a.partnerAddress) != "" || a.partnerKey == "") {
		missing = append(missing, errors.New("--partner-id needs --partner-address and --partner-key beside it"))
	}
	if len(missing) > 0 {
		return usageError{errors.Join(missing...)}
	}
	return nil
}
