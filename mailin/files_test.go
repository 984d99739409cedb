package mailin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// writeMbox writes an mboxrd file the way RFC 4155 and qmail's mbox(5) say.
func writeMbox(messages []string, eol string) string {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString("From soc@alfa.example Mon Jan  2 15:04:05 2006" + eol)
		for line := range strings.Lines(m) {
			if strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
				line = ">" + line
			}
			b.WriteString(line)
		}
		b.WriteString(eol)
	}
	return b.String()
}

// readMbox reads all messages of an mbox through the scanner.
func readMbox(t interface{ Fatalf(string, ...any) }, data string) (spans []span, messages []string) {
	scan := newMboxScanner(strings.NewReader(data))
	for {
		s, err := scan.next()
		if errors.Is(err, io.EOF) {
			return spans, messages
		}
		if err != nil || s.start > s.end || s.end > s.next || s.next > int64(len(data)) {
			t.Fatalf("span %+v of %d, %v", s, len(data), err)
		}
		m, err := io.ReadAll(unquote(strings.NewReader(data[s.start:s.end])))
		if err != nil || int64(len(m)) != s.size {
			t.Fatalf("size %d, message has %d, %v", s.size, len(m), err)
		}
		spans, messages = append(spans, s), append(messages, string(m))
	}
}

func TestMbox(t *testing.T) {
	const from = "From a@b Mon Jan  2 15:04:05 2006\n"
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"no From_ line", "Subject: x\n\nbody\n", nil},
		{"one", from + "A: b\n\nx\n\n", []string{"A: b\n\nx\n"}},
		{"without the last blank line", from + "A: b\n\nx\n", []string{"A: b\n\nx\n"}},
		{"without the last line end", from + "A: b\n\nx", []string{"A: b\n\nx"}},
		{"two", from + "A: b\n\nx\n\n" + from + "C: d\n\ny\n\n", []string{"A: b\n\nx\n", "C: d\n\ny\n"}},
		{"CRLF", strings.ReplaceAll(from+"A: b\n\nx\n\n"+from+"C: d\n\ny\n\n", "\n", "\r\n"), []string{"A: b\r\n\r\nx\r\n", "C: d\r\n\r\ny\r\n"}},
		{"quoted", from + "A: b\n\n>From me 10:00\n>>From you\n> From\n>from\n\n", []string{"A: b\n\nFrom me 10:00\n>From you\n> From\n>from\n"}},
		{"unquoted sentence", from + "A: b\n\nx\n\nFrom now on we meet\n\n", []string{"A: b\n\nx\n\nFrom now on we meet\n"}},
		{"From in the middle of a paragraph", from + "A: b\n\nx\nFrom a at 10:00\n\n", []string{"A: b\n\nx\nFrom a at 10:00\n"}},
		{"message ends with blank lines", from + "A: b\n\nx\n\n\n\n" + from + "y\n\n", []string{"A: b\n\nx\n\n\n", "y\n"}},
		{"empty messages", from + "\n" + from + from, []string{"", from}},
		{"Thunderbird", "From - Mon Jan  2 15:04:05 2006\nA: b\n\n\nFrom - Tue Jan  3 15:04:05 2006\nC: d\n\n", []string{"A: b\n\n", "C: d\n"}},
		{"a preamble", "\nold mail program says hello\n\n" + from + "A: b\n\n", []string{"A: b\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, got := readMbox(t, c.in); !slices.Equal(got, c.want) {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
	if s, _ := readMbox(t, from+"A: b\n"); !s[0].date.Equal(time.Date(2006, 1, 2, 15, 4, 5, 0, time.UTC)) {
		t.Errorf("date %v", s[0].date)
	}
}

func TestMboxLongLines(t *testing.T) {
	long := strings.Repeat("y", 1<<20)
	messages := []string{"A: " + long + "\n\n" + long + "\n", ">From " + long + "\n"}
	if _, got := readMbox(t, writeMbox(messages, "\n")); !slices.Equal(got, messages) {
		t.Error("long lines are changed")
	}
}

func TestMboxReassembles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		eol := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "eol")
		line := rapid.SampledFrom([]string{"", "From ", ">From x", "From a Mon Jan 2 15:04:05 2006", "x", ">>From y 10:00", "Subject: z", " "})
		messages := rapid.SliceOf(rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(line, 1, 6).Draw(t, "lines"), eol) + eol
		})).Draw(t, "messages")
		if _, got := readMbox(t, writeMbox(messages, eol)); !slices.Equal(got, messages) && len(messages) > 0 {
			t.Fatalf("got %q\nwant %q", got, messages)
		}
	})
}

func FuzzMbox(f *testing.F) {
	f.Add("From a@b Mon Jan  2 15:04:05 2006\nA: b\n\n>From x\n\nFrom c@d 10:00\r\n\r\n", "Subject: x\n\nFrom me\n")
	f.Add("", "\n")
	f.Add("From 00:00", ">From \n\n\n")
	f.Fuzz(func(t *testing.T, raw, message string) {
		// Any octets: the messages lie one after the other, none is longer than the file.
		spans, got := readMbox(t, raw)
		at, total := int64(0), int64(0)
		for i, s := range spans {
			if s.start < at {
				t.Fatalf("message %d begins inside the one before", i)
			}
			at, total = s.next, total+int64(len(got[i]))
		}
		if total > int64(len(raw)) {
			t.Fatalf("%d octets out of %d", total, len(raw))
		}
		// A message written by the rules comes back, as often as it was written.
		if !strings.HasSuffix(message, "\n") {
			message += "\n"
		}
		_, got = readMbox(t, writeMbox([]string{message, message}, "\n"))
		if strings.Contains(message, "\r") {
			if len(got) != 2 { // a lone CRLF at the end may count as the blank line
				t.Fatalf("%d messages of %q", len(got), message)
			}
		} else if !slices.Equal(got, []string{message, message}) {
			t.Fatalf("%q became %q", message, got)
		}
	})
}

func TestUnquoteInPieces(t *testing.T) {
	in := ">From a\n>>From b\nx>From c\n" + strings.Repeat(">", 100_000) + "From d\n"
	want := "From a\n>From b\nx>From c\n" + strings.Repeat(">", 100_000) + "From d\n"
	got, err := io.ReadAll(unquote(iotest.OneByteReader(strings.NewReader(in))))
	if err != nil || string(got) != want {
		t.Errorf("%.100q %v", got, err)
	}
}

// lay writes files and returns their folder.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, []byte(data), 0o600))
	}
	return dir
}

func TestFiles(t *testing.T) {
	mbox := writeMbox([]string{"A: 1\n\nx\n", "A: 2\n\ny\n"}, "\n")
	for _, c := range []struct {
		name  string
		files map[string]string
		path  string
		want  []string // base name and message
	}{
		{"eml", map[string]string{"a.eml": "A: b\r\n\r\nx"}, "a.eml", []string{"a.eml|A: b\r\n\r\nx"}},
		{"eml with a From_ line", map[string]string{"a.EML": "From a@b Mon Jan  2 15:04:05 2006\nA: b\n\nFrom x\n"}, "a.EML", []string{"a.EML|A: b\n\nFrom x\n"}},
		{"eml with a quoted From_ line", map[string]string{"a.eml": ">From a@b Mon\nA: b\n"}, "a.eml", []string{"a.eml|A: b\n"}},
		{"empty eml", map[string]string{"a.eml": ""}, "a.eml", []string{"a.eml|"}},
		{"a message without a name", map[string]string{"x": "A: b\n\ny"}, "x", []string{"x|A: b\n\ny"}},
		{"an mbox without a name", map[string]string{"x": mbox}, "x", []string{"x|A: 1\n\nx\n", "x|A: 2\n\ny\n"}},
		{"mbox", map[string]string{"x.mbox": mbox}, "x.mbox", []string{"x.mbox|A: 1\n\nx\n", "x.mbox|A: 2\n\ny\n"}},
		{"empty mbox", map[string]string{"x.mbox": ""}, "x.mbox", nil},
		{"a folder", map[string]string{"d/b.eml": "2", "d/a.eml": "1", "d/sub/c.eml": "3", "d/z.mbox": mbox, "d/readme.txt": "no"}, "d",
			[]string{"a.eml|1", "b.eml|2", "c.eml|3", "z.mbox|A: 1\n\nx\n", "z.mbox|A: 2\n\ny\n"}},
		{"Maildir", map[string]string{"m/new/200.x": "new", "m/cur/100.y:2,S": "old", "m/tmp/300.z": "unfinished", "m/cur/.hidden": "no", "m/dovecot.index": "no"}, "m",
			[]string{"100.y:2,S|old", "200.x|new"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, err := OpenFiles(filepath.Join(lay(t, c.files), c.path))
			must(t, err)
			var got []string
			at := int64(0)
			for m, err := range files.All() {
				must(t, err)
				r, err := m.Open()
				must(t, err)
				body, err := io.ReadAll(r)
				must(t, err)
				must(t, r.Close())
				got = append(got, filepath.Base(m.File)+"|"+string(body))
				if m.Size != int64(len(body)) || m.Offset != at || m.Next < m.Offset {
					t.Errorf("size %d of %d, from %d to %d, was at %d", m.Size, len(body), m.Offset, m.Next, at)
				}
				at = m.Next
			}
			if at != files.Total() {
				t.Errorf("progress ends at %d of %d", at, files.Total())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
	if _, err := OpenFiles(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing path: %v", err)
	}
}

func TestImportGoesOnAfterABadOneAndWaitsWhileBusy(t *testing.T) {
	dir := lay(t, map[string]string{"a.eml": "A: 1\n\n" + strings.Repeat("x", 1000), "b.eml": "B: 2\n\ny", "c.eml": "bad", "d.mbox": writeMbox([]string{"D: 4\n\n", "E: 5\n\n"}, "\n")})
	must(t, os.Symlink("/dev/zero", filepath.Join(dir, "e.eml")))
	synctest.Test(t, func(t *testing.T) {
		var got []string
		var progress []int64
		busy := 3
		received := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		i := Import{Path: dir, MaxMessage: 100, Received: received, Progress: func(done, total int64) { progress = append(progress, done, total) }}
		begun := time.Now()
		taken, failed, err := i.Run(t.Context(), func(_ context.Context, in Incoming) error {
			b, err := io.ReadAll(in.Body)
			must(t, err)
			if in.Source.Via != "import" || !in.ReceivedAt.Equal(received) {
				t.Errorf("%+v", in)
			}
			switch {
			case string(b) == "bad":
				return errors.New("no")
			case in.Source.Mailbox == "b.eml" && busy > 0:
				busy--
				return ErrBusy
			}
			got = append(got, fmt.Sprint(in.Source.Mailbox, " ", in.Oversize, " ", in.Size, " ", string(b)))
			return nil
		})
		want := []string{"a.eml true 1006 A: 1\n\n", "b.eml false 7 B: 2\n\ny", "d.mbox false 6 D: 4\n\n", "d.mbox false 6 E: 5\n\n"}
		if err != nil || taken != 4 || failed != 1 || !slices.Equal(got, want) {
			t.Errorf("taken %d, failed %d, %v\n%q", taken, failed, err, got)
		}
		if d := time.Since(begun); d != 750*time.Millisecond {
			t.Errorf("busy for %v", d)
		}
		if n := len(progress); n != 10 || progress[n-1] != progress[n-2] || !slices.IsSorted(progress[:1]) {
			t.Errorf("progress %v", progress)
		}
	})
}

func TestImportOfAFileThatShrinksIsNoMessage(t *testing.T) {
	dir := lay(t, map[string]string{"a.eml": strings.Repeat("x", 1000)})
	taken, failed, err := Import{Path: dir, Failed: func(m FileMessage, err error) {
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", m.File, err)
		}
	}}.Run(t.Context(), func(_ context.Context, in Incoming) error {
		must(t, os.Truncate(filepath.Join(dir, "a.eml"), 10))
		_, err := io.Copy(io.Discard, in.Body)
		return err
	})
	if taken != 0 || failed != 1 || err != nil {
		t.Errorf("taken %d, failed %d, %v", taken, failed, err)
	}
}

func TestImportStopsWithItsContext(t *testing.T) {
	dir := lay(t, map[string]string{"a.eml": "1", "b.eml": "2"})
	ctx, cancel := context.WithCancel(t.Context())
	taken, _, err := Import{Path: dir}.Run(ctx, func(context.Context, Incoming) error { cancel(); return ErrBusy })
	if taken != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("taken %d, %v", taken, err)
	}
}

func TestHeaderOf(t *testing.T) {
	for in, want := range map[string]string{"A: b\r\n\r\nbody": "A: b\r\n\r\n", "A: b\n\nbody": "A: b\n\n", "A: b": "A: b", "": "", "\n": "\n"} {
		if got, err := headerOf(strings.NewReader(in)); err != nil || string(got) != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got, _ := headerOf(bytes.NewReader(bytes.Repeat([]byte("x"), 1<<20))); len(got) != headerOctets {
		t.Errorf("a header without an end has %d octets", len(got))
	}
}
