package mailin

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"almasu/exchange"
)

// Users are the systems and people that may submit, with their application
// passwords. The file has one line for each, and # for remarks:
//
//	name:pbkdf2-sha256$ITERATIONS$SALT$HASH[:KIND,KIND...]
//
// SALT and HASH (32 octets) are base64 without padding; the kinds of report
// are all that our role may send where the column is missing or empty.
type Users map[string]relayUser

type relayUser struct {
	iterations int
	salt, hash []byte
	kinds      []exchange.ReportKind
}

// Numbers of PBKDF2 (RFC 8018). Generated passwords have 160 random bits, so
// that the iterations need not make up for weak ones.
const (
	hashIterations  = 100_000
	leastIterations = 10_000
	mostIterations  = 10_000_000
	hashName        = "pbkdf2-sha256"
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
	if len(columns) < 2 || len(columns) > 3 || !exchange.ValidID(columns[0]) {
		return "", u, fmt.Errorf("not of the form name:hash[:kinds]")
	}
	part := strings.Split(columns[1], "$")
	if len(part) != 4 || part[0] != hashName {
		return "", u, fmt.Errorf("the hash is not of the form %s$iterations$salt$hash", hashName)
	}
	if u.iterations, err = strconv.Atoi(part[1]); err != nil || u.iterations < leastIterations || u.iterations > mostIterations {
		return "", u, fmt.Errorf("the iterations are no number from %d to %d", leastIterations, mostIterations)
	}
	if u.salt, err = base64.RawStdEncoding.DecodeString(part[2]); err != nil || len(u.salt) < 8 {
		return "", u, fmt.Errorf("the salt is not base64 of 8 octets or more")
	}
	if u.hash, err = base64.RawStdEncoding.DecodeString(part[3]); err != nil || len(u.hash) != sha256.Size {
		return "", u, fmt.Errorf("the hash is not base64 of %d octets", sha256.Size)
	}
	if len(columns) == 3 {
		u.kinds, err = parseKinds(columns[2])
	}
	return columns[0], u, err
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
	if !known {
		user = relayUser{iterations: hashIterations, salt: make([]byte, 16), hash: make([]byte, sha256.Size)}
	}
	got, err := pbkdf2.Key(sha256.New, password, user.salt, user.iterations, sha256.Size)
	return err == nil && subtle.ConstantTimeCompare(got, user.hash) == 1 && known
}

// Kinds are the kinds of report the user may hand in, nil for all; known is
// false where there is no such user.
func (u Users) Kinds(name string) (kinds []exchange.ReportKind, known bool) {
	user, known := u[name]
	return user.kinds, known
}

// UserLine is the line of the file for a user; salt is 16 random octets.
func UserLine(name, password string, salt []byte, kinds []exchange.ReportKind) (string, error) {
	hash, err := pbkdf2.Key(sha256.New, password, salt, hashIterations, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("relay user %s: hash the password: %w", name, err)
	}
	b64 := base64.RawStdEncoding.EncodeToString
	line := fmt.Sprintf("%s:%s$%d$%s$%s", name, hashName, hashIterations, b64(salt), b64(hash))
	for i, k := range kinds {
		line += map[bool]string{true: ":", false: ","}[i == 0] + string(k)
	}
	_, _, err = parseUser(line)
	return line, err
}
