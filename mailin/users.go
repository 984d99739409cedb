package mailin

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	osuser "os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"almasu/exchange"
)

// Users are the systems and people that may submit, with how they are known
// and what they may do. The file has one line for each, and # for remarks:
//
//	name:PROOF[:KIND,KIND...[:PARTICIPANT,PARTICIPANT...[:SENDER,SENDER...]]]
//
// PROOF is one of
//
//	pbkdf2-sha256$ITERATIONS$SALT$HASH   an application password; SALT and HASH (32 octets) are base64 without padding
//	x509-sha256$FINGERPRINT              a client certificate: SHA-256 of its DER, in hex, colons left out
//	unix$LOGIN                           a user of this machine (a name or a number), at the other end of a unix socket
//
// The kinds of report are all that our role may send where the column is
// missing or empty, the addressees all participants, the senders (of the
// envelope; an address, or @domain) any.
type Users map[string]relayUser

// Rights are what a user may do; an empty list means all.
type Rights struct {
	Kinds   []exchange.ReportKind
	To      []string // participant ids
	Senders []string // addresses of the envelope, or "@domain"
}

type relayUser struct {
	iterations  int // of a password
	salt, hash  []byte
	certificate string // fingerprint, "" for none
	uid         int    // at the other end of a socket, -1 for none
	rights      Rights
}

// Numbers of PBKDF2 (RFC 8018). Generated passwords have 160 random bits, so
// that the iterations need not make up for weak ones.
const (
	hashIterations  = 100_000
	leastIterations = 10_000
	mostIterations  = 10_000_000
	hashName        = "pbkdf2-sha256"
	certificateName = "x509-sha256"
	unixName        = "unix"
)

// ParseUsers reads the file of users. Every error names its line and no hash.
func ParseUsers(text []byte) (Users, error) {
	users := Users{}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, u, err := parseUser(line)
		if err == nil {
			if _, twice := users[name]; twice {
				err = fmt.Errorf("user %s stands here a second time", name)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("relay users, line %d: %w: `almasu relay-user add NAME` prints a line", i+1, err)
		}
		users[name] = u
	}
	return users, nil
}

func parseUser(line string) (name string, u relayUser, err error) {
	columns := strings.Split(line, ":")
	if len(columns) < 2 || len(columns) > 5 || !exchange.ValidID(columns[0]) {
		return "", u, fmt.Errorf("not of the form name:hash[:kinds[:participants[:senders]]]")
	}
	if err = u.readProof(columns[1]); err != nil {
		return "", u, err
	}
	columns = append(columns, "", "", "")
	if u.rights.Kinds, err = parseKinds(columns[2]); err != nil {
		return "", u, err
	}
	for _, id := range splitColumn(columns[3]) {
		if !exchange.ValidID(id) {
			return "", u, fmt.Errorf("a participant in the fourth column has no valid id")
		}
		u.rights.To = append(u.rights.To, id)
	}
	for _, sender := range splitColumn(columns[4]) {
		if at := strings.IndexByte(sender, '@'); at < 0 || at == len(sender)-1 {
			return "", u, fmt.Errorf("a sender in the fifth column is neither an address nor @domain")
		}
		u.rights.Senders = append(u.rights.Senders, sender)
	}
	return columns[0], u, nil
}

func splitColumn(column string) []string {
	return strings.FieldsFunc(column, func(c rune) bool { return c == ',' || c == ' ' })
}

// readProof reads how a user is known.
func (u *relayUser) readProof(column string) (err error) {
	u.uid = -1
	part := strings.Split(column, "$")
	switch {
	case part[0] == certificateName && len(part) == 2:
		u.certificate = strings.ToLower(part[1])
		if sum, err := hex.DecodeString(u.certificate); err != nil || len(sum) != sha256.Size {
			return fmt.Errorf("the fingerprint is not %d hex digits", 2*sha256.Size)
		}
		return nil
	case part[0] == unixName && len(part) == 2:
		u.uid, err = uidOf(part[1])
		return err
	case part[0] == hashName && len(part) == 4:
		return u.readHash(part)
	}
	return fmt.Errorf("the second column is not %s$iterations$salt$hash, %s$fingerprint or %s$login", hashName, certificateName, unixName)
}

// uidOf is the number of a user of this machine.
func uidOf(login string) (int, error) {
	if uid, err := strconv.ParseUint(login, 10, 31); err == nil {
		return int(uid), nil
	}
	account, err := osuser.Lookup(login)
	if err != nil {
		return -1, fmt.Errorf("this machine has no such user as the line names")
	}
	return strconv.Atoi(account.Uid)
}

func (u *relayUser) readHash(part []string) (err error) {
	if u.iterations, err = strconv.Atoi(part[1]); err != nil || u.iterations < leastIterations || u.iterations > mostIterations {
		return fmt.Errorf("the iterations are no number from %d to %d", leastIterations, mostIterations)
	}
	if u.salt, err = base64.RawStdEncoding.DecodeString(part[2]); err != nil || len(u.salt) < 8 {
		return fmt.Errorf("the salt is not base64 of 8 octets or more")
	}
	if u.hash, err = base64.RawStdEncoding.DecodeString(part[3]); err != nil || len(u.hash) != sha256.Size {
		return fmt.Errorf("the hash is not base64 of %d octets", sha256.Size)
	}
	return nil
}

func parseKinds(column string) (kinds []exchange.ReportKind, err error) {
	for word := range strings.SplitSeq(column, ",") {
		kind := exchange.ReportKind(strings.TrimSpace(word))
		if kind == "" && strings.TrimSpace(column) == "" {
			return nil, nil
		}
		if !slices.Contains(exchange.ReportKinds(), kind) {
			return nil, fmt.Errorf("%q is no kind of report", kind)
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

// Login reports whether the password is the user's. An unknown name takes as
// long as a wrong password.
func (u Users) Login(name, password string) bool {
	user, known := u[name]
	if known = known && user.hash != nil; !known {
		user = relayUser{iterations: hashIterations, salt: make([]byte, 16), hash: make([]byte, sha256.Size)}
	}
	got, err := pbkdf2.Key(sha256.New, password, user.salt, user.iterations, sha256.Size)
	return err == nil && subtle.ConstantTimeCompare(got, user.hash) == 1 && known
}

// Certificate is the user whose client certificate this is, "" if it is
// nobody's or not valid at the time. Whoever asks has seen that the client
// holds its key.
func (u Users) Certificate(c *x509.Certificate, now time.Time) string {
	if now.Before(c.NotBefore) || now.After(c.NotAfter) {
		return ""
	}
	sum := sha256.Sum256(c.Raw)
	print := hex.EncodeToString(sum[:])
	for _, name := range slices.Sorted(maps.Keys(u)) {
		if u[name].certificate == print {
			return name
		}
	}
	return ""
}

// Peer is the user whose login on this machine has the number, "" if there is
// none.
func (u Users) Peer(uid int) string {
	for _, name := range slices.Sorted(maps.Keys(u)) {
		if user := u[name]; user.uid == uid && uid >= 0 {
			return name
		}
	}
	return ""
}

// Rights are what the user may do; known is false where there is no such user.
func (u Users) Rights(name string) (rights Rights, known bool) {
	user, known := u[name]
	return user.rights, known
}

// From reports whether a mail may have this envelope sender.
func (r Rights) From(address string) bool {
	return len(r.Senders) == 0 || slices.ContainsFunc(r.Senders, func(s string) bool {
		return sameAddress(address, s) || s[0] == '@' && len(address) > len(s) && strings.EqualFold(address[len(address)-len(s):], s)
	})
}

// PasswordProof is the second column for a password; salt is 16 random octets.
func PasswordProof(password string, salt []byte) (string, error) {
	hash, err := pbkdf2.Key(sha256.New, password, salt, hashIterations, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("hash the password: %w", err)
	}
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("%s$%d$%s$%s", hashName, hashIterations, b64(salt), b64(hash)), nil
}

// CertificateProof is the second column for a client certificate.
func CertificateProof(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return certificateName + "$" + hex.EncodeToString(sum[:])
}

// UnixProof is the second column for a user of this machine.
func UnixProof(login string) string { return unixName + "$" + login }

// UserLine is the line of the file for a user.
func UserLine(name, proof string, r Rights) (string, error) {
	var kinds []string
	for _, k := range r.Kinds {
		kinds = append(kinds, string(k))
	}
	line := strings.Join([]string{name, proof, strings.Join(kinds, ","), strings.Join(r.To, ","), strings.Join(r.Senders, ",")}, ":")
	line = strings.TrimRight(line, ":")
	_, _, err := parseUser(line)
	return line, err
}
