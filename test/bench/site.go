package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"almasu/crypto"
	"almasu/internal/loopmail"
)

const (
	password = "loopback only"
	warmUp   = 20 // messages through the node before anything is measured
	quiet    = 2 * time.Second
)

// site is a mail house in this process and, beside it, one node with its
// configuration and store on disk.
type site struct {
	almasu, dir string
	workers     int
	mill        *mill
	house       *loopmail.House

	mu      sync.Mutex
	letters []loopmail.Mail
	news    chan struct{}
}

func openSite(p plan, dir string, m *mill) (*site, error) {
	house, err := loopmail.Open()
	if err != nil {
		return nil, err
	}
	s := &site{almasu: p.almasu, workers: p.workers, dir: dir, mill: m, house: house, news: make(chan struct{}, 1)}
	house.Watch(s.note)
	err = errors.Join(house.AddMailbox(nccisMail, password), house.AddMailbox(socMail, password), s.write())
	if err != nil {
		return nil, errors.Join(err, house.Close())
	}
	return s, nil
}

func (s *site) close() { s.house.Close() }

// write makes the node's files as an administrator would.
func (s *site) write() error {
	yaml := fmt.Sprintf(settings, nccisMail, s.house.IMAPAddress, nccisMail, s.house.SMTPAddress)
	if s.workers > 0 {
		yaml += fmt.Sprintf("limits: {workers: %d}\n", s.workers)
	}
	files := map[string]string{
		"almasu.yaml":                       yaml,
		"ca.pem":                            string(s.house.CA),
		"password":                          password,
		"keys/own.asc":                      string(s.mill.private[nccis]),
		"participants/" + soc + ".yaml":     fmt.Sprintf(participant, soc, socMail, soc),
		"participants/keys/" + soc + ".asc": string(s.mill.public[soc]),
	}
	for name, text := range files {
		path := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

const settings = `role: nccis
identity: {id: nccis, address: %s}
keys: {openpgp: [{file: keys/own.asc}]}
participants: participants/*.yaml
mailboxes:
  - {name: main, address: "%s", tls: implicit, ca_file: ca.pem, server_name: localhost, username: %s, password_file: password}
relays:
  - {address: "%s", tls: starttls, ca_file: ca.pem, server_name: localhost, outside: true}
store: sqlite:almasu.db
`

const participant = `id: %s
kind: soc
addresses: [%s]
openpgp: [keys/%s.asc]
language: en
`

// note keeps what the SMTP server took.
func (s *site) note(m loopmail.Mail) {
	if m.To != socMail {
		return
	}
	s.mu.Lock()
	s.letters = append(s.letters, m)
	s.mu.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// answered waits until the SMTP server took n letters.
func (s *site) answered(ctx context.Context, n *node, letters int) error {
	for {
		s.mu.Lock()
		have := len(s.letters)
		s.mu.Unlock()
		if have >= letters {
			return nil
		}
		select {
		case <-s.news:
		case <-n.ended:
			return fmt.Errorf("the node ended: %w\n%s", n.err, n.tail())
		case <-ctx.Done():
			return fmt.Errorf("%d of %d letters: %w\n%s", have, letters, ctx.Err(), n.tail())
		}
	}
}

// each is how many letters one report is answered with.
func (s *site) each() int {
	if s.mill.mdn {
		return 2
	}
	return 1
}

func (s *site) fill(mails [][]byte) error {
	for _, raw := range mails {
		if err := s.house.Deliver(loopmail.Mail{From: socMail, To: nccisMail, Raw: raw}); err != nil {
			return err
		}
	}
	return nil
}

// warm lets the node make its store and answer a few reports; it returns the
// entity of a receipt, which is what the bare cryptography has to seal.
func (s *site) warm(ctx context.Context, mails [][]byte) ([]byte, error) {
	if err := s.fill(mails); err != nil {
		return nil, err
	}
	n, err := s.start()
	if err != nil {
		return nil, err
	}
	err = s.answered(ctx, n, len(mails)*s.each())
	if err = errors.Join(err, n.stop()); err != nil {
		return nil, err
	}
	opened, err := crypto.Open(s.letters[0].Raw, s.mill.sender, crypto.Limits{}, time.Now())
	if err != nil || opened.ProtectedPart == nil {
		return nil, fmt.Errorf("open a receipt: %w (%s)", err, opened.Security.DecryptError)
	}
	progress("%s: one receipt is %d octets inside, %d sealed", s.mill.alg, len(opened.ProtectedPart.Raw), len(s.letters[0].Raw))
	return opened.ProtectedPart.Raw, nil
}

// draining is what one drain came to.
type draining struct {
	rate              float64 // messages a second
	letters           int
	idle, peak        float64 // MiB resident
	nodeCPU, houseCPU float64 // seconds a message
}

// drain fills the mailbox while the node is down, starts the node, and takes
// the time from the moment it has opened the mailbox to the moment the SMTP
// server has taken the last letter.
func (s *site) drain(ctx context.Context, mails [][]byte) (d draining, err error) {
	if err := s.fill(mails); err != nil {
		return d, err
	}
	s.mu.Lock()
	s.letters = nil
	s.mu.Unlock()
	d.letters = len(mails) * s.each()
	houseBefore := ownCPU()
	n, err := s.start()
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, n.stop()) }()
	begun, used := time.Now(), n.cpu()
	if err := s.answered(ctx, n, d.letters); err != nil {
		return d, err
	}
	d.rate = float64(len(mails)) / time.Since(begun).Seconds()
	d.houseCPU = (ownCPU() - houseBefore) / float64(len(mails))
	d.nodeCPU = (n.cpu() - used) / float64(len(mails))
	d.peak = n.memory("VmHWM")
	select { // what it settles to
	case <-time.After(quiet):
	case <-ctx.Done():
	}
	d.idle = n.memory("VmRSS")
	return d, nil
}

func ownCPU() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// node is the process under test.
type node struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // after ended
	said  bytes.Buffer
	mu    sync.Mutex
}

// start returns when the node has opened its mailbox.
func (s *site) start() (*node, error) {
	n := &node{ended: make(chan struct{})}
	n.cmd = exec.Command(s.almasu, "run", "--config", filepath.Join(s.dir, "almasu.yaml"))
	n.cmd.Dir = s.dir
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := n.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	connected := make(chan struct{})
	go func() { // ends with the node's standard error
		n.listen(out, connected)
		n.err = n.cmd.Wait()
		close(n.ended)
	}()
	select {
	case <-connected:
		return n, nil
	case <-n.ended:
		return nil, fmt.Errorf("the node did not start: %w\n%s", n.err, n.tail())
	case <-time.After(time.Minute):
		return nil, errors.Join(errors.New("the node did not open its mailbox within a minute"), n.stop())
	}
}

// listen keeps the first warnings of the node's log and waits for the line that
// says the mailbox is open.
func (n *node) listen(out io.Reader, connected chan struct{}) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := lines.Text()
		if connected != nil && strings.Contains(line, "mailbox connected") {
			close(connected)
			connected = nil
		}
		if !strings.Contains(line, "level=INFO") {
			n.mu.Lock()
			if n.said.Len() < 4096 {
				n.said.WriteString(line + "\n")
			}
			n.mu.Unlock()
		}
	}
}

func (n *node) tail() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.said.String()
}

// stop ends the node as a service manager does, and hard if that is in vain.
func (n *node) stop() error {
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-n.ended:
		return n.err
	case <-time.After(30 * time.Second):
		err := errors.Join(errors.New("the node did not stop"), n.cmd.Process.Kill())
		<-n.ended
		return err
	}
}

// cpu is the processor time the node has used so far, in seconds.
func (n *node) cpu() float64 {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100 // USER_HZ
}

// memory reads a figure of the node's status, in MiB.
func (n *node) memory(figure string) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, figure+":"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib / 1024
		}
	}
	return 0
}
