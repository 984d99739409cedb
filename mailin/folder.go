package mailin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// learnNames asks for the hierarchy delimiter and the prefix of our own
// namespace (RFC 9051 6.3.9 and 6.3.10), once per session.
func (s *session) learnNames() error {
	if s.delim != 0 {
		return nil
	}
	return s.do(StepFolders, func() error {
		s.delim = '/'
		root, err := s.client.List("", "", nil).Collect()
		if err != nil && !refused(err) {
			return err
		}
		if len(root) > 0 && root[0].Delim != 0 {
			s.delim = root[0].Delim
		}
		if !s.caps.Has(imap.CapNamespace) {
			return nil
		}
		ns, err := s.client.Namespace().Wait()
		if err != nil && !refused(err) {
			return err
		}
		if err == nil && len(ns.Personal) > 0 {
			s.prefix = ns.Personal[0].Prefix
			if d := ns.Personal[0].Delim; d != 0 {
				s.delim = d
			}
		}
		return nil
	})
}

// candidates are the server's possible names for a configured folder: "/" is
// the server's delimiter, and the prefix of our namespace may be left out.
func (s *session) candidates(folder string) []string {
	name := strings.ReplaceAll(folder, "/", string(s.delim))
	inbox := "INBOX" + string(s.delim)
	prefix := s.prefix
	if prefix == "" {
		prefix = inbox // servers that keep all folders below INBOX and do not say so
		if strings.HasPrefix(name, prefix) {
			return []string{name}
		}
		return []string{name, prefix + name}
	}
	if strings.HasPrefix(name, prefix) {
		return []string{name}
	}
	return []string{prefix + name, name}
}

// find returns the server's name of an existing folder, "" if there is none.
func (s *session) find(folder string) (string, error) {
	if err := s.learnNames(); err != nil {
		return "", err
	}
	for _, name := range s.candidates(folder) {
		var there bool
		err := s.do(StepFolders, func() error {
			list, err := s.client.List("", name, nil).Collect()
			for _, l := range list {
				there = there || l.Mailbox == name && !unreal(l.Attrs)
			}
			return err
		})
		if err != nil && !refused(err) {
			return "", err
		}
		if there {
			return name, nil
		}
	}
	return "", nil
}

// folder returns the server's name of a folder and makes the folder where it
// is missing. The answer is kept for the session; forget drops it.
func (s *session) folder(folder string) (string, error) {
	if name := s.known[folder]; name != "" {
		return name, nil
	}
	name, err := s.find(folder)
	if err == nil && name == "" {
		name, err = s.create(folder)
	}
	if err != nil {
		return "", err
	}
	s.known[folder] = name
	return name, nil
}

func (s *session) forget(folder string) { delete(s.known, folder) }

func (s *session) create(folder string) (string, error) {
	var first error
	for _, name := range s.candidates(folder) {
		err := s.do(StepFolders, func() error {
			if err := s.client.Create(name, nil).Wait(); err != nil {
				return fmt.Errorf("create %q: %w", name, err)
			}
			// Subscribed, so that people see it; the folder works without.
			if err := s.client.Subscribe(name).Wait(); err != nil && !refused(err) {
				return err
			}
			return nil
		})
		if err == nil {
			s.m.Log.Info("folder made", "folder", name)
			return name, nil
		}
		if !refused(err) {
			return "", err
		}
		if first == nil {
			first = err
		}
	}
	return "", first
}

// unreal reports that a name is listed without a folder behind it.
func unreal(attrs []imap.MailboxAttr) bool {
	return slices.ContainsFunc(attrs, func(a imap.MailboxAttr) bool {
		return strings.EqualFold(string(a), string(imap.MailboxAttrNoSelect)) || strings.EqualFold(string(a), string(imap.MailboxAttrNonExistent))
	})
}
