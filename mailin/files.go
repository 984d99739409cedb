package mailin

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// FileMessage is one message in a file.
type FileMessage struct {
	File   string    // path
	Offset int64     // octets of the whole import before this message
	Next   int64     // octets of the whole import done after it, for a progress bar
	Size   int64     // octets of the message
	Date   time.Time // the file's, or the mbox entry's; zero if not known
	open   func() (io.ReadCloser, error)
}

// Open reads the message from its beginning; it may be opened again.
func (m FileMessage) Open() (io.ReadCloser, error) { return m.open() }

// Files are the messages below a path: an mbox file, a single message (.eml),
// a Maildir (folders cur and new), or a folder of .eml and .mbox files.
type Files struct {
	list  []file
	total int64
}

type file struct {
	path string
	size int64
	mbox bool
}

// OpenFiles looks at what is there and how many octets it has; it reads no
// message yet. Links, pipes and other things that are no files are passed over
// inside folders.
func OpenFiles(path string) (*Files, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	f := &Files{}
	switch {
	case info.Mode().IsRegular():
		err = f.add(path, info.Size())
	case !info.IsDir():
		err = fmt.Errorf("%s is neither a file nor a folder", path)
	case isMaildir(path):
		err = f.maildir(path)
	default:
		err = f.folder(path)
	}
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	return f, nil
}

// Total is the size of all files in octets.
func (f *Files) Total() int64 { return f.total }

// All goes through the messages. A file that cannot be read gives an error
// that names it, and the next file follows.
func (f *Files) All() iter.Seq2[FileMessage, error] {
	return func(yield func(FileMessage, error) bool) {
		var done int64
		for _, file := range f.list {
			if !file.each(done, yield) {
				return
			}
			done += file.size
		}
	}
}

func (f *Files) add(path string, size int64) error {
	mbox := strings.EqualFold(filepath.Ext(path), ".mbox")
	if !mbox && !strings.EqualFold(filepath.Ext(path), ".eml") {
		var err error
		if mbox, err = startsMbox(path); err != nil {
			return err
		}
	}
	f.list = append(f.list, file{path, size, mbox})
	f.total += size
	return nil
}

// startsMbox tells an mbox without the usual name by its first line.
func startsMbox(path string) (bool, error) {
	r, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer r.Close()
	first := make([]byte, 512)
	n, err := io.ReadFull(r, first)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	line, _, _ := bytes.Cut(first[:n], []byte("\n"))
	return isFromLine(line), nil
}

func isMaildir(path string) bool {
	for _, sub := range []string{"cur", "new"} {
		if info, err := os.Stat(filepath.Join(path, sub)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// maildir lists new and cur in the order of the names, which begin with the
// time of delivery; tmp holds unfinished deliveries and is left alone.
func (f *Files) maildir(path string) error {
	for _, sub := range []string{"new", "cur"} {
		entries, err := os.ReadDir(filepath.Join(path, sub))
		if err != nil {
			return err
		}
		for _, e := range entries {
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) || err == nil && (!info.Mode().IsRegular() || strings.HasPrefix(e.Name(), ".")) {
				continue
			} else if err != nil {
				return err
			}
			f.list = append(f.list, file{path: filepath.Join(path, sub, e.Name()), size: info.Size()})
			f.total += info.Size()
		}
	}
	slices.SortStableFunc(f.list, func(a, b file) int { return strings.Compare(filepath.Base(a.path), filepath.Base(b.path)) })
	return nil
}

func (f *Files) folder(path string) error {
	return filepath.WalkDir(path, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		ext := strings.ToLower(filepath.Ext(path))
		if !e.Type().IsRegular() || ext != ".eml" && ext != ".mbox" {
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		return f.add(path, info.Size())
	})
}

// each yields the messages of one file; done is where it begins in the import.
func (f file) each(done int64, yield func(FileMessage, error) bool) bool {
	r, err := os.Open(f.path)
	if err != nil {
		return yield(FileMessage{File: f.path, Offset: done, Next: done + f.size}, fmt.Errorf("import: %w", err))
	}
	defer r.Close()
	if f.mbox {
		return f.eachOfMbox(r, done, yield)
	}
	m, err := f.single(r)
	m.Offset, m.Next = done, done+f.size
	return yield(m, err)
}

// single is a file of one message. A From_ line in front, left over from an
// mbox, is no part of it.
func (f file) single(r *os.File) (FileMessage, error) {
	m := FileMessage{File: f.path}
	info, err := r.Stat()
	if err != nil {
		return m, fmt.Errorf("import: %w", err)
	}
	first, err := bufio.NewReaderSize(r, 4096).ReadSlice('\n')
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return m, fmt.Errorf("import: read %s: %w", f.path, err)
	}
	var skip int64
	if err == nil && (bytes.HasPrefix(first, []byte("From ")) || bytes.HasPrefix(first, []byte(">From "))) {
		skip = int64(len(first))
	}
	m.Size, m.Date = info.Size()-skip, info.ModTime().UTC()
	m.open = func() (io.ReadCloser, error) { return openSection(f.path, skip, m.Size, false) }
	return m, nil
}

func (f file) eachOfMbox(r io.Reader, done int64, yield func(FileMessage, error) bool) bool {
	scan := newMboxScanner(r)
	offset := done
	for {
		s, err := scan.next()
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			return yield(FileMessage{File: f.path, Offset: offset, Next: done + f.size}, fmt.Errorf("import: read %s: %w", f.path, err))
		}
		m := FileMessage{File: f.path, Offset: offset, Next: done + s.next, Size: s.size, Date: s.date}
		m.open = func() (io.ReadCloser, error) { return openSection(f.path, s.start, s.end-s.start, true) }
		if !yield(m, nil) {
			return false
		}
		offset = m.Next
	}
}

// section is a part of a file being read.
type section struct {
	io.Reader
	file *os.File
}

// Close closes the file.
func (s section) Close() error { return s.file.Close() }

func openSection(path string, start, size int64, mbox bool) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	var r io.Reader = io.NewSectionReader(file, start, size)
	if mbox {
		r = unquote(r)
	}
	return section{r, file}, nil
}
