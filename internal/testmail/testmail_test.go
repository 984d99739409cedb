package testmail

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/internal/testpeer"
)

func TestEveryCodeThatMailCanEarnHasACase(t *testing.T) {
	unreachable := []exchange.Code{exchange.ChainUntrusted /* certificates only */, exchange.Internal, /* our own fault */
		exchange.NeedsPerson /* rules of kinds to come */}
	have := map[exchange.Code]bool{}
	names := map[string]bool{}
	for _, c := range Cases() {
		have[c.Code] = true
		if names[c.Name] {
			t.Errorf("two cases are called %s", c.Name)
		}
		names[c.Name] = true
		for _, before := range c.After {
			if !names[before] {
				t.Errorf("%s comes after %s, which does not stand before it", c.Name, before)
			}
		}
		if c.Code != "" && string(c.Code.Fate()) != string(c.Outcome) {
			t.Errorf("%s: the code %s means %s, the case says %s", c.Name, c.Code, c.Code.Fate(), c.Outcome)
		}
	}
	for _, code := range exchange.Codes() {
		if !have[code] && !slices.Contains(unreachable, code) {
			t.Errorf("no case earns %s", code)
		}
	}
}

// TestGnuPGAgreesWithTheCases opens what gpg can open and compares what it says
// of seal and signature with what the case is for.
func TestGnuPGAgreesWithTheCases(t *testing.T) {
	w := Start(t)
	says := map[string]string{ // case -> line gpg must report
		"no-integrity": "DECRYPTION_FAILED", "damaged-integrity-code": "DECRYPTION_FAILED",
		"cipher-3des": "DECRYPTION_INFO 2 2", "cipher-cast5": "DECRYPTION_INFO 2 3",
		"signed-by-stranger": "VALIDSIG " + w.key("stranger/current").Fingerprint, "expired-key": "EXPKEYSIG",
		"signed-by-other-participant": "VALIDSIG " + w.key("soc-beta/current").Fingerprint,
		"intended-other":              "VALIDSIG " + w.key("soc-alfa/current").Fingerprint,
		"our-own-letter":              "VALIDSIG " + w.key("nccis/current").Fingerprint,
		"sha1-signature":              "VALIDSIG " + w.key("soc-gamma/current").Fingerprint,
	}
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if c.Large {
				t.Skip("large")
			}
			mail, err := w.Message(c)
			if err != nil {
				t.Fatal(err)
			}
			want, named := says[c.Name]
			if !named && c.Outcome == Held {
				return
			}
			plain, status, _ := w.GnuPG().Status(SealedPart(mail), Passphrase, "--decrypt") // the status tells more than the exit code
			said := strings.Join(status, "\n")
			if named {
				if !strings.Contains(said, want) {
					t.Errorf("gpg does not report %s but\n%s", want, said)
				}
				return
			}
			if !strings.Contains(said, "DECRYPTION_OKAY") || !strings.Contains(said, "GOODMDC") {
				t.Errorf("gpg does not open it:\n%s", said)
			}
			inside := c.Name == "good-nested" || c.Name == "good-outer-signature"
			if signed := strings.Contains(said, "VALIDSIG "+w.key(c.Signer).Fingerprint); signed == inside {
				t.Errorf("signed in one operation: %v\n%s", signed, said)
			}
			if len(plain) == 0 {
				t.Error("nothing came out")
			}
		})
	}
}

func TestCardsAreWellFormedAndCarryTheirCanary(t *testing.T) {
	c := card{kind: "incident", id: "R-1", revision: 1, reporter: "soc-alfa", addressee: SelfID, at: time.Now(), text: `a "quoted" <text> & more`}
	var fields map[string]any
	if err := json.Unmarshal(c.json(), &fields); err != nil {
		t.Fatalf("%v in\n%s", err, c.json())
	}
	if fields["summary"] != c.text || fields["revision"] != 1.0 {
		t.Errorf("the card says %v", fields)
	}
	d := xml.NewDecoder(bytes.NewReader(c.xml()))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, c.xml())
		}
	}
	testpeer.Need(t, "xmllint")
	check := exec.Command("xmllint", "--nonet", "--noout", "--schema", filepath.Join("..", "..", "docs", "card.xsd"), "-")
	check.Stdin = bytes.NewReader(c.xml())
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("the published schema refuses the card: %v\n%s", err, out)
	}
	c.without = "severity"
	if bytes.Contains(c.json(), []byte("severity")) {
		t.Error("the field left out is there")
	}
}

func TestMessagesAreTheSameAgainInOneWorld(t *testing.T) {
	w := Start(t)
	first, err := w.Message(Find("first"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.Message(Find("duplicate-exact"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, again) {
		t.Error("the exact duplicate differs")
	}
	moved, err := w.Message(Find("replayed-inside-another"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSpace(SealedPart(first)), bytes.TrimSpace(SealedPart(moved))) {
		t.Error("the replayed ciphertext differs from the first")
	}
}

func TestPlainTextStandsOnlyWhereItShould(t *testing.T) {
	w := Start(t)
	clear := []string{"plain-unsigned", "plain-signed", "oversize"}
	for _, c := range Cases() {
		if c.Large {
			continue
		}
		mail, err := w.Message(c)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(mail, []byte(c.Canary)) && !slices.Contains(clear, c.Name) {
			t.Errorf("the canary of %s stands in its mail in clear", c.Name)
		}
	}
}
