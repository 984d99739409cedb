package main

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
)

// versionView is what the build says of itself.
type versionView struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Built    string `json:"built,omitempty"` // time of the revision, RFC 3339
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
}

func newVersionCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Version of this program",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := version()
			if g.JSON {
				return printJSON(g.Stdout, v)
			}
			modified := ""
			if v.Modified {
				modified = " (modified)"
			}
			fmt.Fprintf(g.Stdout, "almasu %s %s%s %s\n", v.Version, v.Revision, modified, v.Go)
			return nil
		},
	}
}

func version() versionView {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return versionView{Version: "(devel)"}
	}
	v := versionView{Version: info.Main.Version, Go: info.GoVersion}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Built = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// builtAt is when the revision this was built from was made, zero if unknown.
func builtAt() time.Time {
	t, err := time.Parse(time.RFC3339, version().Built)
	if err != nil {
		return time.Time{}
	}
	return t
}
