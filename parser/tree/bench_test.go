package tree

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

// Each reader beside the one of the standard library that makes a plain tree.
func BenchmarkRead(b *testing.B) {
	inXML := []byte("<?xml version=\"1.0\"?>\n<known xmlns=\"urn:x\">" + strings.Repeat("\n <many kind=\"fqdn\"><value>h1.zerger.example</value><note lang='kk'>Басқару сервері &amp; т.б.</note></many>", 400) + "</known>")
	inJSON := []byte(`{"known": [` + strings.Repeat(`{"kind": "fqdn", "value": "h1.zerger.example", "port": 443, "note": "Басқару \"сервері\"", "seen": [true, null, 1.5]},`, 400) + `{}]}`)
	for _, c := range []struct {
		name string
		in   []byte
		read func([]byte)
	}{
		{"xml", inXML, func(in []byte) { ReadXML(in, "", Limits{}) }},
		{"encoding-xml", inXML, plainXML},
		{"json", inJSON, func(in []byte) { ReadJSON(in, Limits{}) }},
		{"encoding-json", inJSON, func(in []byte) {
			var v any
			if err := json.Unmarshal(in, &v); err != nil {
				b.Fatal(err)
			}
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.in)))
			b.ReportAllocs()
			for b.Loop() {
				c.read(c.in)
			}
		})
	}
}

func plainXML(in []byte) {
	type node struct {
		name  xml.Name
		attrs []xml.Attr
		text  []byte
		kids  []*node
	}
	dec := xml.NewDecoder(bytes.NewReader(in))
	open := []*node{{}}
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return
		}
		top := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			n := &node{name: t.Name, attrs: t.Attr}
			top.kids = append(top.kids, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text = append(top.text, t...)
		}
	}
}
