package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"almasu/exchange"
)

// Participant is one participant file: the entry of the register and what the
// key ring and the certificate check need beside it.
type Participant struct {
	exchange.Participant
	File         string
	templateFile string
	OpenPGP      []string // files with its public keys
	SMIME        []string // files with its certificates
	// Revoked are fingerprints that must not be used, upper-case hex, and serial
	// numbers of certificates as SERIAL:hex.
	Revoked []string
	// SealWith is openpgp or smime where both are possible; "" is openpgp.
	SealWith    string
	SMIMECipher string // "", aes256-gcm, aes256-cbc or aes128-cbc
	SMIMERSA    string // how the content key goes to an RSA certificate: "", oaep or pkcs1
}

// participantFile is a participant file as it is written (DESIGN section 8).
type participantFile struct {
	ID        string                     `yaml:"id" is:"id" required:"write id: with 1 to 64 of A-Z a-z 0-9 . _ : -"`
	Kind      exchange.ParticipantKind   `yaml:"kind" is:"soc|served-organisation|own-unit|nccis|national-security|authorised-body-is|authorised-body-informatisation|prosecution|internal-affairs"`
	Kinds     []exchange.ParticipantKind `yaml:"kinds" is:"soc|served-organisation|own-unit|nccis|national-security|authorised-body-is|authorised-body-informatisation|prosecution|internal-affairs"`
	Name      exchange.Names             `yaml:"name"`
	FQDNs     []string                   `yaml:"names" is:"fqdn"`
	BIN       string                     `yaml:"bin" is:"bin"`
	Addresses []string                   `yaml:"addresses" is:"address"`
	Phone     string                     `yaml:"phone" is:"phone"`
	Language  exchange.Language          `yaml:"language" is:"kk|ru|en" default:"kk"`
	Format    exchange.Format            `yaml:"format" is:"card-json|card-xml|iodef-xml|iodef-json|stix|misp|csaf|xarf"`
	OpenPGP   []string                   `yaml:"openpgp" is:"path"`
	SMIME     []string                   `yaml:"smime" is:"path"`
	Revoked   []string                   `yaml:"revoked" is:"fingerprint"`
	SealWith  string                     `yaml:"seal_with" is:"openpgp|smime"`
	Cipher    string                     `yaml:"smime_cipher" is:"aes256-gcm|aes256-cbc|aes128-cbc"`
	RSA       string                     `yaml:"smime_rsa" is:"oaep|pkcs1"`
	Sends     []exchange.ReportKind      `yaml:"sends" is:"incident|vulnerability|threat|contact|quarterly|request|answer|notice|receipt|ping"`
	Unbound   string                     `yaml:"unbound" is:"accept|hold" default:"hold"`
	Outer     string                     `yaml:"outer_signature" is:"accept|hold" default:"hold"`
	Assets    assets                     `yaml:"assets"`
	Digest    digest                     `yaml:"digest"`
	Template  string                     `yaml:"template" is:"path"` // its own words around the facts of letters to it
}

// assets is what a participant owns or uses, as its file writes it.
type assets struct {
	BINs     []string `yaml:"bins" is:"bin"`
	CIDRs    []string `yaml:"cidrs" is:"cidr"`
	ASNs     []string `yaml:"asns" is:"asn"`
	Domains  []string `yaml:"domains" is:"fqdn"`
	URLs     []string `yaml:"urls" is:"url"`
	Products []string `yaml:"products" is:"cpe"`
	Sectors  []string `yaml:"sectors"`
}

func (a assets) domain() exchange.Assets {
	out := exchange.Assets{BINs: a.BINs, CIDRs: a.CIDRs, Domains: a.Domains, URLs: a.URLs, Products: a.Products, Sectors: a.Sectors}
	for _, n := range a.ASNs {
		if asn, err := strconv.Atoi(n); err == nil { // an entry that is wrong was told and is empty
			out.ASNs = append(out.ASNs, asn)
		}
	}
	return out
}

// digest is how a participant wants notices that are not urgent gathered.
type digest struct {
	Every time.Duration `yaml:"every"`
	Daily string        `yaml:"daily" is:"clock"` // "08:00"
}

func (g digest) domain() exchange.Gathering {
	d := exchange.Gathering{Every: g.Every, On: g.Every > 0 || g.Daily != ""}
	if at, err := time.Parse("15:04", g.Daily); err == nil {
		d.Daily = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	}
	return d
}

// LoadParticipant reads one participant file; the error is like Load's.
func LoadParticipant(path string) (*Participant, error) {
	p, d, err := loadParticipant(path)
	if err != nil {
		return nil, err
	}
	if mistakes := d.sorted(); len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	return p, nil
}

func loadParticipant(path string) (*Participant, *decoder, error) {
	data, err := readSettings(path)
	if err != nil {
		return nil, nil, err
	}
	p, d := parseParticipant(path, data)
	d.filesExist()
	if p.Template, err = readTemplate(p.templateFile, d); err != nil {
		return nil, nil, err
	}
	return p, d, nil
}

// parseParticipant is loadParticipant without the file system.
func parseParticipant(path string, data []byte) (*Participant, *decoder) {
	var f participantFile
	d := newDecoder(path)
	d.document(data, &f)
	f.judge(d)
	if f.Name == (exchange.Names{}) {
		f.Name.EN = f.ID
	}
	return &Participant{
		Participant: exchange.Participant{ID: f.ID, Kinds: f.Kinds, Name: f.Name, FQDNs: f.FQDNs, BIN: f.BIN,
			Addresses: f.Addresses, Phone: f.Phone, Language: f.Language, Format: string(f.Format), Sends: f.Sends,
			Assets: f.Assets.domain(), Digest: f.Digest.domain(), AcceptUnbound: f.Unbound == "accept", AcceptOuterSignature: f.Outer == "accept"},
		File: path, templateFile: f.Template, OpenPGP: f.OpenPGP, SMIME: f.SMIME, Revoked: f.Revoked,
		SealWith: f.SealWith, SMIMECipher: f.Cipher, SMIMERSA: f.RSA,
	}, d
}

func (f *participantFile) judge(d *decoder) {
	if f.Digest.Every > 0 && f.Digest.Daily != "" {
		d.wrong(d.line("digest"), "digest has both every and daily", "keep one of them")
	}
	switch {
	case f.Kind != "" && d.has("kinds"):
		d.wrong(d.line("kind"), "both kind and kinds are written", "keep one of them")
	case f.Kind != "":
		f.Kinds = []exchange.ParticipantKind{f.Kind}
	case !d.has("kind") && !d.has("kinds"):
		d.wrong(1, "kind is missing", "write kind: with one of "+words(exchange.ParticipantKinds()))
	}
	sender := slices.Contains(f.Kinds, exchange.KindSOC) || slices.Contains(f.Kinds, exchange.KindNCCIS)
	if sender && len(f.Addresses) == 0 && !d.has("addresses") {
		d.wrong(1, "addresses is missing", "write addresses: [...], the first is where letters go")
	}
	p := exchange.Participant{Kinds: f.Kinds}
	for i, kind := range f.Sends {
		if kind != "" && len(f.Kinds) > 0 && !p.MaySend(kind) {
			d.wrong(d.line(fmt.Sprintf("sends[%d]", i)), fmt.Sprintf("%s may not send %q", words(f.Kinds), kind), "remove it: sends can only narrow what the kind may send")
		}
	}
}

// loadParticipants reads every participant file and makes sure that an id and
// an address name one participant: the trust decision rests on it.
func (c *Config) loadParticipants(main *decoder) []error {
	if c.Directory == "" {
		return nil
	}
	files, err := filepath.Glob(c.Directory)
	if err != nil {
		return []error{fmt.Errorf("list the participants %s: %w", c.Directory, err)}
	}
	if len(files) == 0 {
		c.Warnings = append(c.Warnings, "no participant file matches "+c.Directory+"; add one with `almasu participants add FILE`")
	}
	owners := newOwners(c, main)
	var mistakes []error
	for _, file := range files {
		p, d, err := loadParticipant(file)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		owners.add(p, d)
		c.Participants = append(c.Participants, p)
		mistakes = append(mistakes, d.sorted()...)
	}
	return mistakes
}

// owners remembers where each id and address was first written.
type owners map[string]string

func newOwners(c *Config, d *decoder) owners {
	o := owners{}
	o["id "+c.Identity.ID] = fmt.Sprintf("%s:%d", d.file, d.line("identity.id"))
	o["address "+c.Identity.Address] = fmt.Sprintf("%s:%d", d.file, d.line("identity.address"))
	return o
}

func (o owners) add(p *Participant, d *decoder) {
	o.once(d, "id", p.ID, d.line("id"), "give each participant one file; one body with two duties is one participant with two kinds")
	for i, a := range p.Addresses {
		o.once(d, "address", a, d.line(fmt.Sprintf("addresses[%d]", i)), "an address must name one participant")
	}
}

func (o owners) once(d *decoder, what, value string, line int, remedy string) {
	if value == "" {
		return
	}
	key := what + " " + value
	if first, twice := o[key]; twice {
		d.wrong(line, fmt.Sprintf("%s %s stands in %s already", what, value, first), remedy)
		return
	}
	o[key] = fmt.Sprintf("%s:%d", d.file, line)
}

func words[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}
