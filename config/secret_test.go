package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecret(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "pass")
	t.Setenv("ALMASU_TEST_SECRET", "from env\n")
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	for name, c := range map[string]struct{ ref, content, want string }{
		"file":               {file, "hunter2", "hunter2"},
		"line-end-dropped":   {file, "hunter2\n", "hunter2"},
		"dos-line-end":       {file, "hunter2\r\n", "hunter2"},
		"only-one-line-end":  {file, "hunter2\n\n", "hunter2\n"},
		"spaces-kept":        {file, " hunter2 \n", " hunter2 "},
		"empty-file":         {file, "", ""},
		"environment-as-is":  {"env:ALMASU_TEST_SECRET", "", "from env\n"},
		"systemd-credential": {"credential:pass", "hunter2\n", "hunter2"},
		"no-reference":       {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			put(t, file, c.content)
			got, err := Secret(c.ref)
			if err != nil || string(got) != c.want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestSecretErrors(t *testing.T) {
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	for name, c := range map[string]struct{ ref, hint string }{
		"file-missing":       {filepath.Join(t.TempDir(), "gone"), "check the path"},
		"variable-missing":   {"env:ALMASU_NO_SUCH_VARIABLE", "where the service is started"},
		"not-under-systemd":  {"credential:imap", "LoadCredential=imap"},
		"folder-for-a-file":  {t.TempDir(), "regular file"},
		"larger-than-secret": {big(t), "right file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Secret(c.ref)
			if err == nil || !strings.Contains(err.Error(), c.hint) {
				t.Errorf("got %v, want a hint %q", err, c.hint)
			}
		})
	}
	if _, err := Secret("env:ALMASU_NO_SUCH_VARIABLE"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func big(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "big")
	put(t, path, strings.Repeat("x", biggest+1))
	return path
}

func TestSecretWarning(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pass")
	put(t, file, "x")
	for mode, warned := range map[fs.FileMode]bool{0o600: false, 0o400: false, 0o640: false, 0o644: true, 0o660: true, 0o604: true} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if w := SecretWarning(file); (w != "") != warned {
			t.Errorf("%o: %q", mode, w)
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", filepath.Dir(file))
	if w := SecretWarning(file); w != "" {
		t.Errorf("a systemd credential: %q", w)
	}
	for _, ref := range []string{"", "env:X", "credential:x", "/no/such"} {
		if w := SecretWarning(ref); w != "" {
			t.Errorf("%s: %q", ref, w)
		}
	}
}

func TestKeyFileRead(t *testing.T) {
	dir := t.TempDir()
	key, pass := filepath.Join(dir, "key"), filepath.Join(dir, "pass")
	put(t, key, "key\n")
	put(t, pass, "open\n")
	data, passphrase, err := KeyFile{key, pass}.Read()
	if err != nil || string(data) != "key\n" || string(passphrase) != "open" {
		t.Errorf("%q %q %v", data, passphrase, err)
	}
	if _, p, err := (KeyFile{File: key}).Read(); err != nil || p != nil {
		t.Errorf("%q %v", p, err)
	}
	if _, _, err := (KeyFile{File: dir + "/gone", PassphraseFile: pass}).Read(); err == nil {
		t.Error("a missing key was read")
	}
}

func TestStoreHasPassword(t *testing.T) {
	for store, want := range map[string]bool{
		"sqlite:/x.db": false, "postgres://u@h/d": false, "postgres://u:p@h/d": true, "postgres://h/d?password=p": true, "postgres://[": false,
	} {
		if storeHasPassword(store) != want {
			t.Errorf("%s: want %v", store, want)
		}
	}
}
