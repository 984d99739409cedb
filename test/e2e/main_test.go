package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"almasu/internal/testmail"
	"almasu/internal/testpeer"
)

// run is what the tests of one run share: the binary and the cast. Both are
// made when the first test asks.
type run struct {
	dir    string
	binary func() (string, error)
	world  func() (*testmail.World, error)
}

// shared is set once by TestMain, before any test, and only read afterwards.
var shared *run

func TestMain(m *testing.M) {
	os.Exit(whole(m))
}

func whole(m *testing.M) int {
	dir, err := os.MkdirTemp("/tmp", "al-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	made := false
	shared = &run{dir: dir}
	shared.binary = sync.OnceValues(func() (string, error) { return build(filepath.Join(dir, "almasu")) })
	shared.world = sync.OnceValues(func() (*testmail.World, error) {
		made = true
		return testmail.NewWorld(dir, time.Now())
	})
	code := m.Run()
	if made {
		if w, err := shared.world(); err == nil {
			err = errors.Join(err, w.Close())
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// build builds the program, with the race detector where the test has it.
// ALMASU_BINARY in the environment names one to test instead, such as the one
// a package installed.
func build(to string) (string, error) {
	if ready := os.Getenv("ALMASU_BINARY"); ready != "" {
		return ready, nil
	}
	if err := lookAtSources(filepath.Join("..", "..")); err != nil {
		return "", err
	}
	args := []string{"build", "-o", to}
	if raceFlag != "" {
		args = append(args, raceFlag)
	}
	cmd := exec.Command("go", append(args, "almasu/cmd/almasu")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build almasu: %w\n%s", err, out)
	}
	return to, nil
}

// lookAtSources opens every source file of the module. The go command caches
// the result of a test by the files it opened: without this look a test of the
// binary would count as passed although the program had changed.
func lookAtSources(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "bin" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !d.Type().IsRegular() {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return f.Close()
	})
}

func binary(t *testing.T) string {
	t.Helper()
	path, err := shared.binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func world(t *testing.T) *testmail.World {
	t.Helper()
	testpeer.Need(t, "gpg", "gpgconf", "gpg-connect-agent")
	w, err := shared.world()
	if err != nil {
		t.Fatal(err)
	}
	return w
}
