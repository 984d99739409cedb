package main

import (
	"testing"
	"time"
)

func TestCheckComparesTheMapOfTheMailServer(t *testing.T) {
	now := time.Now()
	sound, other := newSite(t, "soc", "soc-alfa", nil, now), newSite(t, "nccis", "nccis", nil, now)
	sound.must(t, newParticipantsCommand, "add", other.card())
	full := sound.must(t, newParticipantsCommand, "list", "--transport", "almasu:unix:/run/f.sock")
	for name, c := range map[string]struct {
		text  string // of the map, "-" for no file
		named bool
		level string
		want  string
	}{
		"every participant": {full, true, levelOK, "has every participant"},
		"by its domain":     {"nccis.example almasu:unix:/run/f.sock\n", true, levelOK, "has every participant"},
		"one is missing":    {"# " + full, true, levelFail, "leaves in clear"},
		"no map is named":   {"", false, levelWarn, "is not named"},
		"no such file":      {"-", true, levelFail, "which is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sound.another(t)
			listen := "listen: {filter: " + s.path("f.sock") + ", insecure_loopback_submit: true"
			if c.named {
				listen += ", filter_map: " + s.path("map")
			}
			s.add(t, listen+"}\n")
			if c.text != "-" {
				put(t, s.path("map"), c.text)
			}
			lines, good := s.checks(t)
			l := find(lines, c.level, c.want)
			if l == nil {
				t.Fatalf("no %s line %q in %+v", c.level, c.want, lines)
			}
			if c.level == levelFail && (good || l.Remedy == "") {
				t.Errorf("good %v, %+v", good, l)
			}
		})
	}
}
