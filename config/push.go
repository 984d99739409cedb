package config

import (
	"fmt"
	"time"
)

// Push is a consumer of the report queue that the gateway posts to.
type Push struct {
	Name       string        `yaml:"name" is:"id" required:"write name: with the name of the consumer"`
	URL        string        `yaml:"url" is:"webhook" required:"write url: https://host/path"`
	SecretFile string        `yaml:"secret_file" is:"secret" required:"name the file, env:NAME or credential:NAME of the secret that signs what is posted"`
	CAFile     string        `yaml:"ca_file" is:"path"` // "" = the system's anchors
	Timeout    time.Duration `yaml:"timeout" default:"30s"`
	Again      time.Duration `yaml:"again" default:"5m"` // after which a report that was refused comes again
}

func (c *Config) judgePush(d *decoder) {
	first := map[string]int{}
	for i, p := range c.Push {
		line := d.line(fmt.Sprintf("push[%d]", i))
		if other, twice := first[p.Name]; twice {
			d.wrong(line, fmt.Sprintf("two entries of push are named %q, the other in line %d", p.Name, other), "give each its own name: where a consumer stands is kept under it")
		}
		first[p.Name] = line
	}
	if len(c.Push) > 0 && c.Role != RoleNCCIS && c.Role != "" {
		d.wrong(d.line("push"), "push is for role: nccis", "a SOC hands reports in; what it receives is shown by almasu queue list")
	}
}
