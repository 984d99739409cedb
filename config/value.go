package config

import (
	"fmt"
	"math"
	"net"
	"net/mail"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"almasu/exchange"
)

// badValue says what is wrong with the text of a setting.
type badValue struct{ what, remedy string }

func (b *badValue) Error() string { return b.what + ", " + b.remedy }

func bad(remedy, format string, args ...any) error {
	return &badValue{fmt.Sprintf(format, args...), remedy}
}

// convert turns the text of a setting into a value of its type. Every error
// is a *badValue.
func convert(text string, t reflect.Type, is, dir string) (any, error) {
	switch t {
	case reflect.TypeFor[*time.Location]():
		return zone(text, time.LoadLocation)
	case reflect.TypeFor[time.Duration]():
		return Duration(text)
	case reflect.TypeFor[*bool]():
		b := text == "true"
		return &b, nil
	}
	switch {
	case t.Kind() == reflect.Bool:
		return strings.EqualFold(text, "true"), nil
	case t.Kind() == reflect.Int64 && is == "size":
		return size(text)
	case t.Kind() == reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > math.MaxInt32 {
			return nil, bad("write a whole number from 1 up", "%q is no count", clip(text))
		}
		return n, nil
	}
	return checkText(text, is, dir)
}

// checkText is convert for settings that stay text.
func checkText(text, is, dir string) (any, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, bad("remove them", "contains control characters")
	}
	switch is {
	case "":
		return text, nil
	case "id":
		if !exchange.ValidID(text) {
			return nil, bad("use 1 to 64 of A-Z a-z 0-9 . _ : -", "%q is no id", clip(text))
		}
		return text, nil
	case "address":
		return address(text)
	case "fqdn":
		return matches(text, `^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`,
			"a host name", "write it as soc.example")
	case "bin":
		return matches(text, `^[0-9]{12}$`, "a BIN", "write its 12 digits")
	case "phone":
		return matches(strings.NewReplacer(" ", "", "-", "", "(", "", ")", "").Replace(text), `^\+[1-9][0-9]{6,14}$`,
			"a telephone number", "write it as +77012345678 (E.164)")
	case "fingerprint":
		return fingerprint(text)
	case "clock":
		return matches(text, `^([01][0-9]|2[0-3]):[0-5][0-9]$`, "a time of day", `write it in quotes, as "08:00"`)
	case "webhook":
		return webhook(text)
	case "cidr", "asn", "url", "cpe":
		return asset(text, is)
	case "path", "folder", "secret", "glob", "glob or oid", "store", "listen", "hostport":
		return place(text, is, dir)
	}
	allowed := strings.Split(is, "|")
	if !slices.Contains(allowed, text) {
		remedy := "write one of " + strings.Join(allowed, ", ")
		if n := nearest(text, allowed); n != "" {
			remedy = fmt.Sprintf("did you mean %q?", n)
		}
		return nil, bad(remedy, "%q is not known here", clip(text))
	}
	return text, nil
}

// place is checkText for what names a file, a host or a store.
func place(text, is, dir string) (any, error) {
	if text == "" {
		return text, nil // written as "": not set
	}
	switch is {
	case "hostport":
		return hostport(text)
	case "listen":
		if strings.Contains(text, "/") {
			return resolve(text, dir), nil
		}
		return hostport(text)
	case "store":
		return store(text, dir)
	case "secret":
		if scheme, name, ok := strings.Cut(text, ":"); ok && (scheme == "env" || scheme == "credential") {
			return text, validName(scheme, name)
		}
	case "glob", "glob or oid":
		if is == "glob or oid" && regexp.MustCompile(`^[0-2](\.[0-9]+)+$`).MatchString(text) {
			return text, nil
		}
		return glob(text, dir)
	}
	return resolve(text, dir), nil
}

func matches(text, pattern, what, remedy string) (any, error) {
	if !regexp.MustCompile(pattern).MatchString(text) {
		return nil, bad(remedy, "%q is not %s", clip(text), what)
	}
	return text, nil
}

// size reads bytes: 512, 64KiB, 50MiB, 2GiB.
func size(text string) (int64, error) {
	const remedy = "write bytes, or a whole number with KiB, MiB or GiB, as in 50MiB"
	m := regexp.MustCompile(`^([0-9]{1,15}) ?(B|KiB|MiB|GiB)?$`).FindStringSubmatch(text)
	if m == nil {
		return 0, bad(remedy, "%q is no size", clip(text))
	}
	n, _ := strconv.ParseInt(m[1], 10, 64)
	shift := map[string]uint{"KiB": 10, "MiB": 20, "GiB": 30}[m[2]]
	if n < 1 || n > math.MaxInt64>>shift {
		return 0, bad(remedy, "%q is out of range", clip(text))
	}
	return n << shift, nil
}

// Duration reads 90s, 10m, 2h, 14d, 5y and their sums, as in 1d12h. A year has
// 365 days and a quarter.
func Duration(text string) (time.Duration, error) {
	const remedy = "write a number with s, m, h, d or y, as in 10m or 14d"
	if years, rest, has := strings.Cut(text, "y"); has {
		n, err := strconv.Atoi(years)
		if err != nil || n < 1 || n > 100 || strings.Contains(rest, "y") {
			return 0, bad(remedy, "%q is no duration", clip(text))
		}
		total := time.Duration(n) * (365*24 + 6) * time.Hour
		if rest == "" {
			return total, nil
		}
		more, err := Duration(rest)
		return total + more, err
	}
	days, rest, hasDays := strings.Cut(text, "d")
	var total time.Duration
	if hasDays {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 36500 {
			return 0, bad(remedy, "%q is no duration", clip(text))
		}
		total = time.Duration(n) * 24 * time.Hour
	} else {
		rest = text
	}
	if rest != "" || !hasDays {
		more, err := time.ParseDuration(rest)
		if err != nil || more < 0 || more > 36500*24*time.Hour {
			return 0, bad(remedy, "%q is no duration", clip(text))
		}
		total += more
	}
	if total <= 0 {
		return 0, bad(remedy, "%q is out of range", clip(text))
	}
	return total, nil
}

// address reads one addr-spec and lowers its domain (RFC 5321 2.4).
func address(text string) (any, error) {
	const remedy = "write the address alone, as in exchange@soc.example"
	a, err := mail.ParseAddress(text)
	if err != nil || a.Name != "" || a.Address != text || strings.ContainsAny(text, " \"<>") {
		return nil, bad(remedy, "%q is no e-mail address", clip(text))
	}
	at := strings.LastIndexByte(text, '@')
	return text[:at] + strings.ToLower(text[at:]), nil
}

// fingerprint reads a whole key or certificate fingerprint, upper-case hex, or
// the serial number of a certificate as SERIAL:hex.
func fingerprint(text string) (any, error) {
	f := strings.ToUpper(strings.NewReplacer(" ", "", ":", "").Replace(text))
	if serial, ok := strings.CutPrefix(f, "SERIAL"); ok && regexp.MustCompile(`^[0-9A-F]{1,40}$`).MatchString(serial) {
		return "SERIAL:" + serial, nil
	}
	if !regexp.MustCompile(`^([0-9A-F]{40}|[0-9A-F]{64})$`).MatchString(f) {
		return nil, bad("write the whole fingerprint, 40 or 64 hexadecimal digits; a short key id can be forged",
			"%q is no fingerprint", clip(text))
	}
	return f, nil
}

func hostport(text string) (any, error) {
	const remedy = "write host:port, as in mail.example:993"
	host, port, err := net.SplitHostPort(text)
	if err != nil || strings.ContainsAny(host, "/@ ") {
		return nil, bad(remedy, "%q has no host and port", clip(text))
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return nil, bad(remedy, "%q has no port number", clip(text))
	}
	return text, nil
}

// store checks the place of the store. The text is never repeated: it may
// carry a password.
func store(text, dir string) (any, error) {
	const remedy = "write sqlite:PATH or postgres://user@host/database"
	scheme, rest, _ := strings.Cut(text, ":")
	switch scheme {
	case "sqlite":
		if rest == "" || strings.HasPrefix(rest, "//") {
			return nil, bad(remedy, "sqlite: names no file")
		}
		return "sqlite:" + resolve(rest, dir), nil
	case "postgres", "postgresql":
		if !strings.HasPrefix(rest, "//") {
			return nil, bad(remedy, "the postgres address has no //")
		}
		return text, nil
	}
	return nil, bad(remedy, "neither a SQLite file nor a PostgreSQL address")
}

func resolve(path, dir string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// glob resolves a pattern; the folder of the file is taken literally.
func glob(pattern, dir string) (any, error) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return nil, bad("check its brackets", "%q is no file pattern", clip(pattern))
	}
	if filepath.IsAbs(pattern) {
		return filepath.Clean(pattern), nil
	}
	quoted := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
	return filepath.Join(quoted, pattern), nil
}
