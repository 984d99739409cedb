package main

import (
	"os"
	"strings"

	"almasu/config"
	"almasu/exchange"
)

// filterMap compares the map by which an MTA hands mail over to the filter
// with the register. An address that is missing there is an ordinary one to
// the MTA, and its mail leaves in clear.
func (k *checker) filterMap(c *config.Config, changes []exchange.Change) {
	if c.Listen.Filter == "" {
		return
	}
	file := c.Listen.FilterMap
	if file == "" {
		k.warn("listen.filter", "filter-map-none")
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		k.fail("listen.filter", "filter-map-unreadable", file, err.Error())
		return
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && !strings.HasPrefix(line, "#") {
			known[strings.ToLower(fields[0])] = true
		}
	}
	w, err := newWorld(c, changes...)
	if err != nil {
		return // said with the keys
	}
	var lacking []string
	for _, p := range c.Participants {
		for _, address := range inForce(p, w).Addresses {
			_, domain, _ := strings.Cut(address, "@")
			if p.ID != c.Identity.ID && !known[strings.ToLower(address)] && !known[strings.ToLower(domain)] {
				lacking = append(lacking, address)
			}
		}
	}
	if len(lacking) > 0 {
		k.fail("listen.filter", "filter-map-lacks", file, strings.Join(lacking, ", "))
		return
	}
	k.ok("listen.filter", "filter-map-ok", file)
}
