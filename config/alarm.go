package config

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Alarms says who is called when something goes wrong, beside log and journal.
type Alarms struct {
	Duty     []string      `yaml:"duty" is:"address"` // addresses of duty officers
	Webhook  Webhook       `yaml:"webhook"`
	Command  []string      `yaml:"command"` // program and arguments, run without a shell
	Timeout  time.Duration `yaml:"timeout" default:"10s"`
	Attempts int           `yaml:"attempts" default:"8"` // of webhook and command
}

// Webhook is where alarms are posted to, off while URL is "".
type Webhook struct {
	URL        string `yaml:"url" is:"webhook"`
	SecretFile string `yaml:"secret_file" is:"secret"`
	CAFile     string `yaml:"ca_file" is:"path"` // "" = the system's anchors
}

// longestTelling bounds alarms.timeout: a node that takes longer is taken for
// dead.
const longestTelling = 50 * time.Second

func (a *Alarms) judge(d *decoder, own string) {
	if a.Webhook.URL != "" && a.Webhook.SecretFile == "" && !d.meant["alarms.webhook.secret_file"] {
		d.wrong(d.line("alarms.webhook"), "alarms.webhook.secret_file is missing", "name the file, env:NAME or credential:NAME of the secret that signs what is posted")
	}
	if a.Webhook.URL == "" && (a.Webhook.SecretFile != "" || a.Webhook.CAFile != "") {
		d.wrong(d.line("alarms.webhook"), "alarms.webhook.url is missing", "write url: https://host/path")
	}
	if len(a.Command) > 0 && !strings.HasPrefix(a.Command[0], "/") {
		d.wrong(d.line("alarms.command"), fmt.Sprintf("alarms.command: %q is no absolute path", clip(a.Command[0])), "write [/path/of/program, argument, ...]: no shell looks for it")
	}
	if a.Timeout > longestTelling {
		d.wrong(d.line("alarms.timeout"), "alarms.timeout is too long", "write at most "+longestTelling.String())
	}
	for i, address := range a.Duty {
		if address != "" && address == own {
			d.wrong(d.line(fmt.Sprintf("alarms.duty[%d]", i)), "alarms.duty: "+address+" is our own address", "name an address that people read")
		}
	}
}

// webhook reads an address that is posted to: https, or http on loopback.
func webhook(text string) (any, error) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return text, nil
	case err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https":
		return nil, bad("write it as https://host/path", "%q is no web address", clip(text))
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, bad("write https, or an address on loopback", "%q is reached in clear", clip(text))
	}
	return text, nil
}

// Requests are those of clauses 10.4 and 11.
type Requests struct {
	AnswerWithin time.Duration `yaml:"answer_within" default:"24h"` // where a request names no time
}
