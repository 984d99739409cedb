package parser

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
)

// repeated fills about size octets with numbered pieces: %d is the number.
func repeated(size int, piece, between string) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(strings.ReplaceAll(piece, "%d", fmt.Sprint(i)))
	}
	return b.String()
}

// hostileShapes are documents of about size octets, each of one shape that some
// reader would pay for.
func hostileShapes(size int) map[string]string {
	r := func(piece, between string) string { return repeated(size, piece, between) }
	const uuid = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
	const stamps = `"spec_version":"2.1","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z"`
	bundle := func(objects string) string {
		return `{"type":"bundle","id":"bundle--` + uuid + `","objects":[{"type":"indicator","id":"indicator--` + uuid + `",` + stamps +
			`,"pattern":"[url:value='http://a.example/']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"},` + objects + `]}`
	}
	misp := func(inside string) string {
		return `{"Event":{"uuid":"` + uuid + `","info":"i","date":"2026-01-01","timestamp":"1",` + inside + `}}`
	}
	csaf := func(inside string) string {
		return `{"document":{"category":"csaf_base","csaf_version":"2.0","title":"t","publisher":{"category":"vendor","name":"n","namespace":"https://a.example"},` +
			`"tracking":{"current_release_date":"2026-01-01T00:00:00Z","id":"x","initial_release_date":"2026-01-01T00:00:00Z","revision_history":[{"date":"2026-01-01T00:00:00Z","number":"1","summary":"s"}],"status":"final","version":"1"}},` + inside + `}`
	}
	groups := repeated(size/8, `{"group_id":"g%d","product_ids":["p`+strings.Join(numbers(200), `","p`)+`"]}`, ",")
	iodef := `<IODEF-Document xmlns="urn:ietf:params:xml:ns:iodef-2.0" version="2.00"><Incident purpose="watch"><IncidentID name="a.example">1</IncidentID><GenerationTime>2026-01-01T00:00:00Z</GenerationTime>` +
		`<Contact role="creator" type="person"><ContactName>x</ContactName></Contact>`
	end := `</Incident></IODEF-Document>`
	const card = `<card xmlns="urn:almasu:card:1">`
	return map[string]string{
		"deep JSON":                 `{"almasu":"card/1","x":` + strings.Repeat(`{"a":[`, size/6),
		"wide JSON":                 `{"almasu":"card/1",` + r(`"a%d":0`, ",") + `}`,
		"one name again and again":  `{"almasu":"card/1",` + r(`"a":0`, ",") + `}`,
		"numbers":                   `{"almasu":"card/1","x":[` + r(`1`, ",") + `]}`,
		"empty objects":             `{"almasu":"card/1","objects":[` + r(`{}`, ",") + `]}`,
		"a long string":             `{"almasu":"card/1","summary":"` + r(`x`, "") + `"}`,
		"escapes":                   `{"almasu":"card/1","summary":"` + r(`\u04d9`, "") + `"}`,
		"long names":                `{"almasu":"card/1",` + r(`"`+strings.Repeat("n", 500)+`%d":0`, ",") + `}`,
		"indicators":                `{"almasu":"card/1","kind":"threat","indicators":[` + r(`{"type":"ip","value":"192.0.2.1"}`, ",") + `]}`,
		"deep XML":                  card + r(`<a>`, ""),
		"elements":                  card + r(`<a/>`, "") + `</card>`,
		"elements with text":        card + r(`<a>x</a>`, "") + `</card>`,
		"attributes":                `<card xmlns="urn:almasu:card:1" ` + r(`a%d=""`, " ") + `/>`,
		"one attribute":             `<card xmlns="urn:almasu:card:1" ` + r(`a=""`, " ") + `/>`,
		"namespaces":                `<card xmlns="urn:almasu:card:1" ` + r(`xmlns:a%d="u%d"`, " ") + `/>`,
		"namespaces in depth":       card + r(`<p%d:a xmlns:p%d="u"/>`, "") + `</card>`,
		"texts between elements":    card + r(` <a/>x`, "") + `</card>`,
		"comments":                  card + r(`x<!--c-->`, "") + `</card>`,
		"CDATA":                     card + r(`<![CDATA[x]]>`, "") + `</card>`,
		"instructions":              card + r(`<?p i?>`, "") + `</card>`,
		"references":                card + r(`&#1241;`, "") + `</card>`,
		"a comment without end":     card + `<!--` + r(`-x`, ""),
		"tags without end":          card + r(`<a `, ""),
		"line ends":                 card + r("\r", "") + `</card>`,
		"contacts":                  iodef + r(`<Contact role="tech" type="person"><ContactName>x</ContactName></Contact>`, "") + end,
		"references between ids":    iodef + `<IndicatorData>` + r(`<Indicator><IndicatorID name="a.example" version="1">i%d</IndicatorID><IndicatorReference uid-ref="i1"/></Indicator>`, "") + `</IndicatorData>` + end,
		"extensions":                iodef + r(`<AdditionalData dtype="string" name="n%d">x</AdditionalData>`, "") + end,
		"bundle of customs":         bundle(r(`{"type":"x-a","id":"x-a--`+uuid+`"}`, ",")),
		"bundle of relationships":   bundle(r(`{"type":"relationship","id":"relationship--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",`+stamps+`,"relationship_type":"uses","source_ref":"indicator--`+uuid+`","target_ref":"indicator--`+uuid+`"}`, ",")),
		"a pattern of comparisons":  bundle(`{"type":"indicator","id":"indicator--9e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",` + stamps + `,"pattern":"[` + repeated(min(size, 1<<19), `url:value='a'`, " OR ") + `]","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}`),
		"a pattern of brackets":     bundle(`{"type":"indicator","id":"indicator--9e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",` + stamps + `,"pattern":"` + repeated(min(size, 1<<19), `(`, "") + `","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}`),
		"selectors":                 bundle(`{"type":"tool","id":"tool--9e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",` + stamps + `,"name":"t","granular_markings":[{"lang":"kk","selectors":[` + r(`"name"`, ",") + `]}]}`),
		"MISP attributes":           misp(`"Attribute":[` + r(`{"type":"ip-dst","category":"Network activity","value":"192.0.2.1"}`, ",") + `]`),
		"MISP tags":                 misp(`"Tag":[` + r(`{"name":"t%d"}`, ",") + `]`),
		"MISP objects":              misp(`"Object":[` + r(`{"name":"file","Attribute":[]}`, ",") + `]`),
		"CSAF products":             csaf(`"product_tree":{"full_product_names":[` + r(`{"name":"n","product_id":"p%d"}`, ",") + `]}`),
		"CSAF groups in remedies":   csaf(`"product_tree":{"full_product_names":[{"name":"n","product_id":"p0"}],"product_groups":[` + groups + `]},"vulnerabilities":[{"remediations":[` + repeated(size*3/4, `{"category":"mitigation","details":"d","group_ids":["g`+strings.Join(numbers(300), `","g`)+`"]}`, ",") + `]}]`),
		"CSAF relationships":        csaf(`"product_tree":{"relationships":[` + r(`{"category":"installed_on","full_product_name":{"name":"n","product_id":"p%d"},"product_reference":"p1","relates_to_product_reference":"p2"}`, ",") + `]}`),
		"XARF evidence":             `{"xarf_version":"4.0.0","evidence":[` + r(`{"content_type":"text/plain","payload":"QQ=="}`, ",") + `]}`,
		"unknown members in a XARF": `{"xarf_version":"4.0.0",` + r(`"x%d":{}`, ",") + `}`,
	}
}

func numbers(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint(i)
	}
	return out
}

// Whatever a document is made of, judging it takes less memory than ten times
// its size and a fixed four megabytes, also in between, and time that grows as
// the document does.
func TestShapes(t *testing.T) {
	if testing.Short() {
		t.Skip("documents of 4 MiB")
	}
	const size = 4<<20 - 8192
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	for name, text := range hostileShapes(size) {
		body := []byte(text)
		mediaType := "application/json"
		if body[0] == '<' {
			mediaType = "application/xml"
		}
		peak, took := measured(func() { Parse([]exchange.Document{{MediaType: mediaType, Body: body}}, Limits{}, now) })
		t.Logf("%-28s %4.1f times, %v", name, float64(peak)/float64(len(body)), took.Round(time.Millisecond))
		if peak > uint64(10*len(body)+4<<20) {
			t.Errorf("%s: %d octets in use for a document of %d", name, peak, len(body))
		}
		if took > 20*time.Second {
			t.Errorf("%s: it took %v", name, took)
		}
	}
}

// measured says how much was alive at most while f ran, as far as the collector
// found, which is made to look often.
func measured(f func()) (peak uint64, took time.Duration) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	runtime.GC()
	metrics.Read(live)
	before := live[0].Value.Uint64()
	done := make(chan time.Duration)
	go func() {
		begun := time.Now()
		f()
		done <- time.Since(begun)
	}()
	for {
		select {
		case took = <-done:
			return peak, took
		case <-time.After(time.Millisecond):
			metrics.Read(live)
			if now := live[0].Value.Uint64(); now > before {
				peak = max(peak, now-before)
			}
		}
	}
}
