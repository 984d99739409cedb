package revocation

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"almasu/internal/safeio"
)

// ErrNotKept says that an answer was taken but could not be kept for the next
// start.
var ErrNotKept = errors.New("the answer could not be kept in trust.fetch.cache")

// cache is a folder with one file for each answer, named by the digest of its
// key. What is in it counts only if Judge takes it: whoever can write there can
// at most take answers away.
type cache struct{ folder string }

func (c cache) path(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(c.folder, hex.EncodeToString(sum[:])+".der")
}

func (c cache) get(key string, limit int64) ([]byte, bool) {
	if c.folder == "" {
		return nil, false
	}
	f, err := os.Open(c.path(key))
	if err != nil {
		return nil, false
	}
	defer f.Close()
	answer, err := limited(f, limit)
	return answer, err == nil
}

func (c cache) put(key string, answer []byte) error {
	if c.folder == "" {
		return nil
	}
	if err := safeio.Folder(c.folder, 0o750); err != nil {
		return err
	}
	return safeio.Replace(c.path(key), answer, 0o640)
}

// Sweep removes what was kept longer ago than an age: answers about
// certificates that nobody has any more.
func (c *Client) Sweep(now time.Time, age time.Duration) error {
	files, err := os.ReadDir(c.options.Folder)
	if c.options.Folder == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, f := range files {
		info, infoErr := f.Info()
		if infoErr == nil && filepath.Ext(f.Name()) == ".der" && info.Mode().IsRegular() && now.Sub(info.ModTime()) > age {
			err = errors.Join(err, os.Remove(filepath.Join(c.options.Folder, f.Name())))
		}
	}
	return err
}
