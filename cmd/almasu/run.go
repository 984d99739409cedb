package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/gateway"
	"almasu/mailin"
	"almasu/mailout"
	"almasu/queue"
	"almasu/revocation"
	"almasu/web"
)

func newRunCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "The gateway",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := g.load()
			if err != nil {
				return err
			}
			paceCollector(c.Limits.InWork)
			return run(cmd.Context(), g, c, slog.New(slog.NewTextHandler(g.Stderr, nil)))
		},
	}
}

// paceCollector lets the garbage of small messages pile up a little longer
// than Go does by itself, as long as there is room beside the messages in
// work. The environment (GOGC, GOMEMLIMIT) wins.
func paceCollector(inWork int64) {
	const room = 64 << 20 // octets
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(inWork + room)
	}
}

// run is the gateway from its settings to its end: open, wire, listen, walk.
// SIGHUP reads the register, the keys and the limits anew.
func run(ctx context.Context, g *globals, c *config.Config, log *slog.Logger) error {
	for _, warning := range c.Warnings {
		log.Warn(warning)
	}
	node, err := newNode(ctx, g, c, log)
	if err != nil {
		return err
	}
	defer node.close()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	if node.web != nil {
		log.Info("HTTP API", "address", node.web.socket.Addr())
	}
	log.Info("running", "role", c.Role, "id", c.Identity.ID, "mailboxes", len(node.mailboxes), "listeners", len(node.listeners), "relays", len(c.Relays))
	err = node.run(ctx, func(ctx context.Context) { node.reloadOn(ctx, hup, g) })
	log.Info("stopped")
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// node is one wired gateway.
type node struct {
	store     *queue.Store
	sender    *mailout.Sender
	gateway   *gateway.Gateway
	mailboxes []*mailin.Mailbox
	listeners []listening
	counters  []*counter     // the SMTP relay and the filter, those there are
	door      *door          // nil: no milter
	folder    *mailin.Intake // nil: no folder
	web       *apiServer     // nil: no HTTP API
	pushers   []*web.Pusher
	log       *slog.Logger
}

// close gives back what the node holds once its parts have stopped.
func (n *node) close() {
	n.sender.Close()
	if err := n.store.Close(); err != nil {
		n.log.Error("store not closed well", "error", err)
	}
}

type listening struct {
	*mailin.Listener
	socket net.Listener
}

func newNode(ctx context.Context, g *globals, c *config.Config, log *slog.Logger) (*node, error) {
	base, err := newBase(c)
	if err != nil {
		return nil, err
	}
	n := &node{log: log}
	if n.sender, err = newSender(c, g.Now, log); err != nil {
		return nil, err
	}
	for _, m := range c.Mailboxes {
		box, err := newMailbox(m, c.Limits, log)
		if err != nil {
			return nil, err
		}
		n.mailboxes = append(n.mailboxes, box)
	}
	if n.listeners, err = newListeners(c, log); err != nil {
		return nil, err
	}
	if n.counters, err = newCounters(c, log); err != nil {
		return nil, err
	}
	if n.door, err = newDoor(c, log); err != nil {
		return nil, err
	}
	if n.web, err = newAPIServer(c, g.Now, log); err != nil {
		return nil, err
	}
	if n.pushers, err = newPushers(c, g.Now, log); err != nil {
		return nil, err
	}
	if n.store, err = openStore(ctx, c, false, g.Now); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	n.gateway = gateway.New(n.store, n.sender, gateway.World{}, gatewayLimits(c.Limits), g.Now, log)
	if n.folder = newIntake(c, log); n.folder != nil {
		n.folder.Submit = submitFile(n.gateway, c.Language)
	}
	if err := n.gateway.Follow(ctx, base); err != nil {
		n.close()
		return nil, err
	}
	fetching := newFetching(c)
	if client, ok := fetching.Fetcher.(*revocation.Client); ok {
		if err := client.Sweep(g.Now(), keptAnswers); err != nil {
			log.Warn("old answers about certificates are not removed", "error", err)
		}
	}
	n.gateway.FetchWith(fetching)
	return n, nil
}

// keptAnswers is how long an answer about a certificate is kept at most.
const keptAnswers = 30 * 24 * time.Hour

// mostSenders is how many connections to a relay one node uses at a time;
// Postfix takes 50 of one client.
const mostSenders = 16

func gatewayLimits(l config.Limits) gateway.Limits {
	return gateway.Limits{Workers: l.Workers, Senders: min(l.Workers, mostSenders), InWork: l.InWork, Attempts: l.Attempts, Backlog: l.Backlog}
}

// run starts every part and waits until all have stopped; the first that
// fails stops the others.
func (n *node) run(ctx context.Context, aside func(context.Context)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var parts sync.WaitGroup
	start := func(part func(context.Context) error) {
		parts.Go(func() {
			if err := part(ctx); err != nil && ctx.Err() == nil {
				stop(err)
			}
		})
	}
	start(n.gateway.Run)
	for _, m := range n.mailboxes {
		decided := n.gateway.Decided()
		start(func(ctx context.Context) error { return m.Run(ctx, n.gateway.Accept, n.store, decided) })
	}
	for _, l := range n.listeners {
		start(func(ctx context.Context) error { return l.Serve(ctx, l.socket, n.gateway.Accept) })
	}
	for _, r := range n.counters {
		start(func(ctx context.Context) error { return r.serve(ctx, n.gateway) })
	}
	if n.door != nil {
		start(func(ctx context.Context) error { return n.door.serve(ctx, n.gateway) })
	}
	if n.folder != nil {
		start(n.folder.Run)
	}
	if n.web != nil {
		start(func(ctx context.Context) error { return n.web.serve(ctx, n) })
	}
	for _, p := range n.pushers {
		p.Store = n.store
		start(p.Run)
	}
	parts.Go(func() { aside(ctx) })
	parts.Wait()
	return context.Cause(ctx)
}

// reloadOn puts the register, the keys and the limits of decisions in place
// anew at each signal. A configuration with mistakes changes nothing.
func (n *node) reloadOn(ctx context.Context, hup <-chan os.Signal, g *globals) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
		}
		c, err := g.load()
		if err == nil {
			var base gateway.Base
			base, err = newBase(c)
			for _, r := range n.counters {
				if err == nil {
					err = r.readUsers(c)
				}
			}
			if err == nil {
				err = n.gateway.Follow(ctx, base)
			}
			if err == nil {
				n.gateway.FetchWith(newFetching(c))
				n.log.Info("reloaded", "participants", len(c.Participants))
				continue
			}
		}
		n.log.Error("not reloaded: the old settings stay in force", "error", err)
	}
}

func newMailbox(m config.Mailbox, l config.Limits, log *slog.Logger) (*mailin.Mailbox, error) {
	password, err := config.Secret(m.PasswordFile)
	if err != nil {
		return nil, fmt.Errorf("mailbox %s: %w", m.Name, err)
	}
	anchors, err := anchorsOf(m.CAFile)
	if err != nil {
		return nil, fmt.Errorf("mailbox %s: %w", m.Name, err)
	}
	return &mailin.Mailbox{Name: m.Name, Address: m.Address, TLS: mailin.TLSMode(m.TLS), ServerName: m.ServerName, RootCAs: anchors,
		InsecurePlaintext: m.InsecurePlaintext, Username: m.Username, Password: string(password),
		Folder: m.Folder, Done: m.Done, Held: m.Held, MaxMessage: l.Message, Timing: mailin.Timing{Poll: l.Poll}, Log: log}, nil
}

func newRelay(r config.Relay, ownAddress string) (mailout.Relay, error) {
	password, err := config.Secret(r.PasswordFile)
	if err != nil {
		return mailout.Relay{}, fmt.Errorf("relay %s: %w", r.Address, err)
	}
	anchors, err := anchorsOf(r.CAFile)
	if err != nil {
		return mailout.Relay{}, fmt.Errorf("relay %s: %w", r.Address, err)
	}
	require := r.RequireTLS
	if require == "off" {
		require = ""
	}
	return mailout.Relay{Address: r.Address, TLS: mailout.TLSMode(r.TLS), InsecurePlaintext: r.InsecurePlaintext,
		ServerName: r.ServerName, RootCAs: anchors, Username: r.Username, Password: string(password),
		Outside: r.Outside, RequireTLS: require, LocalName: ownAddress[strings.LastIndexByte(ownAddress, '@')+1:]}, nil
}

// anchorsOf reads a file of CA certificates; nil for the system's.
func anchorsOf(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	data, err := config.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("ca_file %s: no PEM certificate in it", file)
	}
	return pool, nil
}
