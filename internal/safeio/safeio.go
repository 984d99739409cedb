// Package safeio puts small files onto the disk so that after a crash either
// the whole file is there or none of it: written beside its place, synced,
// moved, and the folder synced.
//
// It owns the order of those steps and who may read the file. It refuses to
// overwrite (Create) unless asked to (Replace), and it knows nothing of what
// the bytes mean.
package safeio

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Create writes a new file. If there is one already the error matches
// fs.ErrExist and nothing was changed.
func Create(path string, data []byte, mode fs.FileMode) error {
	return write(disk{}, path, data, mode, disk.place)
}

// Replace writes a file and takes the place of the one that was there, if any.
func Replace(path string, data []byte, mode fs.FileMode) error {
	return write(disk{}, path, data, mode, disk.swap)
}

// Folder makes a folder and its parents, and syncs the parent of each one it
// made. A folder that is there is left as it is.
func Folder(path string, mode fs.FileMode) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return nil
	}
	if err == nil {
		return fmt.Errorf("make the folder %s: a file has that name", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make the folder %s: %w", path, err)
	}
	if parent := filepath.Dir(path); parent != path {
		if err := Folder(parent, mode); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the folder %s: %w", path, err)
	}
	return disk{}.syncFolder(filepath.Dir(path))
}

// steps are the calls that can fail; the tests fail each in turn.
type steps interface {
	write(f *os.File, data []byte) error
	sync(f *os.File) error
	close(f *os.File) error
	syncFolder(path string) error
}

func write[S steps](s S, path string, data []byte, mode fs.FileMode, move func(disk, string, string) error) (err error) {
	folder, name := filepath.Split(path)
	if folder == "" {
		folder = "."
	}
	f, err := os.CreateTemp(folder, "."+name+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	for _, step := range []func() error{
		func() error { return f.Chmod(mode) },
		func() error { return s.write(f, data) },
		func() error { return s.sync(f) },
	} {
		if err := step(); err != nil {
			f.Close()
			return err
		}
	}
	if err := s.close(f); err != nil {
		return err
	}
	if err := move(disk{}, f.Name(), path); err != nil {
		return err
	}
	return s.syncFolder(folder)
}

// disk is the real thing.
type disk struct{}

func (disk) write(f *os.File, data []byte) error { _, err := f.Write(data); return err }
func (disk) sync(f *os.File) error               { return f.Sync() }
func (disk) close(f *os.File) error              { return f.Close() }

func (disk) syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// place moves without overwriting: a second name for the finished file, which
// fails if the name is taken, and the first name goes.
func (disk) place(from, to string) error {
	if err := os.Link(from, to); err != nil {
		return err
	}
	return os.Remove(from)
}

func (disk) swap(from, to string) error { return os.Rename(from, to) }
