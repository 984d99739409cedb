package config

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"almasu/exchange"
)

// templateFile is a file of a participant's own words, by sort of letter and
// language.
type templateFile struct {
	Notice  templateWords `yaml:"notice"`
	Digest  templateWords `yaml:"digest"`
	Receipt templateWords `yaml:"receipt"`
	Report  templateWords `yaml:"report"`
}

type templateWords struct {
	KK templateLines `yaml:"kk"`
	RU templateLines `yaml:"ru"`
	EN templateLines `yaml:"en"`
}

type templateLines struct {
	Subject string `yaml:"subject"`
	Opening string `yaml:"opening"`
	Closing string `yaml:"closing"`
}

// readTemplate reads the template that a participant file names; what is wrong
// in it is told with the mistakes of that file. One that is not there has been
// told already.
func readTemplate(path string, of *decoder) (exchange.Template, error) {
	if path == "" {
		return nil, nil
	}
	data, err := readSettings(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t, d := parseTemplate(path, data)
	of.mistakes = append(of.mistakes, d.mistakes...)
	return t, nil
}

func parseTemplate(path string, data []byte) (exchange.Template, *decoder) {
	var f templateFile
	d := newDecoder(path)
	d.document(data, &f)
	out := exchange.Template{}
	for sort, words := range map[string]templateWords{exchange.TemplateNotice: f.Notice, exchange.TemplateDigest: f.Digest,
		exchange.TemplateReceipt: f.Receipt, exchange.TemplateReport: f.Report} {
		out[sort] = map[exchange.Language]exchange.Words{}
		for l, lines := range map[exchange.Language]templateLines{exchange.Kazakh: words.KK, exchange.Russian: words.RU, exchange.English: words.EN} {
			at := sort + "." + string(l)
			for name, text := range map[string]string{"subject": lines.Subject, "opening": lines.Opening, "closing": lines.Closing} {
				d.places(at+"."+name, text)
			}
			if lines != (templateLines{}) {
				out[sort][l] = exchange.Words(lines)
			}
		}
	}
	return out, d
}

var braces = regexp.MustCompile(`\{[^{}]*\}?|\}`)

// places refuses what stands in braces and is not known: nothing of a report
// can be put into a template.
func (d *decoder) places(at, text string) {
	known := exchange.TemplatePlaces()
	for _, found := range braces.FindAllString(text, -1) {
		name := strings.Trim(found, "{}")
		if slices.Contains(known, name) && found == "{"+name+"}" {
			continue
		}
		d.wrong(d.line(at), fmt.Sprintf("%s: %s stands for nothing", at, clip(found)), didYouMean(name, known))
	}
}
