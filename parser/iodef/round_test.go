package iodef

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser/tree"

	"pgregory.net/rapid"
)

// maker draws reports whose values are sound by the rules of card v1, which
// stand in the tags of package exchange.
type maker struct {
	*rapid.T
	at time.Time // the times of a report follow each other in the order of its fields
}

func (k *maker) fill(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		rules := strings.Split(f.Tag.Get("card"), ",")
		if f.Tag.Get("card") == "" && f.Type.Kind() != reflect.Pointer && f.Type.Kind() != reflect.Bool && f.Type.Kind() != reflect.Struct && f.Type.Kind() != reflect.Slice {
			continue
		}
		if rules[0] != "required" && !rapid.Bool().Draw(k.T, f.Name) {
			continue
		}
		k.set(v.Field(i), f.Name, rules)
	}
}

func (k *maker) set(v reflect.Value, name string, rules []string) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		k.at = k.at.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(k.T, name)))
		zone := time.FixedZone("", 900*rapid.IntRange(-56, 56).Draw(k.T, "zone"))
		v.Set(reflect.ValueOf(parseTime(k.at.In(zone).Format(time.RFC3339Nano))))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		k.fill(v.Elem())
	case v.Kind() == reflect.Struct:
		k.fill(v)
		if n, ok := v.Addr().Interface().(*exchange.Names); ok && *n == (exchange.Names{}) {
			n.RU = "ЦИБ"
		}
		if i, ok := v.Addr().Interface().(*exchange.Indicator); ok {
			i.Value = k.indicator(i.Type)
		}
	case v.Kind() == reflect.Slice:
		for range rapid.IntRange(0, 3).Draw(k.T, name) {
			item := reflect.New(v.Type().Elem()).Elem()
			k.set(item, name, rules)
			v.Set(reflect.Append(v, item))
		}
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.Int:
		v.SetInt(rapid.Int64Range(1, 4e6).Draw(k.T, name))
	case v.Kind() == reflect.Float64:
		v.SetFloat(float64(rapid.IntRange(0, 100).Draw(k.T, name)) / 10)
	default:
		v.SetString(k.text(name, rules))
	}
}

func (k *maker) text(name string, rules []string) string {
	for _, r := range rules {
		if words, ok := strings.CutPrefix(r, "enum="); ok {
			return rapid.SampledFrom(strings.Split(words, "|")).Draw(k.T, name)
		}
		switch r {
		case "line", "text":
			hard := []rune("aZ09 әіңғүұқөһ<>&\"'\\/]]>\u00a0\u200f\ufeff😀~%{}=")
			if r == "text" {
				hard = append(hard, '\t', '\n', '\r', '\u2028')
			}
			return "x" + rapid.StringOfN(rapid.SampledFrom(hard), 0, 40, -1).Draw(k.T, name)
		case "id":
			return rapid.StringMatching(`[A-Za-z0-9._:-]{1,64}`).Draw(k.T, name)
		case "bin":
			return rapid.SampledFrom([]string{"180340000015", "150540000027"}).Draw(k.T, name)
		case "rsit":
			return rapid.SampledFrom([]string{"fraud/phishing", "malicious-code/c2-server", "test/test"}).Draw(k.T, name)
		case "country":
			return rapid.SampledFrom([]string{"KZ", "NL"}).Draw(k.T, name)
		case "kind":
			return "incident"
		case "phone", "email", "ip", "fqdn", "url", "cve", "cwe":
			return k.indicator(r)
		}
	}
	k.Fatalf("no rule for %s: %q", name, rules)
	return ""
}

func (k *maker) indicator(kind string) string {
	samples := map[string]string{"ip": `192\.0\.2\.[1-9]|2001:db8::[1-9]|192\.0\.2\.0/24|2001:db8::/32|::ffff:192\.0\.2\.1`, "fqdn": `[a-z]{1,9}\.example|xn--80ak6aa92e\.example`,
		"url": `https://x\.example/[A-Za-z0-9?&=;,+]{0,30}`, "email": `[a-z0-9+]{1,20}@soc-alfa\.example`, "cve": `CVE-20[0-9]{2}-[0-9]{4,9}`, "cwe": `CWE-[1-9][0-9]{0,5}`,
		"md5": `[0-9a-f]{32}`, "sha1": `[0-9a-f]{40}`, "sha256": `[0-9a-f]{64}`, "sha512": `[0-9a-f]{128}`, "phone": `\+77[0-9]{9}`}
	if p := samples[kind]; p != "" {
		return rapid.StringMatching(p).Draw(k.T, kind)
	}
	return k.text(kind, []string{"text"})
}

// anyReport draws a report of a kind that IODEF holds.
func anyReport(t *rapid.T) *exchange.Report {
	k := &maker{T: t, at: time.Unix(1.5e9, 0)}
	r := &exchange.Report{Revision: rapid.IntRange(1, 1<<31-1).Draw(t, "revision"), ID: k.text("id", []string{"id"}), Reporter: k.text("reporter", []string{"id"}),
		Kind:     rapid.SampledFrom([]exchange.ReportKind{exchange.Incident, exchange.Vulnerability, exchange.Threat}).Draw(t, "kind"),
		TLP:      rapid.SampledFrom([]exchange.TLP{"", exchange.TLPClear, exchange.TLPGreen, exchange.TLPAmber, exchange.TLPAmberStrict, exchange.TLPRed}).Draw(t, "tlp"),
		Language: rapid.SampledFrom([]exchange.Language{"", exchange.Kazakh, exchange.Russian, exchange.English}).Draw(t, "language")}
	if rapid.Bool().Draw(t, "more") {
		r.Addressee, r.Marking = k.text("addressee", []string{"id"}), k.text("marking", []string{"line"})
	}
	switch r.Kind {
	case exchange.Incident:
		r.Incident = &exchange.IncidentBody{}
		k.fill(reflect.ValueOf(r.Incident).Elem())
		b := r.Incident
		if i := b.Impact; i != nil && *i == (exchange.Impact{}) { // IODEF cannot tell it from nothing
			b.Impact = nil
		}
	case exchange.Vulnerability:
		r.Vulnerability = &exchange.VulnerabilityBody{}
		k.fill(reflect.ValueOf(r.Vulnerability).Elem())
	default:
		r.Threat = &exchange.ThreatBody{}
		k.fill(reflect.ValueOf(r.Threat).Elem())
	}
	k.set(reflect.ValueOf(&r.GeneratedAt).Elem(), "generated", nil)
	return r
}

func later() time.Time { return time.Date(2400, 1, 1, 0, 0, 0, 0, time.UTC) }

func read(f exchange.Format, body []byte) ([]*exchange.Report, []exchange.Problem) {
	if f == exchange.IODEFXML {
		return Read(tree.ReadXML(body, "", tree.Limits{}), later())
	}
	return Read(tree.ReadJSON(body, tree.Limits{}), later())
}

// Parse(render(r)) = r, in both notations.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyReport(t)
		for _, f := range []exchange.Format{exchange.IODEFXML, exchange.IODEFJSON} {
			body, err := Render(want, f)
			if err != nil {
				t.Fatal(err)
			}
			reports, problems := read(f, body)
			if len(problems) > 0 || len(reports) != 1 {
				t.Fatalf("%v\n%s", problems, body)
			}
			got := reports[0]
			if got.Format != f || len(got.Reporters) < 2 || got.OriginalID != "" {
				t.Errorf("format %s, reporters %q, original %q", got.Format, got.Reporters, got.OriginalID)
			}
			again, err := Render(got, f)
			if err != nil {
				t.Fatal(err)
			}
			got.Format, got.Reporters = "", nil
			if !reflect.DeepEqual(got, want) {
				g, _ := json.MarshalIndent(got, "", " ")
				w, _ := json.MarshalIndent(want, "", " ")
				t.Fatalf("got %s\nwant %s\n%s", g, w, body)
			}
			if string(again) != string(body) {
				t.Errorf("rendered again it is not the same:\n%s\n%s", body, again)
			}
		}
	})
}

// What is rendered is sound to xmllint and to the JSON schema as well.
func TestRenderedAgreesWithSchemas(t *testing.T) {
	schema := jsonSchema(t)
	var docs [][]byte
	for seed := range 60 {
		r := rapid.Custom(anyReport).Example(seed)
		xml, err := Render(r, exchange.IODEFXML)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, xml)
		body, err := Render(r, exchange.IODEFJSON)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%v\n%s", err, body)
		}
	}
	for i, ok := range schemaSays(t, docs) {
		if !ok {
			t.Errorf("xmllint refuses\n%s", docs[i])
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	body := func() *exchange.ThreatBody {
		return &exchange.ThreatBody{ThreatID: "t", Title: "t", Description: "d", ObservedAt: later()}
	}
	sound := exchange.Report{Kind: exchange.Threat, ID: "r", Revision: 1, Reporter: "soc-alfa", GeneratedAt: later(), Threat: body()}
	if _, err := Render(&sound, exchange.IODEFXML); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*exchange.Report){
		"a kind that IODEF has not":   func(r *exchange.Report) { r.Kind, r.Ping = exchange.Ping, &exchange.PingBody{Nonce: "1"} },
		"no body":                     func(r *exchange.Report) { r.Threat = nil },
		"nobody reports":              func(r *exchange.Report) { r.Reporter = "" },
		"no time of generation":       func(r *exchange.Report) { r.GeneratedAt = time.Time{} },
		"no id":                       func(r *exchange.Report) { r.ID = "" },
		"an id that is none":          func(r *exchange.Report) { r.ID = "a b" },
		"revision 0":                  func(r *exchange.Report) { r.Revision = 0 },
		"a label that is none":        func(r *exchange.Report) { r.TLP = "TLP:WHITE" },
		"a control character":         func(r *exchange.Report) { r.Threat.Description = "a\x01" },
		"bad UTF-8":                   func(r *exchange.Report) { r.Threat.Description = "a\xff" },
		"an address that is none":     func(r *exchange.Report) { r.Threat.Indicators = []exchange.Indicator{{Type: "ip", Value: "1.2.3"}} },
		"a hash of the wrong length":  func(r *exchange.Report) { r.Threat.Indicators = []exchange.Indicator{{Type: "md5", Value: "00"}} },
		"a severity that is not told": func(r *exchange.Report) { r.Threat.Severity = "huge" },
	} {
		r := sound
		r.Threat = body()
		spoil(&r)
		for _, f := range []exchange.Format{exchange.IODEFXML, exchange.IODEFJSON} {
			if out, err := Render(&r, f); err == nil {
				t.Errorf("%s, %s: %s", name, f, out)
			}
		}
	}
	if _, err := Render(&sound, exchange.CardXML); err == nil {
		t.Error("a card")
	}
}
