package arch

import "maps"

// Room is one row of the table: what a package may use.
type Room struct {
	// Imports are the rooms of ours it may import; Helpers stands for those of
	// internal/ that are open to all, Everything for any room. A folder and its
	// subfolders are one room: among themselves they import freely.
	Imports []string
	// Pure rooms touch no disk and no network and read no clock: `now` is an
	// argument.
	Pure bool
	// Guests, where it is set, are the only ones that may import the room; a
	// room with no guest at all is for tests.
	Guests []string
	// Test rooms serve tests alone: they may use any library, and the limits of
	// length are not theirs.
	Test bool
}

// Words of the table.
const (
	Helpers    = "internal"
	Everything = "*"
)

// House is who may import whom. A package that is not in it fails the test,
// and so does one that docs/ARCHITECTURE.md does not name.
func House() map[string]Room {
	domain := []string{"exchange"}
	pure := Room{Imports: []string{"exchange", Helpers}, Pure: true}
	io := Room{Imports: []string{"exchange", Helpers}}
	wiring := []string{"cmd/almasu"}
	rooms := map[string]Room{
		// L0: nothing of ours, but everybody speaks in the words of the domain.
		"exchange":           {Pure: true},
		"config":             {Imports: domain, Guests: wiring},
		"internal/catalogue": {},
		"internal/mimepart":  {Pure: true},
		"internal/safeio":    {},
		"internal/nearest":   {Pure: true},
		"internal/trace":     {},
		"internal/loopmail":  {Guests: wiring},

		// L1, pure.
		"crypto":           pure,
		"crypto/pgpmime":   pure,
		"crypto/smime":     pure,
		"crypto/cms":       pure,
		"crypto/cms/ber":   pure,
		"crypto/cms/algid": pure,
		"crypto/pki":       pure,
		"crypto/gost":      pure,
		"crypto/hsm":       io,
		"parser":           pure,
		"parser/archive":   pure,
		"parser/card":      pure,
		"parser/plain":     pure,
		"parser/tree":      pure,
		"parser/iodef":     pure,
		"parser/shape":     pure,
		"parser/cvss":      pure,
		"parser/stix":      pure,
		"parser/misp":      pure,
		"parser/csaf":      pure,
		"parser/xarf":      pure,
		"receipt":          pure,
		"rules":            pure,
		"rules/assets":     pure,
		"rules/calendar":   pure,

		// L1, input and output: each owns its third-party library.
		"alarm":          io,
		"mailin":         io,
		"mailout":        io,
		"mailout/bounce": pure,
		"queue":          io,
		"revocation":     io,

		// L2 to L4.
		"gateway": {Imports: []string{"crypto", "parser", "receipt", "rules", "mailin", "mailout", "queue", "revocation",
			"exchange", Helpers}, Guests: wiring},
		"web":        {Imports: []string{"queue", "exchange", "rules", Helpers}, Guests: wiring},
		"cmd/almasu": {Imports: []string{Everything}, Guests: []string{}},
	}
	maps.Copy(rooms, workshop())
	return rooms
}

// workshop is the rules of the house, and what only tests use.
func workshop() map[string]Room {
	domain := []string{"exchange"}
	return map[string]Room{
		"internal/arch":             {Guests: []string{}},
		"internal/arch/states":      {Imports: domain, Guests: []string{}},
		"internal/testmail":         {Imports: []string{"exchange", "internal/testpeer"}, Guests: []string{"internal/testmail/gen"}, Test: true},
		"internal/testmail/bounces": {Guests: []string{}, Test: true},
		"internal/testmail/gen":     {Imports: []string{"internal/testmail"}, Guests: []string{}, Test: true},
		"internal/testreport":       {Imports: domain, Guests: []string{}, Test: true},
		"internal/testpeer":         {Guests: []string{"internal/testmail", "internal/testpg"}, Test: true},
		"internal/testpg":           {Imports: []string{"internal/testpeer"}, Guests: []string{}, Test: true},
	}
}

// Libraries is where each third-party library lives (DESIGN section 9). Tests
// and test rooms are exempt; what is not in the list is for tests only.
func Libraries() map[string][]string {
	return map[string][]string{
		"github.com/emersion/go-imap/v2":           {"mailin", "internal/loopmail", "cmd/almasu"},
		"github.com/emersion/go-smtp":              {"mailin", "mailout", "internal/loopmail", "cmd/almasu"},
		"github.com/emersion/go-sasl":              {"mailin", "mailout", "internal/loopmail", "cmd/almasu"},
		"github.com/emersion/go-message":           {"internal/mimepart", "mailout", "receipt"},
		"github.com/emersion/go-msgauth":           {"mailin"},
		"github.com/ProtonMail/go-crypto":          {"crypto"},
		"github.com/ThalesGroup/crypto11":          {"crypto/hsm"},
		"modernc.org/sqlite":                       {"queue"},
		"github.com/jackc/pgx/v5":                  {"queue"},
		"github.com/pressly/goose/v3":              {"queue"},
		"github.com/go-json-experiment/json":       {"parser"},
		"github.com/santhosh-tekuri/jsonschema/v6": {"parser"},
		"go.yaml.in/yaml/v3":                       {"config", "rules"},
		"github.com/spf13/cobra":                   {"cmd/almasu"},
		"github.com/schollz/progressbar/v3":        {"cmd/almasu"},
		"golang.org/x/term":                        {"cmd/almasu"},
		"github.com/expr-lang/expr":                {"rules"},
		"github.com/prometheus/client_golang":      {"web"},
		"golang.org/x/text":                        {"internal/mimepart", "internal/catalogue", "parser"},
		"golang.org/x/sync":                        {"gateway"},
		"golang.org/x/sys":                         {"internal/safeio", "cmd/almasu"},
	}
}
