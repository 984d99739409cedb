package card

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
)

// secret stands in documents where their author chooses; it must never be told
// back.
const secret = "ZQXplanted"

// checkRead is what holds for whatever is read: a sound card renders and reads
// back as the same report, and problems are bounded and hold nothing of the
// document.
func checkRead(t *testing.T, f exchange.Format, data []byte) {
	t.Helper()
	now := time.Unix(5e9, 0)
	d := treeOf(f, data)
	r, problems := Read(d, now)
	if len(problems) > 101 {
		t.Fatalf("%d problems", len(problems))
	}
	for _, p := range problems {
		if told := p.Path + p.Text + strings.Join(p.Args, " "); strings.Contains(told, secret[:3]) && bytes.Contains(data, []byte(secret[:3])) {
			t.Fatalf("the document is told back: %s", told)
		}
		if p.Line < 0 || p.Line > 1+bytes.Count(d.Text, []byte("\n")) || p.Column > len(d.Text)+1 || p.Text == "" || p.Key == "" {
			t.Fatalf("%+v", p)
		}
	}
	if len(problems) > 0 {
		return
	}
	again, err := Render(r, f)
	if err != nil {
		t.Fatalf("read, but not rendered: %v", err)
	}
	back, problems := Read(treeOf(f, again), now)
	if len(problems) > 0 || !reflect.DeepEqual(back, r) {
		t.Fatalf("%v\n%s", problems, again)
	}
}

func FuzzReadJSON(f *testing.F) {
	f.Add([]byte(incidentJSON))
	for _, r := range cards(2) {
		data, err := Render(r, exchange.CardJSON)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"almasu":"card/1","kind":"ping","report_id":"` + secret + ` ","` + secret + `":["` + secret + `"]}`))
	f.Fuzz(func(t *testing.T, data []byte) { checkRead(t, exchange.CardJSON, data) })
}

func FuzzReadXML(f *testing.F) {
	f.Add([]byte(incidentXML))
	for _, r := range cards(2) {
		data, err := Render(r, exchange.CardXML)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`<card xmlns="urn:almasu:card:1"><` + secret + ` ` + secret + `="` + secret + `">&` + secret + `;</card>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if d := treeOf(exchange.CardXML, data); Recognise(d) {
			checkRead(t, exchange.CardXML, data)
		}
	})
}

// Wherever in a card the secret is planted, as name or as value, no problem
// tells it back.
func TestNothingIsToldBack(t *testing.T) {
	for i := range len(incidentJSON) {
		checkRead(t, exchange.CardJSON, []byte(incidentJSON[:i]+secret+incidentJSON[i:]))
	}
	for i := range len(incidentXML) {
		checkRead(t, exchange.CardXML, []byte(incidentXML[:i]+secret+incidentXML[i:]))
		checkRead(t, exchange.CardXML, []byte(incidentXML[:i]+"<"+secret+" "+secret+"='"+secret+"'/>"+incidentXML[i:]))
	}
}
