package parser

import (
	"strings"

	"almasu/exchange"
	"almasu/parser/archive"
)

// Findings about archives.
const (
	FindingArchive = "unopened-archive" // over a limit, damaged, encrypted, ambiguous, or 7z
	FindingNested  = "nested-archive"   // an archive in an archive, which is not looked at
)

// unpacking is the documents of a message and what stood in its archives.
type unpacking struct {
	documents []exchange.Document
	findings  []string
	closed    exchange.Document // the first archive that was not opened
	fault     *archive.Fault    // why, nil where all were
}

// unpack opens the archives among the documents. The limits on entries and on
// what is held in memory are those of the message.
func unpack(docs []exchange.Document, l Limits) unpacking {
	var u unpacking
	limits := archive.Limits{Entries: l.ArchiveEntries, Bytes: l.ArchiveBytes, Ratio: l.ArchiveRatio, Document: l.document()}.Whole()
	for _, d := range docs {
		u.documents = append(u.documents, d)
		kind, differs := archive.KindOf(d)
		if differs {
			u.find(FindingMediaType)
		}
		if kind == archive.None {
			continue
		}
		entries, fault := archive.Open(d, kind, limits)
		if fault != nil {
			u.find(FindingArchive)
			if u.fault == nil {
				u.closed, u.fault = d, fault
			}
			continue
		}
		for _, e := range entries {
			u.add(d, e, len(entries) == 1)
		}
		limits = limits.Less(entries)
	}
	return u
}

// add puts an entry beside its archive: in the place of it where it is the only
// one.
func (u *unpacking) add(in exchange.Document, e archive.Entry, only bool) {
	d := exchange.Document{Name: e.Name, Path: in.Path, Body: e.Body}
	if !only {
		d.Path += "!" + e.Name
	}
	if kind, _ := archive.KindOf(d); kind != archive.None || strings.HasSuffix(strings.ToLower(e.Name), ".zip") {
		u.find(FindingNested)
	}
	u.documents = append(u.documents, d)
}

func (u *unpacking) find(finding string) {
	for _, f := range u.findings {
		if f == finding {
			return
		}
	}
	u.findings = append(u.findings, finding)
}

// refuseArchive refuses a message whose report may stand in an archive that
// was not opened.
func (p *Parsed) refuseArchive(f *archive.Fault) {
	p.problem(f.Code, f.Key, f.Args...)
	code := exchange.Malformed
	if f.Code == exchange.ProblemLimit {
		code = exchange.Invalid
	}
	p.refuse(code)
}
