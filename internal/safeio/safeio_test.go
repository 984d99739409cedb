package safeio

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestCreateWritesWithMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := Create(path, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "secret")
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	alone(t, path)
}

func TestCreateRefusesToOverwrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Create(path, []byte("new"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("want fs.ErrExist, got %v", err)
	}
	holds(t, path, "old")
	alone(t, path)
}

func TestReplaceOverwrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	for _, text := range []string{"one", "two"} {
		if err := Replace(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		holds(t, path, text)
	}
	alone(t, path)
}

func TestNoFolderNoFile(t *testing.T) {
	err := Create(filepath.Join(t.TempDir(), "no", "file"), nil, 0o600)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want fs.ErrNotExist, got %v", err)
	}
}

var errInjected = errors.New("injected")

// faulty fails at one step, which it counts.
type faulty struct {
	disk
	left *int
}

func (f faulty) fail() error {
	*f.left--
	if *f.left == 0 {
		return errInjected
	}
	return nil
}

func (f faulty) write(file *os.File, data []byte) error {
	if err := f.fail(); err != nil {
		file.Write(data[:len(data)/2]) // a torn write, as on a full disk
		return err
	}
	return f.disk.write(file, data)
}

func (f faulty) sync(file *os.File) error {
	return errors.Join(f.fail(), f.disk.sync(file))
}

func (f faulty) close(file *os.File) error {
	return errors.Join(f.fail(), f.disk.close(file))
}

func (f faulty) syncFolder(path string) error {
	return errors.Join(f.fail(), f.disk.syncFolder(path))
}

func TestEachStepFails(t *testing.T) {
	for step, name := range []string{"write", "sync", "close", "folder sync"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state")
			if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
				t.Fatal(err)
			}
			left := step + 1
			if err := write(faulty{left: &left}, path, []byte("new!"), 0o644, disk.swap); !errors.Is(err, errInjected) {
				t.Fatalf("want the injected error, got %v", err)
			}
			want := "old"
			if name == "folder sync" {
				want = "new!" // moved already; only its durability is in doubt, and that is reported
			}
			holds(t, path, want)
			alone(t, path)
		})
	}
}

func TestFolder(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	for range 2 {
		if err := Folder(deep, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(root, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, filepath.Join(file, "below")} {
		if err := Folder(path, 0o750); err == nil {
			t.Errorf("%s: a file in the way was not noticed", path)
		}
	}
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q (%v), want %q", path, got, err, want)
	}
}

// alone makes sure that no half file stays behind.
func alone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v (%v)", entries, err)
	}
}
