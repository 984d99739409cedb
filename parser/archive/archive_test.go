package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io/fs"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
)

type file struct{ name, body string }

const card = `{"almasu":"card/1"}`

func zipped(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		if strings.HasPrefix(f.body, "->") {
			h.SetMode(fs.ModeSymlink | 0o777)
		}
		out, err := w.CreateHeader(h) // with a data descriptor, as streams are written
		if err == nil {
			_, err = out.Write([]byte(f.body))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarred(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Size: int64(len(f.body)), Mode: 0o644}
		if target, ok := strings.CutPrefix(f.body, "->"); ok {
			h.Typeflag, h.Linkname, h.Size, f.body = tar.TypeSymlink, target, 0, ""
		}
		err := w.WriteHeader(h)
		if err == nil {
			_, err = w.Write([]byte(f.body))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, name string, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = name
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(body []byte, name string, l Limits) (string, *Fault) {
	d := exchange.Document{Name: name, Body: body}
	kind, _ := KindOf(d)
	entries, f := Open(d, kind, l)
	var said []string
	for _, e := range entries {
		said = append(said, fmt.Sprintf("%s=%s", e.Name, e.Body))
	}
	return strings.Join(said, " "), f
}

func TestOpen(t *testing.T) {
	two := []file{{"dir/", ""}, {"dir/report.json", card}, {`win\есеп.xml`, "<a/>"}, {"sheet.xlsx", "x"}, {"README", "r"}}
	want := "report.json=" + card + " есеп.xml=<a/> sheet.xlsx= README=r"
	cp866 := bytes.ReplaceAll(zipped(t, file{"1234.json", card}), []byte("1234"), []byte("\xae\xe2\xe7\xf1")) // "отчё", the bit for UTF-8 is not set
	stored := raw("r.json", card, 0, nil)
	for _, c := range []struct {
		name, file, want string
		body             []byte
	}{
		{"zip", "a.zip", want, zipped(t, two...)},
		{"zip without a name", "", want, zipped(t, two...)},
		{"names in the charset of DOS", "a.zip", "отчё.json=" + card, cp866},
		{"stored, sizes before the data", "a.zip", "r.json=" + card, stored},
		{"stub before the zip", "a.zip", "", append([]byte("PK\x03\x04"), 0)},
		{"empty zip", "a.zip", "", zipped(t)},
		{"tar", "a.tar", want, tarred(t, two...)},
		{"gzipped tar", "a.tar.gz", want, gzipped(t, "", tarred(t, two...))},
		{"tgz", "a.tgz", want, gzipped(t, "", tarred(t, two...))},
		{"gzip with a name inside", "a.gz", "r.json=" + card, gzipped(t, "r.json", []byte(card))},
		{"gzip with another name inside", "r.json.gz", "r.json=" + card, gzipped(t, "export.out", []byte(card))},
		{"gzip without", "r.json.gz", "r.json=" + card, gzipped(t, "", []byte(card))},
		{"gzip of a sheet", "r.xlsx.gz", "r.xlsx=", gzipped(t, "", []byte(card))},
		{"two members", "r.json.gz", "r.json=" + card + card, append(gzipped(t, "", []byte(card)), gzipped(t, "", []byte(card))...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, f := open(c.body, c.file, Limits{})
			if got != c.want || (f != nil) != (c.name == "stub before the zip") {
				t.Errorf("%q, want %q: %v", got, c.want, f)
			}
		})
	}
}

// raw builds a zip of one stored entry by hand; change may spoil its two
// headers, the local one and that of the directory.
func raw(name, body string, flags uint16, change func(local, central []byte)) []byte {
	local := binary.LittleEndian.AppendUint32(nil, 0x04034b50)
	fields := []uint16{20, flags, 0, 0, 0}
	for _, v := range fields {
		local = binary.LittleEndian.AppendUint16(local, v)
	}
	for _, v := range []uint32{crc32.ChecksumIEEE([]byte(body)), uint32(len(body)), uint32(len(body))} {
		local = binary.LittleEndian.AppendUint32(local, v)
	}
	central := binary.LittleEndian.AppendUint32(nil, 0x02014b50)
	central = append(append(central, 20, 0), local[4:]...)
	sizes := binary.LittleEndian.AppendUint16(nil, uint16(len(name)))
	local = append(append(local, sizes...), 0, 0)
	central = append(append(central, sizes...), make([]byte, 16)...)
	if change != nil {
		change(local, central)
	}
	out := append(append(local, name...), body...)
	at := len(out)
	out = append(append(out, central...), name...)
	end := binary.LittleEndian.AppendUint32(nil, 0x06054b50)
	end = append(end, 0, 0, 0, 0, 1, 0, 1, 0)
	end = binary.LittleEndian.AppendUint32(end, uint32(len(out)-at))
	end = binary.LittleEndian.AppendUint32(end, uint32(at))
	return append(append(out, end...), 0, 0)
}

// overlapping is a zip whose directory names one entry many times.
func overlapping(times int) []byte {
	one := raw("a.json", strings.Repeat("x", 1000), 0, nil)
	at := bytes.LastIndex(one, []byte("PK\x01\x02"))
	stop := bytes.LastIndex(one, []byte("PK\x05\x06"))
	out := bytes.Clone(one[:at])
	for i := range times {
		entry := bytes.Clone(one[at:stop])
		copy(entry[46:], fmt.Sprintf("%d.json", i%10))
		entry[46] = byte('a' + i/10%26)
		out = append(out, entry...)
	}
	end := bytes.Clone(one[stop:])
	binary.LittleEndian.PutUint16(end[8:], uint16(times))
	binary.LittleEndian.PutUint16(end[10:], uint16(times))
	binary.LittleEndian.PutUint32(end[12:], uint32(len(out)-at))
	return append(out, end...)
}

func TestRefused(t *testing.T) {
	bomb := strings.Repeat("0", 3<<20)
	zip64 := raw("r.json", card, 0, func(_, central []byte) { // a size that only zip64 could say, without its field
		binary.LittleEndian.PutUint32(central[24:], 0xffffffff)
	})
	many := make([]file, 101)
	for i := range many {
		many[i] = file{fmt.Sprint(i), "x"}
	}
	damagedCRC := raw("r.json", card, 0, func(local, central []byte) { local[14]++; central[16]++ })
	lying := raw("r.json", card, 0, func(_, central []byte) { central[24]-- })
	for _, c := range []struct {
		name, file, key string
		body            []byte
		limits          Limits
	}{
		{"a way out", "a.zip", "archive-name", zipped(t, file{"../../etc/x.json", card}), Limits{}},
		{"a way out inside", "a.zip", "archive-name", zipped(t, file{"a/../../x.json", card}), Limits{}},
		{"a way out by backslashes", "a.zip", "archive-name", zipped(t, file{`..\x.json`, card}), Limits{}},
		{"from the root", "a.zip", "archive-name", zipped(t, file{"/etc/x.json", card}), Limits{}},
		{"a drive", "a.zip", "archive-name", zipped(t, file{`C:\x.json`, card}), Limits{}},
		{"NUL in a name", "a.zip", "archive-name", zipped(t, file{"a.exe\x00.json", card}), Limits{}},
		{"a way out of a tar", "a.tar", "archive-name", tarred(t, file{"../x.json", card}), Limits{}},
		{"twice", "a.zip", "archive-twice", zipped(t, file{"x.json", card}, file{"X.json", card}), Limits{}},
		{"twice by another way", "a.zip", "archive-twice", zipped(t, file{"x.json", card}, file{"./x.json", card}), Limits{}},
		{"twice in a tar", "a.tar", "archive-twice", tarred(t, file{"x.json", card}, file{"x.json", "{}"}), Limits{}},
		{"a link", "a.zip", "archive-link", zipped(t, file{"x.json", "->/etc/passwd"}), Limits{}},
		{"a link in a tar", "a.tar", "archive-link", tarred(t, file{"x.json", "->/etc/passwd"}), Limits{}},
		{"encrypted", "a.zip", "archive-encrypted", raw("x.json", card, 1, nil), Limits{}},
		{"encrypted directory", "a.zip", "archive-encrypted", raw("x.json", card, 1<<13, nil), Limits{}},
		{"another method", "a.zip", "archive-method", raw("x.json", card, 0, func(local, central []byte) { local[8], central[10] = 12, 12 }), Limits{}},
		{"a wrong checksum", "a.zip", "archive-damaged", damagedCRC, Limits{}},
		{"a size that lies", "a.zip", "archive-damaged", lying, Limits{}},
		{"zip64 without its size", "a.zip", "archive-size", zip64, Limits{}},
		{"cut off", "a.zip", "archive-damaged", zipped(t, file{"x.json", card})[:40], Limits{}},
		{"overlapping", "a.zip", "archive-overlap", overlapping(50), Limits{}},
		{"too many", "a.zip", "archive-entries", zipped(t, many...), Limits{}},
		{"too many in a tar", "a.tar", "archive-entries", tarred(t, many...), Limits{}},
		{"too large", "a.zip", "archive-size", zipped(t, file{"x.json", bomb}), Limits{Bytes: 1 << 20}},
		{"too large, not to be read", "a.zip", "archive-size", zipped(t, file{"x.bin", bomb}), Limits{Bytes: 1 << 20}},
		{"grows too much", "a.zip", "archive-ratio", zipped(t, file{"x.json", bomb}), Limits{}},
		{"grows too much in a gzip", "x.json.gz", "archive-ratio", gzipped(t, "", []byte(bomb)), Limits{}},
		{"grows too much in a tar", "a.tgz", "archive-ratio", gzipped(t, "", tarred(t, file{"x.json", bomb})), Limits{}},
		{"grows too much unread", "a.tgz", "archive-ratio", gzipped(t, "", tarred(t, file{"x.bin", bomb})), Limits{}},
		{"too much in memory", "a.zip", "archive-size", zipped(t, many[:9]...), Limits{Document: 1}},
		{"gzip cut off", "x.json.gz", "archive-damaged", gzipped(t, "", []byte(card))[:20], Limits{}},
		{"gzip with a wrong checksum", "x.json.gz", "archive-damaged", spoilt(gzipped(t, "", []byte(card)), -5), Limits{}},
		{"words after a gzip", "x.json.gz", "archive-damaged", append(gzipped(t, "", []byte(card)), "x"...), Limits{}},
		{"tar with a wrong checksum", "a.tar", "archive-damaged", spoilt(tarred(t, file{"x.json", card}), 3), Limits{}},
		{"tar cut off", "a.tar", "archive-damaged", tarred(t, file{"x.json", card})[:520], Limits{}},
		{"7z", "a.7z", "archive-kind", []byte("7z\xbc\xaf\x27\x1c\x00\x04"), Limits{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			begun := time.Now()
			got, f := open(c.body, c.file, c.limits)
			if f == nil || f.Key != c.key || got != "" {
				t.Errorf("%.60q, %+v", got, f)
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func spoilt(b []byte, at int) []byte {
	b = bytes.Clone(b)
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 1
	return b
}

func TestKindOf(t *testing.T) {
	z, g := zipped(t, file{"x.json", card}), gzipped(t, "", []byte(card))
	sheet := zipped(t, file{"[Content_Types].xml", "<Types/>"})
	for _, c := range []struct {
		name    string
		doc     exchange.Document
		kind    Kind
		differs bool
	}{
		{"by type", exchange.Document{MediaType: "application/zip", Body: z}, Zip, false},
		{"by name", exchange.Document{MediaType: "application/octet-stream", Name: "A.ZIP", Body: z}, Zip, false},
		{"by content", exchange.Document{MediaType: "application/octet-stream", Name: "a.bin", Body: z}, Zip, false},
		{"type against content", exchange.Document{MediaType: "application/zip", Body: g}, Gzip, true},
		{"name against content", exchange.Document{Name: "a.zip", Body: g}, Gzip, true},
		{"no archive at all", exchange.Document{MediaType: "application/zip", Name: "a.zip", Body: []byte(card)}, None, true},
		{"declared as something else", exchange.Document{MediaType: "application/pdf", Name: "a.zip", Body: z}, None, false},
		{"a sheet by type", exchange.Document{MediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Body: sheet}, None, false},
		{"a sheet by name", exchange.Document{Name: "q.xlsx", Body: z}, None, false},
		{"a sheet by content", exchange.Document{MediaType: "application/zip", Body: sheet}, None, false},
		{"a list", exchange.Document{MediaType: "text/csv", Name: "i.csv", Body: []byte("ip;note")}, None, false},
	} {
		if kind, differs := KindOf(c.doc); kind != c.kind || differs != c.differs {
			t.Errorf("%s: %q %v", c.name, kind, differs)
		}
	}
}

// Whatever an archive is, opening it ends, within its limits.
func FuzzOpen(f *testing.F) {
	f.Add(zipped(f, file{"a.json", card}, file{"b/", ""}))
	f.Add(gzipped(f, "x", []byte(card)))
	f.Add(gzipped(f, "", tarred(f, file{"a.json", card})))
	f.Add(tarred(f, file{"a.json", card}))
	f.Add(overlapping(3))
	limits := Limits{Entries: 5, Bytes: 1 << 20, Document: 1 << 10}
	f.Fuzz(func(t *testing.T, body []byte) {
		d := exchange.Document{Body: body}
		kind, _ := KindOf(d)
		entries, fault := Open(d, kind, limits)
		held := 0
		for _, e := range entries {
			held += len(e.Body)
			if strings.ContainsAny(e.Name, "/\\\x00\n") || len(e.Body) > 1<<10+1 {
				t.Errorf("%q of %d octets", e.Name, len(e.Body))
			}
		}
		if fault != nil && len(entries) > 0 || len(entries) > 5 || held > 5<<10 {
			t.Errorf("%d entries, %d octets, %v", len(entries), held, fault)
		}
	})
}
