package card

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
)

// Reading takes less memory than ten times the document, and a fixed megabyte,
// whatever the document is made of. What is measured is the most that was in
// use at once, as far as a collection after reading can show it: all that was
// allocated is bounded besides.
func TestMemory(t *testing.T) {
	const size = 4 << 20
	many := func(one string) string { return strings.Repeat(one, size/len(one)) }
	full := strings.Replace(incidentJSON, `"occasion"`, `"objects": [`+strings.Repeat(`{"name":"`+strings.Repeat("ә", 150)+`","ip":["192.0.2.1"],"asn":[1,2]},`, 9000)+`{}], "occasion"`, 1)
	for _, c := range []struct {
		name, in string
		format   exchange.Format
	}{
		{"numbers", "[" + many("1,") + "1]", exchange.CardJSON},
		{"empty lists", "[" + many("[],") + "1]", exchange.CardJSON},
		{"members", `{"almasu":"card/1"` + many(`,"":1`) + "}", exchange.CardJSON},
		{"objects", `{"objects":[` + many("{},") + `{}]}`, exchange.CardJSON},
		{"a string", `["` + many("x") + `"]`, exchange.CardJSON},
		{"escapes", `["` + many(`\u0041`) + `"]`, exchange.CardJSON},
		{"unfinished", many("{"), exchange.CardJSON},
		{"a large card", full, exchange.CardJSON},
		{"elements", "<card>" + many("<a/>") + "</card>", exchange.CardXML},
		{"attributes", "<card " + many("a='' ") + "/>", exchange.CardXML},
		{"attributes of many elements", "<card>" + many("<a "+strings.Repeat("a='' ", 1000)+"/>") + "</card>", exchange.CardXML},
		{"namespaces", "<card>" + many("<a xmlns:a='b'>"), exchange.CardXML},
		{"text", "<card>" + many("x") + "</card>", exchange.CardXML},
		{"comments in a text", "<card>" + many("x<!---->") + "</card>", exchange.CardXML},
		{"references", "<card>" + many("&amp;") + "</card>", exchange.CardXML},
		{"tags that do not end", many("<"), exchange.CardXML},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := []byte(c.in)
			begun := time.Now()
			all, live := allocated(func() any {
				d := treeOf(c.format, data)
				r, problems := Read(d, time.Unix(5e9, 0))
				return []any{d, r, problems}
			})
			limit := uint64(10*len(data) + 1<<20)
			t.Logf("%d octets, %.1f allocated, %.1f in use, %v", len(data), float64(all)/float64(len(data)), float64(live)/float64(len(data)), time.Since(begun))
			if _, problems := Read(treeOf(c.format, data), time.Unix(5e9, 0)); (len(problems) == 0) != (c.name == "a large card") {
				t.Errorf("%d problems", len(problems))
			}
			if live > limit {
				t.Errorf("%d octets in use for a document of %d", live, len(data))
			}
			if all > 4*limit {
				t.Errorf("%d octets allocated for a document of %d", all, len(data))
			}
		})
	}
}

// allocated says how much f allocated, and how much its result holds.
func allocated(f func() any) (all, live uint64) {
	var before, after, kept runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	result := f()
	runtime.ReadMemStats(&after)
	runtime.GC()
	runtime.ReadMemStats(&kept)
	runtime.KeepAlive(result)
	return after.TotalAlloc - before.TotalAlloc, max(kept.HeapAlloc, before.HeapAlloc) - before.HeapAlloc
}
