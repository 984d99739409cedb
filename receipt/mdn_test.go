package receipt

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"almasu/exchange"
	"almasu/internal/mimepart"
	"pgregory.net/rapid"
)

func processed() MDN {
	return MDN{ReportingUA: "nccis.example; Almasu", OriginalRecipient: "exchange@nccis.example", FinalRecipient: "exchange@nccis.example",
		OriginalMessageID: "<abc@soc-alfa.example>", Disposition: "processed",
		Digest: exchange.Digest{Algorithm: "sha256", Value: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}}
}

func parsed(t testing.TB, s string) *mimepart.Part {
	t.Helper()
	p, err := mimepart.Parse([]byte(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")), mimepart.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMDNOnTheWire(t *testing.T) {
	entity, err := processed().Entity(style(exchange.English))
	if err != nil {
		t.Fatal(err)
	}
	checkSafe(t, entity)
	root := parsed(t, string(entity))
	if root.MediaType != "multipart/report" || root.Params["report-type"] != "disposition-notification" || len(root.Children) != 2 {
		t.Fatalf("%s", entity)
	}
	want := "Content-Type: message/disposition-notification\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" +
		"Reporting-UA: nccis.example; Almasu\r\n" +
		"Original-Recipient: rfc822;exchange@nccis.example\r\n" +
		"Final-Recipient: rfc822;exchange@nccis.example\r\n" +
		"Original-Message-ID: <abc@soc-alfa.example>\r\n" +
		"Disposition: automatic-action/MDN-sent-automatically; processed\r\n" +
		"Received-Content-MIC: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=, sha-256\r\n"
	if got := string(root.Children[1].Raw); got != want && got != strings.TrimSuffix(want, "\r\n") {
		t.Errorf("have\n%q\nwant\n%q", got, want)
	}
	if text, _ := root.Children[0].Decode(1 << 20); strings.Contains(string(text), "abc@") {
		t.Errorf("the text is not neutral:\n%s", text)
	}
}

// Build and Parse are inverses.
func TestMDNRoundTrip(t *testing.T) {
	address := rapid.StringMatching(`[a-z][a-z0-9.+-]{0,20}[a-z]@[a-z]{1,20}\.example`)
	rapid.Check(t, func(t *rapid.T) {
		m := MDN{ReportingUA: rapid.StringMatching(`([a-z.-]{1,30}(; [A-Za-z0-9/.]{1,20})?)?`).Draw(t, "ua"), FinalRecipient: address.Draw(t, "final"),
			OriginalMessageID: rapid.StringMatching(`(<[!-;=?-~]{1,60}@[a-z.]{1,30}>)?`).Draw(t, "id"),
			Disposition:       rapid.SampledFrom([]string{"processed", "displayed", "failed"}).Draw(t, "disposition")}
		if rapid.Bool().Draw(t, "original") {
			m.OriginalRecipient = address.Draw(t, "recipient")
		}
		if m.Modifier = rapid.SampledFrom([]string{"", "error", "warning", "failure"}).Draw(t, "modifier"); m.Modifier != "" {
			m.Detail = rapid.StringMatching(`([a-z-]{1,20}( [a-z:/-]{1,20}){0,3})?`).Draw(t, "detail")
		}
		if rapid.Bool().Draw(t, "digest") {
			m.Digest = exchange.Digest{Algorithm: rapid.SampledFrom([]string{"sha256", "sha384", "sha512", "sha224", "sha3-256", "sha3-512"}).Draw(t, "hash"),
				Value: rapid.SampledFrom([]string{"AAAA", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}).Draw(t, "value")}
		}
		entity, err := m.Entity(style())
		if err != nil {
			t.Fatal(err)
		}
		checkSafe(t, entity)
		root, err := mimepart.Parse(entity, mimepart.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := ParseMDN(root); !ok || !reflect.DeepEqual(got, m) {
			t.Fatalf("have %+v\nwant %+v\n%s", got, m, entity)
		}
	})
}

func TestMDNRefusesAndLeavesOut(t *testing.T) {
	for name, change := range map[string]func(*MDN){
		"no final recipient":  func(m *MDN) { m.FinalRecipient = "" },
		"injected recipient":  func(m *MDN) { m.FinalRecipient = "a@b\r\nDisposition: x" },
		"two ats":             func(m *MDN) { m.FinalRecipient = "a@b@c" },
		"non-ASCII recipient": func(m *MDN) { m.OriginalRecipient = "й@b" },
	} {
		m := processed()
		change(&m)
		if out, err := m.Entity(Style{}); err == nil {
			t.Errorf("%s:\n%s", name, out)
		}
	}
	m := processed()
	m.OriginalMessageID, m.ReportingUA, m.Disposition = "<a@b>\r\nDisposition: forged", "ua\r\nX: й", "x\r\ny"
	m.Modifier, m.Detail, m.Digest = "err\r\nor", "d\r\nX: y", exchange.Digest{Algorithm: "s\r\n", Value: "v\r\nX: y"}
	entity, err := m.Entity(Style{})
	if err != nil || strings.Contains(string(entity), "\nX: ") || strings.Contains(string(entity), "forged") {
		t.Errorf("%v\n%s", err, entity)
	}
	checkSafe(t, entity)
}

// Notifications of other programs, as they write them.
func TestParseMDNDialects(t *testing.T) {
	const head = "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nread\n--b\nContent-Type: message/disposition-notification\n\n"
	for _, c := range []struct {
		name, message string
		want          MDN
	}{
		{"AS2 words in the disposition", head + "Final-Recipient: rfc822; a@b.example\nDisposition: automatic-action/MDN-sent-automatically; processed/Error: decryption-failed\n" +
			"Received-Content-MIC: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=, SHA256\n--b--\n",
			MDN{FinalRecipient: "a@b.example", Disposition: "processed", Modifier: "error", Detail: "decryption-failed",
				Digest: exchange.Digest{Algorithm: "sha256", Value: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}}},
		{"Thunderbird, displayed", head + "Reporting-UA: Thunderbird 128\nFinal-Recipient: rfc822;<a@b.example>\nOriginal-Message-ID: <x@y>\n" +
			"Disposition: manual-action/MDN-sent-manually; displayed\n\n--b\nContent-Type: text/rfc822-headers\n\nSubject: x\n--b--\n",
			MDN{ReportingUA: "Thunderbird 128", FinalRecipient: "a@b.example", OriginalMessageID: "<x@y>", Disposition: "displayed"}},
		{"a MIC that is no base64", head + "Disposition: x;processed\nReceived-Content-MIC: !!, sha1\n--b--\n", MDN{Disposition: "processed"}},
		{"inside multipart/signed", "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=s\n\n--s\n" + head +
			"Disposition: x;processed\n--b--\n--s\nContent-Type: application/pgp-signature\n\nx\n--s--\n", MDN{Disposition: "processed"}},
	} {
		if got, ok := ParseMDN(parsed(t, c.message)); !ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v\nhave %+v\nwant %+v", c.name, ok, got, c.want)
		}
	}
}

func TestWhatIsNoMDN(t *testing.T) {
	for name, message := range map[string]string{
		"a report with one attached": "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: message/disposition-notification\n\nDisposition: x;processed\n--b--\n",
		"a delivery report":          "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nAction: failed\n--b--\n",
		"no disposition":             "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: x\n--b--\n",
		"text":                       "Subject: x\n\nDisposition: x;processed\n",
	} {
		if got, ok := ParseMDN(parsed(t, message)); ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, ok := ParseMDN(nil); ok {
		t.Error("nil is an MDN")
	}
}

func FuzzParseMDN(f *testing.F) {
	entity, err := processed().Entity(Style{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(entity)
	f.Add([]byte("Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\nDisposition: a;b/c,d:e\r\nError: x\r\n--b--\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		root, err := mimepart.Parse(raw, mimepart.Limits{})
		if err != nil {
			return
		}
		m, ok := ParseMDN(root)
		if !ok {
			return
		}
		for _, w := range []string{m.ReportingUA, m.OriginalRecipient, m.FinalRecipient, m.OriginalMessageID, m.Disposition, m.Modifier, m.Detail, m.Digest.Algorithm} {
			if len(w) > 4000 || strings.ContainsAny(w, "\r\n\x00\x1b") {
				t.Errorf("%q", w)
			}
		}
		m.FinalRecipient, m.OriginalRecipient = "a@b.example", ""
		if out, err := m.Entity(Style{}); err != nil {
			t.Errorf("%v\n%s", err, out)
		} else {
			checkSafe(t, out)
		}
	})
}

// DESIGN section 5 and RFC 8098 section 2.1, case by case.
func TestDecideMDN(t *testing.T) {
	alfa := &exchange.Participant{ID: "soc-alfa", Addresses: []string{"in@soc-alfa.example", "out@soc-alfa.example"}}
	const good = "Return-Path: <in@soc-alfa.example>\nDisposition-Notification-To: SOC <in@soc-alfa.example>\n"
	const body = "Subject: x\n\nx\n"
	for _, c := range []struct {
		name, outer, protected string
		signer                 *exchange.Participant
		want                   MDNDecision
	}{
		{"asked for properly", good, "Disposition-Notification-To: in@soc-alfa.example\n", alfa, MDNAllowed},
		{"nothing inside", good, "-", alfa, MDNAllowed},
		{"inside without the field", good, "", alfa, MDNAllowed},
		{"case of the domain", "Return-Path: <in@SOC-alfa.example>\nDisposition-Notification-To: in@soc-alfa.EXAMPLE\n", "-", alfa, MDNAllowed},
		{"case of the local part", "Return-Path: <In@soc-alfa.example>\nDisposition-Notification-To: in@soc-alfa.example\n", "-", alfa, MDNReturnPathDiffers},
		{"not authenticated", good, "-", nil, MDNNotAuthenticated},
		{"not asked for", "Return-Path: <in@soc-alfa.example>\n", "Disposition-Notification-To: in@soc-alfa.example\n", alfa, MDNNotRequested},
		{"two addresses", "Return-Path: <in@soc-alfa.example>\nDisposition-Notification-To: in@soc-alfa.example, out@soc-alfa.example\n", "-", alfa, MDNManyAddresses},
		{"two fields", good + "Disposition-Notification-To: in@soc-alfa.example\n", "-", alfa, MDNManyAddresses},
		{"no address", "Return-Path: <in@soc-alfa.example>\nDisposition-Notification-To: nobody\n", "-", alfa, MDNManyAddresses},
		{"no Return-Path", "Disposition-Notification-To: in@soc-alfa.example\n", "-", alfa, MDNNoReturnPath},
		{"null Return-Path", "Return-Path: <>\nDisposition-Notification-To: in@soc-alfa.example\n", "-", alfa, MDNNoReturnPath},
		{"another Return-Path", "Return-Path: <out@soc-alfa.example>\nDisposition-Notification-To: in@soc-alfa.example\n", "-", alfa, MDNReturnPathDiffers},
		{"the topmost Return-Path counts", "Return-Path: <evil@x.example>\n" + good, "-", alfa, MDNReturnPathDiffers},
		{"not registered", "Return-Path: <x@y.example>\nDisposition-Notification-To: x@y.example\n", "-", alfa, MDNNotRegistered},
		{"another inside", good, "Disposition-Notification-To: out@soc-alfa.example\n", alfa, MDNProtectedDiffers},
		{"two inside", good, "Disposition-Notification-To: in@soc-alfa.example, x@y.example\n", alfa, MDNProtectedDiffers},
		{"our own options", good + "Disposition-Notification-Options: signed-receipt-protocol=optional, pgp-signature; signed-receipt-micalg=optional, sha-256, sha-512\n", "-", alfa, MDNAllowed},
		{"required and understood", good + "Disposition-Notification-Options: signed-receipt-protocol=required, pkcs7-signature, pgp-signature; signed-receipt-micalg=REQUIRED,sha256\n", "-", alfa, MDNAllowed},
		{"required and unknown", good + "Disposition-Notification-Options: x-colour=required, blue\n", "-", alfa, MDNRequiredOption},
		{"optional and unknown", good + "Disposition-Notification-Options: x-colour=optional, blue\n", "-", alfa, MDNAllowed},
		{"required with a value we cannot do", good + "Disposition-Notification-Options: signed-receipt-protocol=required, pkcs7-signature\n", "-", alfa, MDNRequiredOption},
		{"required inside", good, "Disposition-Notification-Options: x=required,y\n", alfa, MDNRequiredOption},
		{"options nobody can read", good + "Disposition-Notification-Options: nonsense\n", "-", alfa, MDNRequiredOption},
	} {
		var protected *mimepart.Part
		if c.protected != "-" {
			protected = parsed(t, c.protected+body)
		}
		got := DecideMDN(parsed(t, c.outer+body), protected, c.signer)
		if got != c.want || MayAnswerMDN(parsed(t, c.outer+body), protected, c.signer) != (c.want == MDNAllowed) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestMDNIsNeverAnswered(t *testing.T) {
	alfa := &exchange.Participant{ID: "soc-alfa", Addresses: []string{"in@soc-alfa.example"}}
	entity, err := processed().Entity(Style{})
	if err != nil {
		t.Fatal(err)
	}
	const asks = "Return-Path: <in@soc-alfa.example>\r\nDisposition-Notification-To: in@soc-alfa.example\r\n"
	mdn := parsed(t, asks+string(entity))
	for name, c := range map[string][2]*mimepart.Part{"outside": {mdn, nil}, "inside": {parsed(t, asks+"\r\nx\r\n"), mdn}} {
		if got := DecideMDN(c[0], c[1], alfa); got != MDNForMDN {
			t.Errorf("%s: %q", name, got)
		}
	}
	if DecideMDN(nil, nil, alfa) != MDNNotAuthenticated {
		t.Error("nothing is answered")
	}
}

func TestHashNames(t *testing.T) {
	for _, name := range []string{"sha256", "sha384", "sha512", "sha224", "sha3-256", "sha3-512", "sha1"} {
		if got := domainHash(wireHash(name)); got != name {
			t.Errorf("%s becomes %s becomes %s", name, wireHash(name), got)
		}
	}
	for wire, want := range map[string]string{"sha-256": "sha256", "SHA256": "sha256", " sha1": "sha1", "sha-1": "sha1", "sha3-256": "sha3-256", "sha-384": "sha384", "sha384": "sha384", "md5": "md5"} {
		if got := domainHash(wire); got != want {
			t.Errorf("%s: %s, want %s", wire, got, want)
		}
	}
	if !slices.Contains([]string{"sha-256"}, wireHash("SHA256")) {
		t.Error(wireHash("SHA256"))
	}
}
