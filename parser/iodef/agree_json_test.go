package iodef

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"almasu/parser/tree"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// jsonMaker makes documents by the model of JSON.
type jsonMaker struct {
	*rand.Rand
	m     *jsonModel
	pools map[string][]string
	nodes []any // objects and lists of the document, for spoiling
}

func (k *jsonMaker) value(t jsonType, depth int) any {
	if t.list {
		list := []any{}
		for range 1 + k.IntN(2) {
			list = append(list, k.value(jsonType{name: t.name}, depth))
		}
		return list
	}
	if two, ok := k.m.either[t.name]; ok {
		return k.value(two[k.IntN(2)], depth)
	}
	if o := k.m.objects[t.name]; o != nil {
		return k.object(o, depth+1)
	}
	return k.leaf(t.name, k.IntN(60) > 0)
}

func (k *jsonMaker) leaf(typ string, sound bool) any {
	if words := k.m.words[typ]; words != nil {
		if sound {
			return pick(k.Rand, words)
		}
		return pick(k.Rand, []any{"nonsense", "", 1.0, nil, true, strings.ToUpper(words[0]), " " + words[0]})
	}
	switch typ {
	case "string":
		if sound {
			return pick(k.Rand, []string{"x", "", "ә\n"})
		}
		return pick(k.Rand, []any{1.0, true, nil, []any{}, map[string]any{}})
	case "number", "number>=0":
		if sound {
			return pick(k.Rand, []any{1.0, 0.0, 2.5e3})
		}
		return pick(k.Rand, []any{-1.0, "1", nil, true, []any{1.0}})
	case "date-time":
		if sound {
			return pick(k.Rand, []string{"2015-07-18T09:00:00-05:00", "2015-07-18T09:00:00.25Z"})
		}
		return pick(k.Rand, append(slices.Clone(k.pools["dateTime"]), "2015-06-30T23:59:60Z", "2015-07-01T04:59:60+05:00", "2015-06-30T22:59:60Z",
			"2015-07-18T09:00:00+24:00", "2015-07-18T09:00:00+23:59", "2015-07-18T09:00:00+05:60"))
	}
	samples := map[string][]string{
		"IDtype": {"a1", "_", "CVE-1", "1a", "1", "", "-"}, "PortlistType": {"80", "1-2,3", "x", "", "x80x"},
		"TimeZonetype": {"Z", "+05:00", "xZx", "+15:00", ""}, "URLtype": {"http://x/", "", "a b", "#\n", "x\ny#z\nz"}, "lang": {"en", "", "1", "kk-KZ", "x1", "123"},
	}[typ]
	if sound {
		return samples[0]
	}
	return pick(k.Rand, samples)
}

func (k *jsonMaker) object(o *object, depth int) any {
	v := map[string]any{}
	for _, m := range o.members {
		odds := 2 + 3*depth
		if m.required || k.IntN(odds) == 0 && depth < 9 {
			v[m.name] = k.value(m.typ, depth)
		}
	}
	has := func(name string) bool { return v[name] != nil }
	for range 30 {
		if o.rule == nil || o.rule.holds(has) || depth > 12 {
			break
		}
		m := o.member(pick(k.Rand, o.rule.names()))
		if has(m.name) && !m.required {
			delete(v, m.name)
		} else {
			v[m.name] = k.value(m.typ, depth)
		}
	}
	k.nodes = append(k.nodes, v)
	return v
}

// spoil changes one thing in one of the objects.
func (k *jsonMaker) spoil() {
	v := pick(k.Rand, k.nodes).(map[string]any)
	names := slices.Sorted(maps.Keys(v))
	odd := []any{"x", 1.0, nil, true, []any{}, map[string]any{}, []any{"x"}, "2.0", map[string]any{"value": "x"}}
	switch k.IntN(5) {
	case 0:
		if len(names) > 0 {
			delete(v, pick(k.Rand, names))
		}
	case 1:
		v[pick(k.Rand, []string{"nonsense", "restriction", "Description", "AdditionalData", "Reference", "uid-ref", "Hash", "value"})] = pick(k.Rand, odd)
	default:
		if len(names) > 0 {
			v[pick(k.Rand, names)] = pick(k.Rand, odd)
		}
	}
}

func jsonSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(shared(t), "rfc8727-schema.txt"))
	if err != nil {
		t.Fatal(err)
	}
	// Draft 4, which the schema names, forbids an empty "required".
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(bytes.ReplaceAll(data, []byte(`"required": [],`), nil)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("iodef.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("iodef.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestJSONAgreesWithSchema(t *testing.T) {
	schema := jsonSchema(t)
	count := 6000
	if testing.Short() {
		count = 1000
	}
	k := &jsonMaker{Rand: rand.New(rand.NewPCG(48, 2018)), m: theJSON(), pools: pools()}
	sound, wrong := 0, 0
	for i := range count {
		k.nodes = nil
		doc := k.object(k.m.objects[Root], 0)
		for range []int{0, 1, 1, 1, 2}[i%5] {
			k.spoil()
		}
		data, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		failed := schema.Validate(v)
		if failed == nil {
			sound++
		}
		got, problems := valid(tree.ReadJSON(data, wide()))
		if got != (failed == nil) {
			if wrong++; wrong <= 10 {
				t.Errorf("document %d: we %v %s\nschema: %.900v\n%.1000s", i, got, told(problems), fmt.Sprint(failed), data)
			}
		}
	}
	t.Logf("%d documents, %d sound, %d disagreements", count, sound, wrong)
	if sound < count/10 || sound > count*9/10 {
		t.Errorf("%d of %d documents are sound: the set says little", sound, count)
	}
}
