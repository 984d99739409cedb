package testpeer

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Postfix is a running second instance of Postfix on loopback. It relays from
// loopback to the domains it was started for and offers STARTTLS and DSN.
type Postfix struct {
	SMTP   string // address
	Beside string // of the second server, "" if there is none
	CA     *CA
	dir    string
	p      *process
}

// StartPostfix starts Postfix as a relay: mail for each domain goes where the
// route says ("lmtp:inet:127.0.0.1:2424", "lmtp:unix:/path/socket",
// "smtp:[127.0.0.1]:2525"), mail for any other is refused. Postfix must be
// started as root; where the test is not, it is skipped, or fails when peers
// are required.
func StartPostfix(tb testing.TB, routes map[string]string) *Postfix {
	tb.Helper()
	return StartPostfixWith(tb, PostfixSetup{Routes: routes})
}

// PostfixSetup is a Postfix with more than routes.
type PostfixSetup struct {
	Routes map[string]string // as for StartPostfix; the key may be an address, too
	Main   string            // further lines of main.cf
	Master string            // further lines of master.cf
	// Beside are the options (-o NAME=VALUE) of a second server, at Postfix.Beside;
	// "" for none.
	Beside string
}

// StartPostfixWith is StartPostfix for a setup.
func StartPostfixWith(tb testing.TB, setup PostfixSetup) *Postfix {
	tb.Helper()
	Need(tb, "postfix")
	if !asRoot() {
		LackingRoot(tb, "Postfix can be started by root only")
	}
	f := &Postfix{CA: NewCA(tb, "relay.example"), dir: shortDir(tb, "pf")}
	f.layOut(tb, setup.Routes, setup.Main)
	postfix, err := program("postfix")
	if err != nil {
		tb.Fatal(err)
	}
	f.p = startOnFreePorts(tb, "postfix", 2, func(ports []int) (*process, []string, error) {
		f.SMTP = loopback(ports[0])
		master := fmt.Sprintf(postfixMaster, f.SMTP) + setup.Master
		if setup.Beside != "" {
			f.Beside = loopback(ports[1])
			master += fmt.Sprintf("%s inet n - n - - smtpd %s\n", f.Beside, setup.Beside)
		}
		write(tb, filepath.Join(f.dir, "conf", "master.cf"), master, 0o644)
		cmd := exec.Command(postfix, "-c", filepath.Join(f.dir, "conf"), "start-fg")
		cmd.Dir = f.dir
		cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
		p, err := launch("postfix", cmd)
		if err == nil {
			p.master = f.master
		}
		return p, []string{f.SMTP}, err
	})
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("the log of postfix ends with:\n%s", tail(f.Log(tb)))
		}
	})
	return f
}

// CanStartPostfix reports whether StartPostfix can work here: it is installed
// and the test runs as root.
func CanStartPostfix() bool {
	_, err := program("postfix")
	return err == nil && asRoot()
}

// Deliver hands a message to the relay by SMTP.
func (f *Postfix) Deliver(tb testing.TB, message []byte, from string, to ...string) {
	tb.Helper()
	if err := deliver("EHLO", f.SMTP, from, to, bytes.NewReader(message)); err != nil {
		tb.Fatalf("deliver to postfix: %v", err)
	}
}

// Log returns the instance's mail log so far.
func (f *Postfix) Log(tb testing.TB) string {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(f.dir, "mail.log"))
	if err != nil && !os.IsNotExist(err) {
		tb.Errorf("read the log of postfix: %v", err)
	}
	return string(data)
}

// master reads the process id of the master daemon, which makes a process
// group of its own; 0 before it started.
func (f *Postfix) master() int {
	data, err := os.ReadFile(filepath.Join(f.dir, "queue", "pid", "master.pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return 0
	}
	return pid
}

// layOut makes the folders with the owners that Postfix insists on, and its
// main.cf.
func (f *Postfix) layOut(tb testing.TB, routes map[string]string, more string) {
	tb.Helper()
	owner, err := user.Lookup("postfix")
	if err != nil {
		Lacking(tb, "there is no account postfix: "+err.Error())
	}
	uid, err := strconv.Atoi(owner.Uid)
	if err != nil {
		tb.Fatal(err)
	}
	for _, sub := range []string{"conf", "queue", "data"} {
		if err := os.MkdirAll(filepath.Join(f.dir, sub), 0o755); err != nil {
			tb.Fatalf("make the folders of postfix: %v", err)
		}
	}
	if err := os.Chown(filepath.Join(f.dir, "data"), uid, -1); err != nil {
		tb.Fatalf("give postfix its data folder: %v", err)
	}
	if err := os.Chmod(f.dir, 0o755); err != nil {
		tb.Fatalf("let postfix into its folder: %v", err)
	}
	var transport strings.Builder
	var domains []string
	for _, to := range slices.Sorted(maps.Keys(routes)) {
		fmt.Fprintf(&transport, "%s %s\n", to, routes[to])
		if !strings.Contains(to, "@") {
			domains = append(domains, to)
		}
	}
	write(tb, filepath.Join(f.dir, "conf", "transport"), transport.String(), 0o644)
	main := strings.NewReplacer("@DIR@", f.dir, "@CERT@", f.CA.CertFile, "@KEY@", f.CA.KeyFile,
		"@DOMAINS@", strings.Join(domains, ", ")).Replace(postfixMain) + more
	write(tb, filepath.Join(f.dir, "conf", "main.cf"), main, 0o644)
}

const postfixMain = `
compatibility_level = 3.6
queue_directory = @DIR@/queue
data_directory = @DIR@/data
maillog_file = @DIR@/mail.log
maillog_file_prefixes = @DIR@
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example
mydestination =
local_recipient_maps =
local_transport = error:no local mail here
mynetworks = 127.0.0.0/8
relay_domains = @DOMAINS@
transport_maps = texthash:@DIR@/conf/transport
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = reject_unauth_destination
alias_maps =
alias_database =
smtpd_tls_security_level = may
smtpd_tls_cert_file = @CERT@
smtpd_tls_key_file = @KEY@
smtp_tls_security_level = none
smtputf8_enable = no
message_size_limit = 104857600
mailbox_size_limit = 0
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 5s
bounce_queue_lifetime = 1h
maximal_queue_lifetime = 1h
lmtp_destination_concurrency_limit = 2
disable_dns_lookups = yes
smtpd_client_connection_count_limit = 0
`

// postfixMaster names the loopback address of the server; no service is
// chrooted (fifth column).
const postfixMaster = `
%s inet n - n - - smtpd
pickup     unix n - n 60 1 pickup
cleanup    unix n - n - 0 cleanup
qmgr       unix n - n 300 1 qmgr
rewrite    unix - - n - - trivial-rewrite
bounce     unix - - n - 0 bounce
defer      unix - - n - 0 bounce
trace      unix - - n - 0 bounce
verify     unix - - n - 1 verify
flush      unix n - n 1000? 0 flush
proxymap   unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp       unix - - n - - smtp
relay      unix - - n - - smtp
lmtp       unix - - n - - lmtp
error      unix - - n - - error
retry      unix - - n - - error
discard    unix - - n - - discard
anvil      unix - - n - 1 anvil
scache     unix - - n - 1 scache
tlsmgr     unix - - n 1000? 1 tlsmgr
showq      unix n - n - - showq
postlog    unix-dgram n - n - 1 postlogd
`
