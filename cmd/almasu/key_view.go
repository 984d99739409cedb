package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"almasu/crypto"
	"almasu/exchange"
)

// The states of a key as they are printed.
const (
	keyGood    = "good"
	keyExpired = "expired"
	keyRevoked = "revoked"
	// keyUnproven verifies signatures; letters are not sealed to it until it has
	// answered a ping.
	keyUnproven = "unproven"
)

// keyView is a key as it is printed.
type keyView struct {
	Owner       string     `json:"owner"`
	Fingerprint string     `json:"fingerprint"`
	Algorithm   string     `json:"algorithm"`
	UserID      string     `json:"user_id"`
	Created     time.Time  `json:"created"`
	Expires     *time.Time `json:"expires,omitempty"`
	State       string     `json:"state"`
	Type        string     `json:"type"`               // openpgp or smime
	Issuer      string     `json:"issuer,omitempty"`   // certificates: issuer and serial number
	Domestic    *bool      `json:"domestic,omitempty"` // certificates: trust.domestic counts them (clause 16)
}

func viewKeys(keys *crypto.Keyring, owner string, at time.Time) []keyView {
	views := []keyView{}
	for _, k := range keys.Keys() {
		if k.Owner != owner {
			continue
		}
		v := keyView{Owner: k.Owner, Fingerprint: k.Fingerprint, Algorithm: k.Algorithm, UserID: k.UserID, Created: k.Created.UTC(), State: keyGood, Type: string(exchange.EncryptionOpenPGP)}
		if k.SMIME {
			v.Type, v.Issuer, v.Domestic = string(exchange.EncryptionSMIME), k.Issuer, &k.Domestic
		}
		if k.Unproven {
			v.State = keyUnproven
		}
		if !k.Expires.IsZero() {
			end := k.Expires.UTC()
			v.Expires = &end
			if !at.Before(end) {
				v.State = keyExpired
			}
		}
		if k.Revoked {
			v.State = keyRevoked
		}
		views = append(views, v)
	}
	return views
}

func (v keyView) until() string {
	if v.Expires == nil {
		return "-"
	}
	return v.Expires.Format(time.DateOnly)
}

func (v keyView) line() string {
	return fmt.Sprintf("%s %s, until %s, %s%s", v.Fingerprint, v.Algorithm, v.until(), v.State, v.certificate(", "))
}

// certificate says of a certificate that it is one, and whether it is domestic.
func (v keyView) certificate(before string) string {
	if v.Domestic == nil {
		return ""
	}
	return before + "S/MIME, domestic: " + yesNo(*v.Domestic)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func printKeys(g *globals, keys []keyView) error {
	if g.JSON {
		return printJSON(g.Stdout, keys)
	}
	w := tabwriter.NewWriter(g.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "OWNER\tFINGERPRINT\tALGORITHM\tCREATED\tEXPIRES\tSTATE\tUSER ID")
	for _, k := range keys {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.Owner, k.Fingerprint, k.Algorithm, k.Created.Format(time.DateOnly), k.until(), k.State, k.UserID+k.certificate("; "))
	}
	return w.Flush()
}
