package smime_test

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"testing"

	"almasu/crypto/smime"
	"almasu/internal/mimepart"
)

// heads are the first octets of CMS objects, DER and BER.
var heads = []struct {
	name string
	der  string
	want smime.Kind
}{
	{"enveloped, DER", "\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x82", smime.Enveloped},
	{"enveloped, BER", "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x80", smime.Enveloped},
	{"enveloped, short", "\x30\x10\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x03", smime.Enveloped},
	{"authEnveloped", "\x30\x82\x01\x00\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17\xa0", smime.Enveloped},
	{"signed", "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80", smime.Signed},
	{"compressed", "\x30\x80\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09\xa0\x80", smime.Compressed},
	{"data", "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80", smime.None},
	{"a certificate", "\x30\x82\x03\x00\x30\x82\x02\x00\xa0\x03\x02\x01\x02", smime.None},
	{"a length beyond the end", "\x30\xff\x06", smime.None},
	{"text", "Dear colleagues", smime.None},
	{"text that begins like base64", "MIME-Version: 1.0\r\n\r\nhello", smime.None},
	{"nothing", "", smime.None},
}

func TestSniff(t *testing.T) {
	for _, tc := range heads {
		armored := pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: []byte(tc.der)})
		for form, b := range map[string][]byte{"binary": []byte(tc.der), "armor": armored, "armor in text": append([]byte("hello\r\n"), armored...),
			"gpgsm armor": bytes.ReplaceAll(armored, []byte("PKCS7"), []byte("ENCRYPTED MESSAGE")),
			"bare base64": []byte(base64.StdEncoding.EncodeToString([]byte(tc.der)))} {
			want := tc.want
			if form == "bare base64" && len(tc.der) > 0 && tc.der[0] != 0x30 {
				want = smime.None
			}
			if got := smime.Sniff(b); got != want {
				t.Errorf("%s, %s: %q, want %q", tc.name, form, got, want)
			}
		}
	}
}

func TestOctetsTellWhatStandsAround(t *testing.T) {
	armored := string(pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: []byte("content")}))
	for text, around := range map[string]bool{armored: false, "\r\n" + armored + "\n\n": false, "x\n" + armored: true, armored + "footer\n": true} {
		if der, got := smime.Octets([]byte(text)); got != around || string(der) != "content" {
			t.Errorf("%q: %t %q", text, got, der)
		}
	}
}

func TestName(t *testing.T) {
	for name, want := range map[string]string{"report.json.p7m": "report.json", "SMIME.P7M": "SMIME", "a.p7": "a.p7", "": "", ".p7m": ""} {
		if got := smime.Name(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

// FuzzDetect: detection neither panics nor calls a multipart's part or a
// bundle of certificates enveloped.
func FuzzDetect(f *testing.F) {
	for _, tc := range heads {
		f.Add("application/pkcs7-mime", []byte(tc.der))
		f.Add("text/plain", []byte("-----BEGIN PKCS7-----\n"+base64.StdEncoding.EncodeToString([]byte(tc.der))+"\n-----END PKCS7-----\n"))
	}
	f.Fuzz(func(t *testing.T, mediaType string, body []byte) {
		p, err := mimepart.Parse(append([]byte("Content-Type: "+mediaType+"\r\n\r\n"), body...), mimepart.Limits{})
		if err != nil {
			return
		}
		kind := smime.Detect(p)
		if kind == smime.Enveloped && (p.MediaType == "application/pkcs7-signature" || p.MediaType == "text/html") {
			t.Errorf("%s is %s", p.MediaType, kind)
		}
		if der, _ := smime.Octets(body); len(der) > len(body) {
			t.Error("octets out of nothing")
		}
	})
}
