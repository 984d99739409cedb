package mailin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"almasu/internal/safeio"
)

// Intake picks up files that are put into a folder: each is read when it is
// complete, handed over, and moved to Sent or Refused. A crash between the
// two hands it over again, so that whoever takes it must know it again.
//
// A file is complete when two looks find it with the same size and time. A
// program that writes slowly should write beside the folder, or under a name
// that begins with a dot or ends in .tmp or .part, and rename.
type Intake struct {
	Inbox, Sent, Refused string        // on one file system
	Poll                 time.Duration // between two looks, default 2 s
	MaxFile              int64         // octets handed over; of a larger file one more, so that it can be refused
	Log                  *slog.Logger  // default slog.Default()

	// Submit takes one file. The lines say what is wrong with it, nil that it
	// is taken; an error leaves it where it is for another try.
	Submit func(ctx context.Context, name string, body []byte) (wrong []string, err error)
}

// Numbers of the intake.
const (
	mostEntries = 10_000 // looked at in one look
	emptyLooks  = 30     // an empty file is believed to be meant so
)

// sight is how a file looked.
type sight struct {
	info  fs.FileInfo
	looks int  // in a row that it looked so
	told  bool // that it cannot be taken
}

// Run makes the folders and picks files up until ctx ends.
func (i *Intake) Run(ctx context.Context) error {
	w := *i
	if w.Poll <= 0 {
		w.Poll = 2 * time.Second
	}
	if w.Log == nil {
		w.Log = slog.Default()
	}
	for _, folder := range []string{w.Inbox, w.Sent, w.Refused} {
		if err := safeio.Folder(folder, 0o750); err != nil {
			return err
		}
	}
	seen := map[string]sight{}
	for {
		var err error
		if seen, err = w.look(ctx, seen); err != nil {
			w.Log.Error("folder not read", "folder", w.Inbox, "error", err)
		}
		if !sleep(ctx, w.Poll) {
			return nil
		}
	}
}

// look takes the files that look as they did the last time.
func (i *Intake) look(ctx context.Context, before map[string]sight) (map[string]sight, error) {
	inbox, err := os.OpenRoot(i.Inbox) // no name and no link leads out of it
	if err != nil {
		return before, err
	}
	defer inbox.Close()
	dir, err := inbox.Open(".")
	if err != nil {
		return before, err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(mostEntries)
	if err != nil && !errors.Is(err, io.EOF) {
		return before, err
	}
	now := map[string]sight{}
	for _, e := range entries {
		info, err := inbox.Lstat(e.Name())
		if err != nil || !info.Mode().IsRegular() || unfinished(e.Name()) || ctx.Err() != nil {
			continue
		}
		s := sight{info: info}
		if was, ok := before[e.Name()]; ok && same(was.info, info) {
			s.looks, s.told = was.looks+1, was.told
		}
		if s.looks > 0 && (info.Size() > 0 || s.looks >= emptyLooks) {
			if err := i.take(ctx, inbox, e.Name(), info); err == nil {
				continue
			} else if !s.told {
				i.Log.Error("file not taken, it stays in the folder", "file", e.Name(), "error", err)
				s.told = true
			}
		}
		now[e.Name()] = s
	}
	return now, nil
}

func unfinished(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.HasSuffix(name, ".tmp") || strings.HasSuffix(name, ".part")
}

func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// take hands one file over and moves it away.
func (i *Intake) take(ctx context.Context, inbox *os.Root, name string, expected fs.FileInfo) error {
	body, err := i.read(inbox, name, expected)
	if err != nil {
		return err
	}
	wrong, err := i.Submit(ctx, name, body)
	if err != nil {
		return err
	}
	to := i.Sent
	if wrong != nil {
		to = i.Refused
	}
	free, err := freeName(to, name)
	if err != nil {
		return err
	}
	if wrong != nil {
		i.Log.Warn("file refused", "file", name, "problem", wrong[0])
		if err := safeio.Replace(filepath.Join(to, free+".problems.txt"), []byte(strings.Join(wrong, "\n")+"\n"), 0o640); err != nil {
			return err
		}
	} else {
		i.Log.Info("file sent", "file", name)
	}
	// The move is last: after a crash before it the file is taken again.
	if err := os.Rename(filepath.Join(i.Inbox, name), filepath.Join(to, free)); err != nil {
		return fmt.Errorf("%w: both folders must be ours to write, and on one file system", err)
	}
	return nil
}

// read reads the file that was looked at, and no other that took its name, to
// its end, and not one that is still written.
func (i *Intake) read(inbox *os.Root, name string, expected fs.FileInfo) ([]byte, error) {
	f, err := inbox.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe in its place must not hold us up
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unchanged := func() error {
		if info, err := f.Stat(); err != nil || !same(expected, info) {
			return errors.Join(err, fmt.Errorf("it changed just now"))
		}
		return nil
	}
	if err := unchanged(); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(f, i.MaxFile+1))
	return body, errors.Join(err, unchanged())
}

// longestName leaves room for what is put behind a name; file systems take 255
// octets.
const longestName = 200

// freeName is a name like this one that no file in the folder has. The folder
// is ours: nobody else takes it before we do.
func freeName(folder, name string) (string, error) {
	extension := filepath.Ext(name)
	if len(name) > longestName {
		extension = extension[:min(len(extension), 20)]
		name = strings.ToValidUTF8(name[:longestName-len(extension)], "") + extension
	}
	free := name
	for n := 2; n <= mostEntries; n++ {
		if _, err := os.Lstat(filepath.Join(folder, free)); errors.Is(err, fs.ErrNotExist) {
			return free, nil
		} else if err != nil {
			return "", err
		}
		free = fmt.Sprintf("%s.%d%s", strings.TrimSuffix(name, extension), n, extension)
	}
	return "", fmt.Errorf("%s has too many files named like %s: empty it", folder, name)
}
