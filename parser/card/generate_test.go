package card

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"almasu/exchange"

	"pgregory.net/rapid"
)

// anyReport draws a report of the kind whose single values are all sound;
// what they say together may be nonsense.
func anyReport(t *rapid.T, kind exchange.ReportKind) *exchange.Report {
	r := &exchange.Report{}
	v := reflect.ValueOf(r).Elem()
	top := theTable().kinds[kind]
	bodyOf(v, top).Set(reflect.New(bodyOf(v, top).Type().Elem()))
	fill(t, top, v)
	r.Kind = kind
	return r
}

func fill(t *rapid.T, o *object, v reflect.Value) {
	for i := range o.fields {
		f := &o.fields[i]
		if f.index == nil || !f.required && !rapid.Bool().Draw(t, "present "+f.name) {
			continue
		}
		c := f.in(v)
		if !f.list {
			draw(t, f, c)
			continue
		}
		for range rapid.IntRange(0, 3).Draw(t, "items of "+f.name) {
			item := reflect.New(c.Type().Elem()).Elem()
			draw(t, f, item)
			c.Set(reflect.Append(c, item))
		}
	}
}

func draw(t *rapid.T, f *field, c reflect.Value) {
	if f.shape == anObject {
		if c.Kind() == reflect.Pointer {
			c.Set(reflect.New(c.Type().Elem()))
			c = c.Elem()
		}
		fill(t, f.object, c)
		return
	}
	if fl := f.set(anyLexical(t, f), c); fl.code != "" {
		t.Fatalf("%s: the generator made what the rules refuse: %s", f.name, fl.key)
	}
}

// anyLexical draws a sound value of a leaf, as written.
func anyLexical(t *rapid.T, f *field) string {
	switch f.shape {
	case aTruth:
		return fmt.Sprint(rapid.Bool().Draw(t, f.name))
	case anInteger:
		return fmt.Sprint(rapid.Int64Range(f.min, f.max).Draw(t, f.name))
	case aDecimal:
		return fmt.Sprintf("%.1f", float64(rapid.Int64Range(10*f.min, 10*f.max).Draw(t, f.name))/10)
	case aTime:
		zone := time.FixedZone("", 900*rapid.IntRange(-56, 56).Draw(t, "zone"))
		return time.Unix(rapid.Int64Range(1e9, 4e9).Draw(t, "seconds"), rapid.SampledFrom([]int64{0, 1, 5e8}).Draw(t, "nanoseconds")).
			In(zone).Format(time.RFC3339Nano)
	}
	if f.enum != nil {
		return rapid.SampledFrom(f.enum).Draw(t, f.name)
	}
	return anyText(t, f.form)
}

func anyText(t *rapid.T, f *form) string {
	hard := []rune("aZ09 әіңғүұқөһ<>&\"'\\/]]>\u00a0\u200f\ufeff\ufffd😀\u202e~%{}")
	switch f.name {
	case "text":
		hard = append(hard, '\t', '\n', '\r', '\u0085', '\u2028')
		fallthrough
	case "line":
		return "x" + rapid.StringOfN(rapid.SampledFrom(hard), 0, 40, -1).Draw(t, f.name)
	case "bin":
		for n := rapid.Int64Range(0, 99_999_999_999).Draw(t, "bin"); ; n = (n + 1) % 1e11 {
			if s := fmt.Sprintf("%011d", n); true {
				if d, ok := checkDigit(s); ok {
					return s + string(d)
				}
			}
		}
	case "phone":
		return "+77" + rapid.StringMatching(`[0-9]{9}`).Draw(t, "phone")
	case "email":
		return "duty+" + rapid.StringMatching(`[a-z0-9]{1,20}`).Draw(t, "email") + "@soc-alfa.example"
	case "ip":
		return rapid.SampledFrom([]string{"192.0.2.1", "2001:db8::1", "192.0.2.0/24", "2001:db8::/32", "::ffff:192.0.2.1"}).Draw(t, "ip")
	case "fqdn":
		return rapid.SampledFrom([]string{"", "xn--80ao21a.", "a_b.", "X."}).Draw(t, "label") + rapid.StringMatching(`[a-z0-9]{1,20}`).Draw(t, "fqdn") + ".example"
	case "url":
		return "https://x.example/" + rapid.StringMatching(`[A-Za-z0-9?&=;,+]{0,30}`).Draw(t, "url")
	case "base64":
		return strings.Repeat("QUJD", rapid.IntRange(1, 20).Draw(t, "base64")) + rapid.SampledFrom([]string{"", "QQ==", "QUI="}).Draw(t, "tail")
	}
	return rapid.StringMatching(f.pattern).Filter(func(s string) bool { return len(s) <= f.longest }).Draw(t, f.name)
}
