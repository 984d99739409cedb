package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"almasu/exchange"
)

// finish fills in the defaults that depend on other settings and judges what
// no single setting can tell.
func (c *Config) finish(d *decoder) {
	if c.Identity.Name == (exchange.Names{}) {
		c.Identity.Name.EN = c.Identity.ID
	}
	if c.Limits.Workers == 0 {
		// Workers wait for the disk most of the time, and those that wait
		// together share one fsync.
		c.Limits.Workers = 8 * runtime.NumCPU()
	}
	c.finishMailboxes(d)
	c.finishRelays(d)
	c.Listen.judge(d)
	c.Folder.finish(d)
	c.Web.judge(d)
	c.judgePush(d)
	c.Alarms.judge(d, c.Identity.Address)
	c.Retention.judge(d, c.Role)
	c.finishKeys(d)
	c.finishStore(d)
}

func (c *Config) finishMailboxes(d *decoder) {
	first := map[string]int{}
	for i := range c.Mailboxes {
		m := &c.Mailboxes[i]
		at := fmt.Sprintf("mailboxes[%d]", i)
		m.Peer.finish(d, at, "993")
		if line, twice := first[m.Name]; twice {
			d.wrong(d.line(at+".name"), fmt.Sprintf("two mailboxes are named %q, the other in line %d", m.Name, line),
				"give each its own name: where we stand in a mailbox is kept under it")
		} else {
			first[m.Name] = d.line(at)
		}
		if m.Username == "" && !d.meant[at+".username"] {
			d.wrong(d.line(at), "mailboxes.username is missing", "write username: with the login of the mailbox")
		}
		if m.Done == m.Folder || m.Held == m.Folder || m.Done == m.Held {
			d.wrong(d.line(at), "folder, done and held of a mailbox are not three folders", "name three different ones")
		}
	}
}

func (c *Config) finishRelays(d *decoder) {
	for i := range c.Relays {
		r := &c.Relays[i]
		at := fmt.Sprintf("relays[%d]", i)
		r.Peer.finish(d, at, "465")
		r.Outside = outside(hostOf(r.Address), c.Identity.Address)
		if r.OutsideSet != nil {
			r.Outside = *r.OutsideSet
		}
		if r.RequireTLS == "require" && r.TLS == "none" {
			d.wrong(d.line(at+".requiretls"), "requiretls: require with tls: none cannot be kept", "use tls: starttls or implicit")
		}
	}
}

// finish fills in what the port says and refuses plain text to the outside.
func (p *Peer) finish(d *decoder, at, implicitPort string) {
	host := hostOf(p.Address)
	if p.ServerName == "" {
		p.ServerName = host
	}
	if p.TLS == "" {
		p.TLS = "starttls"
		if _, port, _ := net.SplitHostPort(p.Address); port == implicitPort {
			p.TLS = "implicit"
		}
	}
	if p.TLS == "none" && host != "" && !loopback(host) && !p.InsecurePlaintext {
		d.wrong(d.line(at+".tls"), fmt.Sprintf("tls: none sends mail and password in clear to %s", host),
			"use implicit or starttls, or say insecure_plaintext: true beside it")
	}
	switch {
	case p.Username != "" && p.PasswordFile == "" && !d.meant[at+".password_file"]:
		d.wrong(d.line(at+".username"), shown(at)+".username has no password_file", "name the file, env:NAME or credential:NAME that holds the password")
	case p.PasswordFile != "" && p.Username == "" && !d.meant[at+".username"]:
		d.wrong(d.line(at+".password_file"), shown(at)+".password_file has no username", "write the username it belongs to")
	}
}

func (l *Listen) judge(d *decoder) {
	cert(d, "listen", l.TLSCert, l.TLSKey)
	for _, at := range []struct{ name, address string }{{"smtp", l.SMTP}, {"lmtp", l.LMTP}, {"relay", l.Relay}, {"filter", l.Filter}} {
		open(d, "listen."+at.name, at.address, l.TLSCert != "" || l.InsecurePlaintext)
	}
	l.judgeRelay(d)
}

// judgeRelay wants to know who may submit: users with passwords, unless the
// kernel says who is at the other end, or somebody took it upon himself.
func (l *Listen) judgeRelay(d *decoder) {
	_, port, _ := net.SplitHostPort(l.Relay)
	if l.RelayTLS == "" {
		l.RelayTLS = "starttls"
		if port == "465" {
			l.RelayTLS = "implicit"
		}
	} else if l.RelayTLS == "implicit" && l.TLSCert == "" && !d.meant["listen.tls_cert"] {
		d.wrong(d.line("listen.relay_tls"), "listen.relay_tls: implicit without a certificate", "give tls_cert and tls_key")
	}
	socket := strings.Contains(l.Relay, "/")
	if l.InsecureLoopbackSubmit && l.Relay != "" && !socket && !loopback(hostOf(l.Relay)) {
		d.wrong(d.line("listen.insecure_loopback_submit"), "insecure_loopback_submit with a relay that other machines reach", "listen on 127.0.0.1, or use relay_users alone")
	}
	if l.Relay != "" && l.RelayUsers == "" && !socket && !l.InsecureLoopbackSubmit {
		d.wrong(d.line("listen.relay"), "listen.relay has no relay_users", "name the file of the systems that may submit")
	}
	l.judgeMTA(d)
}

// judgeMTA: what an MTA hands over stays on this machine, and who runs the MTA
// must be known.
func (l *Listen) judgeMTA(d *decoder) {
	for _, at := range []struct{ name, address string }{{"filter", l.Filter}, {"milter", l.Milter}} {
		if at.address != "" && !strings.Contains(at.address, "/") && !loopback(hostOf(at.address)) {
			d.wrong(d.line("listen."+at.name), "listen."+at.name+" takes mail in clear from other machines", "use the path of a socket, or 127.0.0.1")
		}
	}
	if l.Filter != "" && l.RelayUsers == "" && !l.InsecureLoopbackSubmit {
		d.wrong(d.line("listen.filter"), "listen.filter has no relay_users", "name the file with the login of the mail server: almasu relay-user add postfix --unix postfix")
	}
}

// finish puts the folders of what was judged beside the inbox.
func (f *Folder) finish(d *decoder) {
	if f.Inbox == "" {
		if f.Sent != "" || f.Refused != "" {
			d.wrong(d.line("folder"), "folder.inbox is missing", "write inbox: with the folder that files are put into")
		}
		return
	}
	if f.Sent == "" {
		f.Sent = filepath.Join(filepath.Dir(f.Inbox), "sent")
	}
	if f.Refused == "" {
		f.Refused = filepath.Join(filepath.Dir(f.Inbox), "refused")
	}
	if f.Inbox == f.Sent || f.Inbox == f.Refused || f.Sent == f.Refused {
		d.wrong(d.line("folder"), "inbox, sent and refused are not three folders", "name three different ones")
	}
}

func (w *Web) judge(d *decoder) {
	cert(d, "web", w.TLSCert, w.TLSKey)
	open(d, "web.address", w.Address, w.TLSCert != "" || w.InsecurePlaintext)
}

// open refuses a listener that other machines reach without TLS.
func open(d *decoder, at, address string, protected bool) {
	if address == "" || strings.Contains(address, "/") || loopback(hostOf(address)) || protected {
		return
	}
	d.wrong(d.line(at), shown(at)+" listens in clear where other machines reach it",
		"give tls_cert and tls_key, listen on 127.0.0.1, or say insecure_plaintext: true beside it")
}

func cert(d *decoder, at, certificate, key string) {
	if (certificate == "") != (key == "") {
		d.wrong(d.line(at), at+" has only one of tls_cert and tls_key", "name both")
	}
}

func (c *Config) finishStore(d *decoder) {
	file, isFile := strings.CutPrefix(c.Store, "sqlite:")
	if isFile && c.Trust.Fetch.Cache == "" {
		c.Trust.Fetch.Cache = file + ".revocation"
	}
	if isFile && c.StorePasswordFile != "" {
		d.wrong(d.line("store_password_file"), "a SQLite store has no password", "remove store_password_file")
	}
	if c.StoreKey.File != "" {
		return
	}
	if isFile {
		c.StoreKey = StoreKey{File: file + ".key", Made: true}
	} else if c.Store != "" {
		d.wrong(d.line("store"), "a PostgreSQL store needs a configured store_key", "write store_key: {file: keys/store.key}, the same file on every node")
	}
}

// filesExist refuses settings that name a file which is not there. A file we
// may not look at is left to whoever reads it.
func (d *decoder) filesExist() {
	for _, r := range d.refs {
		if r.setting == "store_key.file" {
			continue // made at the first start of an empty store
		}
		if _, err := os.Stat(r.path); errors.Is(err, fs.ErrNotExist) {
			d.wrong(r.line, fmt.Sprintf("%s names %s, which is not there", r.setting, r.path), "put the file there or correct the path")
		}
	}
}

func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// outside guesses whether a relay stands outside our own domain: not on this
// machine, not at a private address, not under the domain of our address, and
// not under a name that only exists inside.
func outside(host, ownAddress string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if ip := net.ParseIP(host); ip != nil {
		return !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast() && !ip.IsUnspecified()
	}
	_, domain, _ := strings.Cut(ownAddress, "@")
	inside := []string{domain, "localhost", "local", "internal", "lan", "home.arpa"}
	return strings.Contains(host, ".") && !slices.ContainsFunc(inside, func(s string) bool {
		return host == s || s != "" && strings.HasSuffix(host, "."+s)
	})
}

func storeHasPassword(store string) bool {
	if !strings.HasPrefix(store, "postgres") {
		return false
	}
	u, err := url.Parse(store)
	if err != nil {
		return false
	}
	_, has := u.User.Password()
	return has || u.Query().Has("password")
}
