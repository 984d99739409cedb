package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"time"

	"almasu/exchange"
	"almasu/parser"
)

// parsed is the line of one format: how fast documents of about octets are
// read, judged and made reports, beside the standard library decoding the same
// octets into a plain tree. Both are measured in turns.
type parsed struct {
	Bench  string  `json:"bench"`
	Format string  `json:"format"`
	Octets int     `json:"octets"`
	Rate   float64 `json:"mb_per_second"`
	Plain  float64 `json:"plain_mb_per_second"`
	Ratio  float64 `json:"time_ratio"` // our time to that of the plain tree
}

// parsing makes the lines of all formats.
func (p plan) parsing(ctx context.Context) error {
	m := &mill{octets: p.octets, born: time.Now()}
	if err := m.model(); err != nil {
		return err
	}
	m.card.Incident.Indicators = m.indicators
	for _, f := range []exchange.Format{exchange.CardJSON, exchange.CardXML, exchange.IODEFJSON, exchange.IODEFXML, exchange.STIX, exchange.MISP} {
		doc, err := parser.Render(m.card, f)
		if err != nil {
			return err
		}
		progress("parsing %s", f)
		line, err := compare(ctx, doc, m.born, p.parse)
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		line.Format = string(f)
		if err := say(line); err != nil {
			return err
		}
	}
	return nil
}

// compare reads the document by us and by the standard library in turns.
func compare(ctx context.Context, doc exchange.Document, now time.Time, long time.Duration) (parsed, error) {
	plain := plainJSON
	if doc.Charset != "" {
		plain = plainXML
	}
	ours := func() error {
		if p := parser.Parse([]exchange.Document{doc}, parser.Limits{}, now); p.Refusal.Code != "" {
			return errors.New(p.Refusal.Reason)
		}
		return nil
	}
	var best [2]time.Duration // the fastest turn is the least disturbed
	for begun := time.Now(); time.Since(begun) < long; {
		for i, read := range []func() error{ours, func() error { return plain(doc.Body) }} {
			at := time.Now()
			if err := read(); err != nil {
				return parsed{}, err
			}
			if took := time.Since(at); best[i] == 0 || took < best[i] {
				best[i] = took
			}
		}
		if err := ctx.Err(); err != nil {
			return parsed{}, err
		}
	}
	rate := func(d time.Duration) float64 { return round(float64(len(doc.Body)) / 1e6 / d.Seconds()) }
	return parsed{Bench: "parse", Octets: len(doc.Body), Rate: rate(best[0]), Plain: rate(best[1]),
		Ratio: round(float64(best[0]) / float64(best[1]))}, nil
}

func plainJSON(in []byte) error {
	var v any
	return json.Unmarshal(in, &v)
}

// plainXML keeps names, attributes and texts of all elements.
func plainXML(in []byte) error {
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
			return nil
		}
		if err != nil {
			return err
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
