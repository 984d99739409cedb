package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"almasu/config"
	"almasu/crypto"
	"almasu/exchange"
	"almasu/internal/loopmail"
)

// story is the state of one demo: two nodes, the mail house between them, and
// the stakeholders' mailboxes.
type story struct {
	g      *globals
	dir    string
	log    *slog.Logger
	check  bool
	passed int

	house *loopmail.House
	stop  context.CancelFunc
	runs  sync.WaitGroup
	nccis *demoNode
	soc   *demoNode
	keys  map[string]demoKey

	mu    sync.Mutex
	mails []loopmail.Mail
	news  chan struct{}

	first  string // number of the first report
	report string // its id
	sealed loopmail.Mail
}

type demoKey struct{ private, public []byte }

// demoNode is one gateway with the settings it was made from.
type demoNode struct {
	config *config.Config
	node   *node
}

// The people of the story.
const (
	demoNCCIS    = "nccis"
	demoSOC      = "soc-alfa"
	demoOtherSOC = "soc-beta"
	demoSecurity = "knb"
	demoStranger = "stranger"
	demoPassword = "loopback only"
)

func demoAddress(id string) string { return "exchange@" + id + ".example" }

// open starts the mail house, makes the keys, and runs both nodes from
// configuration files as an administrator would write them.
func (s *story) open(ctx context.Context) ([]string, error) {
	var err error
	if s.house, err = loopmail.Open(); err != nil {
		return nil, err
	}
	s.news = make(chan struct{}, 1)
	s.house.Watch(s.note)
	s.keys = map[string]demoKey{}
	for _, id := range []string{demoNCCIS, demoSOC, demoOtherSOC, demoSecurity, demoStranger} {
		private, public, _, err := crypto.NewOpenPGP(id, demoAddress(id), nil, s.g.Now().Add(-time.Hour), 365*24*time.Hour)
		if err != nil {
			return nil, err
		}
		s.keys[id] = demoKey{private, public}
		if err := s.house.AddMailbox(demoAddress(id), demoPassword); err != nil {
			return nil, err
		}
	}
	var running context.Context
	running, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	if s.nccis, err = s.run(running, demoNCCIS, map[string]string{demoSOC: "soc", demoOtherSOC: "soc", demoSecurity: "national-security"}); err != nil {
		return nil, err
	}
	if s.soc, err = s.run(running, demoSOC, map[string]string{demoNCCIS: "nccis"}); err != nil {
		return nil, err
	}
	said := []string{"IMAP " + s.house.IMAPAddress, "SMTP " + s.house.SMTPAddress}
	for _, n := range []*demoNode{s.nccis, s.soc} {
		said = append(said, fmt.Sprintf("HTTP API of %s http://%s (almasu token new NAME --config %s)", n.config.Identity.ID, n.node.web.socket.Addr(), n.config.File))
	}
	return said, nil
}

// run writes the files of one node and starts it.
func (s *story) run(ctx context.Context, id string, others map[string]string) (*demoNode, error) {
	dir := filepath.Join(s.dir, id)
	role := "soc"
	if id == demoNCCIS {
		role = "nccis"
	}
	files := map[string]string{
		"almasu.yaml":  fmt.Sprintf(demoSettings, role, id, demoAddress(id), s.house.IMAPAddress, demoAddress(id), s.house.SMTPAddress),
		"ca.pem":       string(s.house.CA),
		"password":     demoPassword,
		"keys/own.asc": string(s.keys[id].private),
	}
	for other, kind := range others {
		files["participants/"+other+".yaml"] = fmt.Sprintf(demoParticipant, other, kind, demoAddress(other), other)
		files["participants/"+other+".asc"] = string(s.keys[other].public)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	c, err := config.Load(filepath.Join(dir, "almasu.yaml"))
	if err != nil {
		return nil, err
	}
	n, err := newNode(ctx, s.g, c, s.log.With("node", id))
	if err != nil {
		return nil, err
	}
	s.runs.Go(func() { _ = n.run(ctx, func(context.Context) {}) }) // ends with the story
	return &demoNode{c, n}, nil
}

const demoSettings = `role: %s
identity: {id: %s, address: %s}
keys: {openpgp: [{file: keys/own.asc}]}
mailboxes:
  - {name: main, address: "%s", tls: implicit, ca_file: ca.pem, server_name: localhost, username: %s, password_file: password}
relays:
  - {address: "%s", tls: starttls, ca_file: ca.pem, server_name: localhost, outside: true}
web: {address: "127.0.0.1:0"}
`

const demoParticipant = `id: %s
kind: %s
addresses: [%s]
openpgp: [%s.asc]
language: en
`

// end stops the nodes and the mail house and waits for them.
func (s *story) end() {
	if s.stop != nil {
		s.stop()
	}
	s.runs.Wait()
	for _, n := range []*demoNode{s.nccis, s.soc} {
		if n != nil {
			n.node.close()
		}
	}
	if s.house != nil {
		s.house.Close()
	}
}

// note keeps every message that passes the SMTP server.
func (s *story) note(m loopmail.Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// mail returns what went from one to another so far, by id.
func (s *story) mail(from, to string) []loopmail.Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []loopmail.Mail
	for _, m := range s.mails {
		if m.To == demoAddress(to) && strings.Contains(string(m.Raw), "From: "+demoAddress(from)) {
			out = append(out, m)
		}
	}
	return out
}

// until asks again and again whether something has come true: at every mail,
// and every 10 ms.
func (s *story) until(ctx context.Context, what string, came func() (bool, error)) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := came()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: waited in vain", what)
		case <-s.news:
		case <-tick.C:
		}
	}
}

// reader opens mail as one of the people of the story would.
func (s *story) reader(id string) (*crypto.Keyring, error) {
	return crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{
		{Owner: exchange.SelfSigner, File: id, Data: s.keys[id].private},
		{Owner: demoNCCIS, File: demoNCCIS, Data: s.keys[demoNCCIS].public},
	}})
}
