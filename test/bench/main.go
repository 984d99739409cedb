// Command bench measures inside one run how fast a node empties a mailbox, as a
// ratio to what the bare cryptography of the same messages allows on all cores
// and to a pipeline that calls gpg. docs/PERFORMANCE.md says what each figure
// means.
//
// It owns a temporary folder and the processes it starts, and removes both at
// the end. It refuses to leave loopback. JSON lines go to standard output,
// progress to standard error.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// plan is what the command line asks for.
type plan struct {
	almasu   string         // the binary under test, "" = built for the run
	messages map[string]int // by algorithm
	octets   int            // of one card
	parse    time.Duration  // how long each format is parsed, 0 leaves it out
	ceiling  time.Duration  // how long the bare cryptography is measured, each time
	gpg      int            // messages through gpg
	workers  int            // limits.workers, 0 = the product's default
	mdn      bool           // the senders ask for a disposition notification as well
	open     time.Duration  // how long each way to open is measured
}

func main() {
	p := plan{messages: map[string]int{}}
	x25519 := flag.Int("x25519", 2000, "messages of the run with Ed25519/X25519 keys, 0 leaves it out")
	rsa := flag.Int("rsa4096", 400, "messages of the run with RSA keys of 4096 bits, 0 leaves it out")
	limit := flag.Duration("limit", 10*time.Minute, "the whole run ends after it")
	flag.StringVar(&p.almasu, "almasu", "", "the binary to measure; default: built from this module")
	flag.IntVar(&p.octets, "octets", 20_000, "size of one report")
	flag.DurationVar(&p.ceiling, "ceiling", 4*time.Second, "how long the bare cryptography is measured, before and after the drain")
	flag.DurationVar(&p.parse, "parse", 2*time.Second, "how long each format is parsed beside the standard library, 0 leaves it out")
	flag.IntVar(&p.gpg, "gpg", 120, "messages through gpg, 0 leaves it out")
	flag.IntVar(&p.workers, "workers", 0, "limits.workers of the node, 0 leaves it to the product")
	flag.BoolVar(&p.mdn, "mdn", false, "the senders ask for a disposition notification too: two letters a message")
	flag.DurationVar(&p.open, "open", time.Second, "how long opening is measured for each algorithm and size, 0 leaves it out")
	flag.Parse()
	p.messages["x25519"], p.messages["rsa4096"] = *x25519, *rsa
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	if err := p.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run makes the folder, the binary and the figures.
func (p plan) run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "almasu-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if p.almasu == "" {
		if p.almasu, err = build(ctx, dir); err != nil {
			return err
		}
	}
	progress("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if p.parse > 0 {
		if err := p.parsing(ctx); err != nil {
			return fmt.Errorf("parsing: %w", err)
		}
	}
	if p.open > 0 {
		progress("opening, beside the bare operations")
		if err := openings(p.octets, p.open); err != nil {
			return err
		}
	}
	for _, alg := range []string{"x25519", "rsa4096"} {
		if p.messages[alg] > 0 {
			if err := p.measure(ctx, alg, filepath.Join(dir, alg)); err != nil {
				return fmt.Errorf("%s: %w", alg, err)
			}
		}
	}
	return nil
}

func build(ctx context.Context, dir string) (string, error) {
	progress("building almasu")
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	binary := filepath.Join(dir, "almasu")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "./cmd/almasu")
	cmd.Dir, cmd.Stderr = strings.TrimSpace(string(root)), os.Stderr
	return binary, cmd.Run()
}

// drained is the line of one algorithm; its fields are fixed.
type drained struct {
	Bench    string  `json:"bench"`
	Alg      string  `json:"alg"`
	Messages int     `json:"messages"`
	Rate     float64 `json:"per_second"`
	Ceiling  float64 `json:"ceiling_per_second"`
	Ratio    float64 `json:"ratio"`
	GPG      float64 `json:"gpg_per_second"`
	GPGRatio float64 `json:"gpg_ratio"`
}

// measure makes the lines of one algorithm. The ceiling is taken before and
// after the drain, because the machine may not be ours alone.
func (p plan) measure(ctx context.Context, alg, dir string) error {
	n := p.messages[alg]
	m, err := newMill(alg, p.octets, p.mdn)
	if err != nil {
		return err
	}
	progress("%s: sealing %d reports", alg, n)
	mails, err := m.reports(ctx, n+warmUp)
	if err != nil {
		return err
	}
	s, err := openSite(p, dir, m)
	if err != nil {
		return err
	}
	defer s.close()
	answer, err := s.warm(ctx, mails[:warmUp])
	if err != nil {
		return err
	}
	c := ceiling{mill: m, mails: mails[warmUp:], answer: answer}
	progress("%s: bare cryptography", alg)
	before, cpu, err := c.rate(ctx, p.ceiling)
	if err != nil {
		return err
	}
	progress("%s: draining", alg)
	d, err := s.drain(ctx, mails[warmUp:])
	if err != nil {
		return err
	}
	after, _, err := c.rate(ctx, p.ceiling)
	if err != nil {
		return err
	}
	line := drained{Bench: "drain", Alg: alg, Messages: n, Rate: round(d.rate), Ceiling: round((before + after) / 2)}
	line.Ratio = round(d.rate / ((before + after) / 2))
	if p.gpg > 0 && installed("gpg") {
		progress("%s: gpg", alg)
		g, err := gpgRate(ctx, m, c, min(p.gpg, n))
		if err != nil {
			return err
		}
		line.GPG, line.GPGRatio = round(g), round(d.rate/g)
	}
	progress("%s: ceiling %.0f before and %.0f after; CPU a message: bare %.2f ms, node %.2f ms, mail servers %.2f ms",
		alg, before, after, cpu*1000, d.nodeCPU*1000, d.houseCPU*1000)
	return say(line,
		memory{Bench: "memory", Alg: alg, State: "idle", MiB: round(d.idle)},
		memory{Bench: "memory", Alg: alg, State: "draining", MiB: round(d.peak)},
		cost{Bench: "cost", Alg: alg, Letters: d.letters, Node: round(d.nodeCPU * 1000), Servers: round(d.houseCPU * 1000), Bare: round(cpu * 1000),
			Ratio: round(cpu / (d.nodeCPU + d.houseCPU)), MDN: p.mdn})
}

// memory is what the node held resident, in MiB; draining is its peak.
type memory struct {
	Bench string  `json:"bench"`
	Alg   string  `json:"alg"`
	State string  `json:"state"`
	MiB   float64 `json:"rss_mib"`
}

// cost is the CPU time of one message, in milliseconds over all cores.
type cost struct {
	Bench   string  `json:"bench"`
	Alg     string  `json:"alg"`
	Letters int     `json:"letters"` // sent in answer
	MDN     bool    `json:"mdn_asked"`
	Node    float64 `json:"node_cpu_ms"`
	Servers float64 `json:"mail_servers_cpu_ms"`
	Bare    float64 `json:"bare_cryptography_cpu_ms"`
	Ratio   float64 `json:"cpu_ratio"` // bare to node and servers: holds on a busy machine as well
}

func say(lines ...any) error {
	out := json.NewEncoder(os.Stdout)
	for _, l := range lines {
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// round keeps three digits behind the point.
func round(x float64) float64 { return float64(int64(x*1000+0.5)) / 1000 }
