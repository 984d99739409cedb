// Package archive opens archives that arrive beside or around a report: zip,
// gzip, tar and gzipped tar, one level deep and in memory. It owns the limits on
// them and refuses whatever two programs could read in two ways: names that lead
// out of a folder, entries twice or over each other, links, encryption. What is
// inside an archive inside an archive is never looked at, 7z is only recognised.
package archive

import (
	"bytes"
	"path"
	"strings"

	"almasu/exchange"
	"almasu/internal/mimepart"
)

// Kind is a format of archives.
type Kind string

// The kinds. Seven is not opened.
const (
	None  Kind = ""
	Zip   Kind = "zip"
	Gzip  Kind = "gzip"
	Tar   Kind = "tar"
	Seven Kind = "7z"
)

// Limits bound an archive; a zero value means the default.
type Limits struct {
	Entries  int   // limits.archive_entries: 100
	Bytes    int64 // limits.archive_size, octets of all entries unpacked: 64 MiB
	Ratio    int   // limits.archive_ratio, unpacked to packed, beyond the first MiB: 100
	Document int64 // octets of an entry that are unpacked: one more than this
	Held     int64 // octets of all entries unpacked: four documents
}

// The defaults, and how many documents' worth of entries is held in memory.
const (
	defaultEntries  = 100
	defaultBytes    = 64 << 20
	defaultRatio    = 100
	defaultDocument = 4 << 20
	ratioFrom       = 1 << 20
	documentsHeld   = 4
)

func (l Limits) orDefault() Limits {
	if l.Entries <= 0 {
		l.Entries = defaultEntries
	}
	if l.Bytes <= 0 {
		l.Bytes = defaultBytes
	}
	if l.Ratio <= 0 {
		l.Ratio = defaultRatio
	}
	if l.Document <= 0 {
		l.Document = defaultDocument
	}
	if l.Held <= 0 {
		l.Held = documentsHeld * (l.Document + 1)
	}
	return l
}

// Whole is the limits with the defaults put in.
func (l Limits) Whole() Limits { return l.orDefault() }

// Less is what the limits leave once these entries were taken.
func (l Limits) Less(entries []Entry) Limits {
	l.Entries = max(l.Entries-len(entries), 1)
	for _, e := range entries {
		l.Held = max(l.Held-int64(len(e.Body)), 1)
	}
	return l
}

// Entry is one file of an archive.
type Entry struct {
	Name string // without its folders
	Body []byte // nil where it can be no report and is only listed; cut off after Limits.Document + 1 octets
}

// Fault is why an archive was not opened: a problem's code and the key and
// arguments of its text.
type Fault struct {
	Code exchange.ProblemCode
	Key  string
	Args []string
}

func limited(key string, args ...string) *Fault { return &Fault{exchange.ProblemLimit, key, args} }
func damaged() *Fault                           { return &Fault{Code: exchange.ProblemSyntax, Key: "archive-damaged"} }
func unsafe(key string) *Fault                  { return &Fault{Code: exchange.ProblemSemantic, Key: key} }

// KindOf tells an archive by its declared media type, then by its name, then by
// its content. differs reports that the content is that of no archive, or of
// another; the content is believed. Office documents are no archives.
func KindOf(d exchange.Document) (kind Kind, differs bool) {
	declared := declaredKind(d)
	content := contentKind(d.Body)
	if declared == None && !anything(d) {
		return None, false
	}
	if content == Zip && office(d) {
		return None, false
	}
	return content, declared != None && declared != content
}

func declaredKind(d exchange.Document) Kind {
	switch d.MediaType {
	case "application/zip", "application/x-zip-compressed", "application/x-zip":
		return Zip
	case "application/gzip", "application/x-gzip", "application/x-gtar-compressed", "application/x-tgz":
		return Gzip
	case "application/x-tar", "application/x-gtar", "application/x-ustar":
		return Tar
	case "application/x-7z-compressed":
		return Seven
	}
	if !anything(d) {
		return None
	}
	return map[string]Kind{".zip": Zip, ".gz": Gzip, ".tgz": Gzip, ".tar": Tar, ".7z": Seven}[strings.ToLower(path.Ext(d.Name))]
}

// anything: the media type says nothing.
func anything(d exchange.Document) bool {
	return d.MediaType == "" || d.MediaType == "application/octet-stream" || d.MediaType == "application/binary" || d.MediaType == "application/x-compressed"
}

// office: a spreadsheet or text of an office program, which are zips inside.
func office(d exchange.Document) bool {
	switch strings.ToLower(path.Ext(d.Name)) {
	case ".xlsx", ".xlsm", ".xlsb", ".docx", ".docm", ".pptx", ".ods", ".odt", ".odp":
		return true
	}
	head := d.Body[:min(len(d.Body), 512)]
	return bytes.Contains(head, []byte("[Content_Types].xml")) || bytes.Contains(head, []byte("mimetypeapplication/vnd.oasis"))
}

func contentKind(body []byte) Kind {
	switch {
	case bytes.HasPrefix(body, []byte("PK\x03\x04")), bytes.HasPrefix(body, []byte("PK\x05\x06")):
		return Zip
	case bytes.HasPrefix(body, []byte("\x1f\x8b")):
		return Gzip
	case bytes.HasPrefix(body, []byte("7z\xbc\xaf\x27\x1c")):
		return Seven
	case len(body) >= 512 && bytes.Equal(body[257:262], []byte("ustar")):
		return Tar
	}
	return None
}

// Open lists the files of an archive and unpacks those that may be reports.
// With a fault there are none: an archive is opened as a whole or not at all.
func Open(d exchange.Document, kind Kind, l Limits) ([]Entry, *Fault) {
	p := &unpacking{limits: l.orDefault(), packed: int64(len(d.Body)), seen: map[string]bool{}}
	var f *Fault
	switch kind {
	case Zip:
		f = p.zip(d.Body)
	case Gzip:
		f = p.gzip(d.Body, d.Name)
	case Tar:
		f = p.tar(bytes.NewReader(d.Body))
	default:
		f = unsafe("archive-kind")
	}
	if f != nil {
		return nil, f
	}
	return p.entries, nil
}

// mayBeReport: by its name an entry may be one.
func mayBeReport(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".json", ".xml", ".txt", "":
		return true
	}
	return false
}

// safeName is the last part of an entry's name; ok is false for one that leads
// out of the archive's own folder. Backslashes are slashes: old programs under
// Windows write them.
func safeName(name string) (full, last string, ok bool) {
	full = strings.ReplaceAll(name, `\`, "/")
	drive := len(full) > 1 && full[1] == ':'
	if strings.HasPrefix(full, "/") || drive || strings.Contains(full, "\x00") || full == "" {
		return "", "", false
	}
	for _, step := range strings.Split(full, "/") {
		if step == ".." {
			return "", "", false
		}
	}
	return path.Clean(full), mimepart.CleanName(full), true
}
