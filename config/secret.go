package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// biggest is the most a file of settings, a key or a secret may hold, bytes.
const biggest = 4 << 20

// Secret reads what a reference names: a file (one line end at its end is
// dropped), env:NAME, or credential:NAME of systemd (systemd.exec(5),
// LoadCredential). No error holds any of it. The reference "" is no secret: nil.
func Secret(ref string) ([]byte, error) {
	scheme, name, _ := strings.Cut(ref, ":")
	switch {
	case ref == "":
		return nil, nil
	case scheme == "env":
		value, ok := os.LookupEnv(name)
		if !ok {
			return nil, fmt.Errorf("read the secret %s: the environment has no such variable: set it where the service is started: %w", ref, fs.ErrNotExist)
		}
		return []byte(value), nil
	case scheme == "credential":
		dir := os.Getenv("CREDENTIALS_DIRECTORY")
		if dir == "" {
			return nil, fmt.Errorf("read the secret %s: not started by systemd with credentials: add LoadCredential=%s:FILE to the unit: %w", ref, name, fs.ErrNotExist)
		}
		ref = filepath.Join(dir, name)
	}
	data, err := ReadFile(ref)
	if err != nil {
		return nil, fmt.Errorf("read a secret: %w", err)
	}
	data = bytes.TrimSuffix(data, []byte("\n"))
	return bytes.TrimSuffix(data, []byte("\r")), nil
}

// SecretWarning says why the file of a secret is not well kept, "" if it is,
// or if it is no file.
func SecretWarning(ref string) string {
	info, err := os.Stat(ref)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 {
		return ""
	}
	// systemd hands credentials out as 0400 or 0440 in a folder only the service sees.
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" && strings.HasPrefix(ref, dir+"/") {
		return ""
	}
	if info.Mode().Perm()&0o077 == 0o040 {
		return "" // root:almasu 0640, as a package installs it
	}
	return fmt.Sprintf("%s: mode %04o lets others at a secret; chmod 600 %s", ref, info.Mode().Perm(), ref)
}

// ReadFile reads a key, certificate or other small file whole.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, hinted(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: it is no file: name a regular file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, biggest+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(data) > biggest {
		return nil, fmt.Errorf("read %s: it is larger than %d MiB: is this the right file?", path, biggest>>20)
	}
	return data, nil
}

// Read returns the bytes of the key file and its passphrase, nil if it has none.
func (k KeyFile) Read() (data, passphrase []byte, err error) {
	if data, err = ReadFile(k.File); err != nil {
		return nil, nil, err
	}
	passphrase, err = Secret(k.PassphraseFile)
	return data, passphrase, err
}

// Read returns the bytes of the file of key or certificate, and what unlocks the
// key: its passphrase, or the PIN of its token. nil if it has none.
func (k CertKey) Read() (data, secret []byte, err error) {
	if k.InToken() {
		return KeyFile{File: k.Cert, PassphraseFile: k.PKCS11.PINFile}.Read()
	}
	return KeyFile{File: k.File, PassphraseFile: k.PassphraseFile}.Read()
}

func hinted(path string, err error) error {
	cause := err
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		cause = pathError.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read %s: %w: check the path", path, cause)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("read %s: %w: let user id %d read it", path, cause, os.Geteuid())
	}
	return fmt.Errorf("read %s: %w", path, cause)
}

// validName checks the NAME of env:NAME or credential:NAME.
func validName(scheme, name string) error {
	pattern := `^[A-Za-z_][A-Za-z0-9_]*$`
	if scheme == "credential" {
		pattern = `^[A-Za-z0-9_][A-Za-z0-9._-]*$`
	}
	if !regexp.MustCompile(pattern).MatchString(name) {
		return bad("write "+scheme+":NAME", "%q is no name for %s", clip(name), scheme)
	}
	return nil
}

// isFile reports whether a checked setting names a file that must exist.
func isFile(is, value string) bool {
	if value == "" || is != "path" && is != "secret" {
		return false
	}
	return is == "path" || !strings.HasPrefix(value, "env:") && !strings.HasPrefix(value, "credential:")
}

func readSettings(path string) ([]byte, error) {
	data, err := ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load the configuration: %w", err)
	}
	return data, nil
}
