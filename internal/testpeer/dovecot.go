package testpeer

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Dovecot is a running Dovecot on loopback with one Maildir per user. Folders
// are made by the first delivery or command that names them.
type Dovecot struct {
	IMAP, IMAPS string // addresses, STARTTLS offered on the first
	LMTP        string // address; LMTPSocket is the same service on a socket
	LMTPSocket  string
	CA          *CA
	dir         string
	conf        string
	account     account
}

// account is who the server's processes run as.
type account struct {
	name, group string
	uid, gid    uint32
	drop        bool // the test is root and must give that up
}

// StartDovecot starts Dovecot for the users (name to password; a name is a
// whole address, "soc@soc.example", or a local part). Passwords are plain
// text in its user file: they exist for this test only. As root it runs as
// nobody, because Dovecot gives no mail to user 0.
func StartDovecot(tb testing.TB, users map[string]string) *Dovecot {
	tb.Helper()
	Need(tb, "dovecot", "lmtp", "imap")
	acc, err := unprivileged()
	if err != nil {
		Lacking(tb, "no account to run Dovecot under: "+err.Error())
	}
	d := &Dovecot{CA: NewCA(tb), dir: shortDir(tb, "dc"), account: acc}
	d.conf = filepath.Join(d.dir, "dovecot.conf")
	d.LMTPSocket = filepath.Join(d.dir, "run", "lmtp")
	d.writeUsers(tb, users)
	copyFile(tb, d.CA.CertFile, filepath.Join(d.dir, "tls.pem"))
	copyFile(tb, d.CA.KeyFile, filepath.Join(d.dir, "tls.key"))

	daemon, err := program("dovecot")
	if err != nil {
		tb.Fatal(err)
	}
	startOnFreePorts(tb, "dovecot", 3, func(ports []int) (*process, []string, error) {
		d.IMAP, d.IMAPS, d.LMTP = loopback(ports[0]), loopback(ports[1]), loopback(ports[2])
		write(tb, d.conf, d.configuration(ports), 0o644)
		d.own(tb)
		cmd := exec.Command(daemon, "-F", "-c", d.conf)
		cmd.Dir = d.dir
		cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + d.dir}
		if acc.drop {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: acc.uid, Gid: acc.gid}}
		}
		p, err := launch("dovecot", cmd)
		return p, []string{d.IMAP, d.IMAPS, d.LMTP, d.LMTPSocket}, err
	})
	return d
}

// unprivileged picks the account for the server: our own, or nobody for root.
func unprivileged() (account, error) {
	u, err := user.Current()
	if err != nil {
		return account{}, err
	}
	drop := asRoot()
	if drop {
		if u, err = user.Lookup("nobody"); err != nil {
			return account{}, err
		}
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		return account{}, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return account{}, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return account{}, err
	}
	return account{name: u.Username, group: g.Name, uid: uint32(uid), gid: uint32(gid), drop: drop}, nil
}

func (d *Dovecot) writeUsers(tb testing.TB, users map[string]string) {
	tb.Helper()
	var lines strings.Builder
	for name, password := range users {
		fmt.Fprintf(&lines, "%s:{PLAIN}%s:%d:%d::%s::\n", name, password, d.account.uid, d.account.gid, d.home(name))
		if err := os.MkdirAll(d.home(name), 0o700); err != nil {
			tb.Fatalf("make the home of %s: %v", name, err)
		}
	}
	write(tb, filepath.Join(d.dir, "users"), lines.String(), 0o600)
	if err := os.MkdirAll(filepath.Join(d.dir, "run"), 0o755); err != nil {
		tb.Fatalf("make the run folder of dovecot: %v", err)
	}
}

func (d *Dovecot) home(user string) string { return filepath.Join(d.dir, "mail", user) }

// own gives everything under the folder to the server's account.
func (d *Dovecot) own(tb testing.TB) {
	tb.Helper()
	if !d.account.drop {
		return
	}
	err := filepath.WalkDir(d.dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(d.account.uid), int(d.account.gid))
	})
	if err != nil {
		tb.Fatalf("give the folder of dovecot to %s: %v", d.account.name, err)
	}
}

func (d *Dovecot) configuration(ports []int) string {
	return strings.NewReplacer(
		"@DIR@", d.dir, "@USER@", d.account.name, "@GROUP@", d.account.group, "@UID@", fmt.Sprint(d.account.uid),
		"@IMAP@", fmt.Sprint(ports[0]), "@IMAPS@", fmt.Sprint(ports[1]), "@LMTP@", fmt.Sprint(ports[2]),
	).Replace(dovecotConf)
}

const dovecotConf = `
base_dir = @DIR@/run
state_dir = @DIR@/run
log_path = /dev/stderr
listen = 127.0.0.1
protocols = imap lmtp
default_internal_user = @USER@
default_internal_group = @GROUP@
default_login_user = @USER@
first_valid_uid = @UID@
ssl = yes
ssl_cert = <@DIR@/tls.pem
ssl_key = <@DIR@/tls.key
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 100
lmtp_save_to_detail_mailbox = no
service anvil {
  chroot =
}
service imap-login {
  chroot =
  process_min_avail = 1
  inet_listener imap {
    port = @IMAP@
  }
  inet_listener imaps {
    port = @IMAPS@
    ssl = yes
  }
}
service lmtp {
  chroot =
  inet_listener lmtp {
    port = @LMTP@
  }
  unix_listener lmtp {
    mode = 0666
  }
}
service stats {
  chroot =
}
passdb {
  driver = passwd-file
  args = username_format=%u @DIR@/users
}
userdb {
  driver = passwd-file
  args = username_format=%u @DIR@/users
}
namespace inbox {
  inbox = yes
  separator = /
}
protocol lmtp {
  postmaster_address = postmaster@localhost
}
`

// Messages reads the messages in a user's folder ("INBOX", "Done", "Held")
// straight from the Maildir, oldest first: a view of the mailbox that owes
// nothing to the code under test. A folder that does not exist is empty.
func (d *Dovecot) Messages(tb testing.TB, user, folder string) [][]byte {
	tb.Helper()
	maildir := filepath.Join(d.home(user), "Maildir")
	if folder != "INBOX" {
		maildir = filepath.Join(maildir, "."+strings.ReplaceAll(folder, "/", "."))
	}
	var files []string
	for _, sub := range []string{"new", "cur"} {
		found, err := filepath.Glob(filepath.Join(maildir, sub, "*"))
		if err != nil {
			tb.Fatalf("list %s: %v", maildir, err)
		}
		files = append(files, found...)
	}
	sort.Slice(files, func(i, j int) bool { return filepath.Base(files[i]) < filepath.Base(files[j]) })
	messages := make([][]byte, 0, len(files))
	for _, f := range files {
		m, err := os.ReadFile(f)
		if os.IsNotExist(err) { // moved on between the two looks
			continue
		}
		if err != nil {
			tb.Fatalf("read %s: %v", f, err)
		}
		messages = append(messages, m)
	}
	return messages
}

// Deliver hands a message to the users by LMTP. Line ends become CRLF, as on
// the wire; Dovecot adds its Return-Path, Delivered-To and Received.
func (d *Dovecot) Deliver(tb testing.TB, message []byte, users ...string) {
	tb.Helper()
	if err := deliverLMTP(d.LMTP, "sender@test.example", users, bytes.NewReader(message)); err != nil {
		tb.Fatalf("deliver to dovecot: %v", err)
	}
}

// Doveadm runs doveadm on this server's configuration and returns what it
// printed, for instance Doveadm(tb, "mailbox", "status", "-u", user, "all", "INBOX").
func (d *Dovecot) Doveadm(tb testing.TB, args ...string) string {
	tb.Helper()
	Need(tb, "doveadm")
	path, err := program("doveadm")
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"-c", d.conf}, args...)...)
	if d.account.drop {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: d.account.uid, Gid: d.account.gid}}
	}
	cmd.Dir = d.dir
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + d.dir}
	out, err := cmd.CombinedOutput()
	if err != nil {
		tb.Fatalf("doveadm %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func copyFile(tb testing.TB, from, to string) {
	tb.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		tb.Fatalf("copy %s: %v", from, err)
	}
	write(tb, to, string(data), 0o600)
}
