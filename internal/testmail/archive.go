package testmail

import (
	"archive/zip"
	"bytes"

	"almasu/exchange"
)

// archives are messages whose report stands in a zip.
func archives() []*Case {
	return []*Case{
		{Name: "good-zip", Comment: "the card in a zip, a sheet of indicators beside it", Outcome: Accepted, build: func(m *maker) []byte {
			return m.sealedWith(zipPart("f/report.json", m.card().json()), documentPart("text/csv", "indicators.csv", []byte("type;value\n")))
		}},
		{Name: "zip-slip", Comment: "a zip whose only file leads out of its folder", Outcome: Refused, Code: exchange.Malformed, build: func(m *maker) []byte {
			return m.bound(m.entity(zipPart("../../report.json", m.card().json())))
		}},
		{Name: "zip-bomb", Comment: "a zip that grows a thousand times", Outcome: Refused, Code: exchange.Invalid, build: func(m *maker) []byte {
			return m.bound(m.entity(zipPart("report.json", bytes.Repeat([]byte(" "), 8<<20))))
		}},
	}
}

// zipPart is a zip of one file, deflated.
func zipPart(name string, body []byte) part {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	out, err := w.Create(name)
	if err == nil {
		_, err = out.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a buffer takes everything
	}
	return documentPart("application/zip", "report.zip", b.Bytes())
}
