package iodef

import (
	"runtime"
	"strings"
	"testing"

	"almasu/parser/tree"
)

// Reading takes less memory than ten times the document, and four fixed
// megabytes, whatever the document is made of.
func TestMemory(t *testing.T) {
	const size = 4 << 20
	many := func(one string) string { return strings.Repeat(one, size/len(one)) }
	const json = `{"version":"2.0","Incident":[{"purpose":"watch","IncidentID":{"id":"1","name":"a.example"},"GenerationTime":"2026-01-01T00:00:00Z",` +
		`"Contact":[{"role":"creator","type":"person","Email":[`
	for name, in := range map[string]string{
		"bulk":         strings.Replace(rich, "a.example", strings.Repeat("a ", 1<<19)+strings.Repeat("<!-- -->", 3<<17), 1),
		"names":        json + many(`{"EmailTo":"a@b.example"},`) + `{"EmailTo":"a@b.example"}]}]}]}`,
		"systems":      strings.Replace(rich, "<Flow>", "<Flow>"+many(`<System category="source"><Node><Address>::1</Address></Node></System>`), 1),
		"addresses":    strings.Replace(rich, `<Address category="ipv4-addr">192.0.2.1`, many(`<Address>::1</Address>`)+`<Address category="ipv4-addr">192.0.2.1`, 1),
		"text":         strings.Replace(rich, "<Description>d<", many("<Description>"+strings.Repeat("ә", 400)+"</Description>")+"<Description>d<", 1),
		"short texts":  strings.Replace(rich, "<Description>d<", many("<Description/>")+"<Description>d<", 1),
		"extensions":   strings.Replace(rich, "<AdditionalData dtype=\"xml\">", many(`<AdditionalData dtype="string" formatid="urn:almasu:card:1" name="q"/>`)+"<AdditionalData dtype=\"xml\">", 1),
		"in a lax one": strings.Replace(rich, "unknown but legal", many(`<x:b/>`), 1),
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte(in)
			var before, kept runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			d := tree.ReadXML(data, "", tree.Limits{})
			if data[0] == '{' {
				d = tree.ReadJSON(data, tree.Limits{})
			}
			reports, problems := Read(d, now())
			runtime.GC()
			runtime.ReadMemStats(&kept)
			live := max(kept.HeapAlloc, before.HeapAlloc) - before.HeapAlloc
			t.Logf("%d octets, %.1f in use, %d reports, %d problems", len(data), float64(live)/float64(len(data)), len(reports), len(problems))
			if live > uint64(10*len(data)+4<<20) {
				t.Errorf("%d octets in use for a document of %d", live, len(data))
			}
			runtime.KeepAlive(d)
		})
	}
}
