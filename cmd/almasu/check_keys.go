package main

import (
	"fmt"
	"path/filepath"
	"time"

	"almasu/config"
	"almasu/crypto"
	"almasu/crypto/hsm"
	"almasu/exchange"
)

// zone shows what time the deadlines and the numbers go by. That the zone data
// is right, Load has made sure of.
func (k *checker) zone(c *config.Config, now time.Time) {
	local := now.In(c.Zone)
	k.ok("timezone", "zone-ok", c.Zone.String(), local.Format("-07:00"), local.Format("2006-01-02 15:04"))
}

// keys looks at our own keys: there is one that signs and opens, and how long
// each is valid. nil if the key ring cannot be made.
func (k *checker) keys(c *config.Config, changes []exchange.Change, now time.Time) *crypto.Keyring {
	w, err := newWorld(c, changes...)
	if err != nil {
		k.fail("keys", "keyring-broken", err.Error())
		return nil
	}
	for _, u := range w.Unapplied {
		k.warn("register", "change-without-effect", fmt.Sprint(u.Change.ID), u.Change.Participant, u.Reason)
	}
	keys := w.Keys
	if len(c.Keys.OpenPGP)+len(c.Keys.SMIME) == 0 {
		k.fail("keys.openpgp", "keys-none")
		return keys
	}
	for _, v := range viewKeys(keys, exchange.SelfSigner, now) {
		k.ownKey(v, now)
	}
	k.tokens(c)
	if err := keys.CanSign(now); err != nil {
		k.fail("keys.openpgp", "keys-cannot-sign", err.Error())
	}
	if err := keys.CanSeal(exchange.SelfSigner, now); err != nil {
		k.fail("keys.openpgp", "keys-cannot-open", err.Error())
	}
	return keys
}

// tokens opens each token that holds a key of ours.
func (k *checker) tokens(c *config.Config) {
	for _, key := range c.Keys.SMIME {
		if !key.InToken() {
			continue
		}
		data, pin, err := key.Read()
		var inToken *hsm.Key
		if err == nil {
			inToken, err = tokenKey(key, data, pin)
		}
		if err == nil {
			err = inToken.Check()
		}
		if err != nil {
			k.fail("keys.smime", "token-failed", err.Error())
			continue
		}
		k.ok("keys.smime", "token-ok", key.PKCS11.Token, key.PKCS11.Label)
	}
}

func (k *checker) ownKey(v keyView, now time.Time) {
	name := "keys." + v.Type
	if v.Domestic != nil {
		key := "certificate-not-domestic"
		if *v.Domestic {
			key = "certificate-domestic"
		}
		k.ok("clause 16", key, v.Fingerprint)
	}
	switch days := v.daysLeft(now); {
	case v.State == keyRevoked:
		k.warn(name, "key-revoked", v.Fingerprint, v.Algorithm)
	case v.State == keyExpired:
		k.warn(name, "key-expired", v.Fingerprint, v.Algorithm, v.until())
	case v.Expires == nil:
		k.ok(name, "key-lasting", v.Fingerprint, v.Algorithm)
	case v.Expires.Sub(now) < keyWarning:
		k.warn(name, "key-expires-soon", v.Fingerprint, v.Algorithm, v.until(), fmt.Sprint(days))
	default:
		k.ok(name, "key-ok", v.Fingerprint, v.Algorithm, v.until())
	}
}

func (v keyView) daysLeft(now time.Time) int {
	if v.Expires == nil {
		return 0
	}
	return int(v.Expires.Sub(now) / (24 * time.Hour))
}

// participants looks at whom we exchange with: that the ones our role cannot
// do without are there, and that each can be written to.
func (k *checker) participants(c *config.Config, keys *crypto.Keyring, now time.Time) {
	k.needed(c)
	if keys == nil {
		return
	}
	for _, p := range c.Participants {
		k.participant(p, keys, now)
	}
}

func (k *checker) needed(c *config.Config) {
	has := func(kind exchange.ParticipantKind) bool {
		for _, p := range c.Participants {
			if p.Is(kind) {
				return true
			}
		}
		return false
	}
	switch {
	case c.Role == config.RoleSOC && !has(exchange.KindNCCIS):
		k.fail("participants", "participants-no-nccis")
	case len(c.Participants) == 0:
		k.fail("participants", "participants-none")
	case c.Role == config.RoleNCCIS && !has(exchange.KindNationalSecurity):
		k.warn("participants", "participants-no-national-security")
	}
}

func (k *checker) participant(p *config.Participant, keys *crypto.Keyring, now time.Time) {
	name := "participant " + p.ID
	if p.Address() == "" {
		k.warn(name, "participant-no-address", filepath.Base(p.File))
		return
	}
	if err := keys.CanSeal(p.ID, now); err != nil {
		level := levelWarn
		if p.Is(exchange.KindNCCIS) {
			level = levelFail // a SOC without it can send nothing at all
		}
		k.add(checkLine{level, name, k.text("check.participant-no-key", err.Error()), k.text("check.participant-no-key-remedy", p.File)})
		return
	}
	last := lastKey(viewKeys(keys, p.ID, now))
	if last.Expires != nil && last.Expires.Sub(now) < keyWarning {
		k.warn(name, "participant-key-expires-soon", last.Fingerprint, last.until(), fmt.Sprint(last.daysLeft(now)))
		return
	}
	k.ok(name, "participant-ok", last.Fingerprint, last.until())
}

// changes looks at what came by mail and waits for a person, or has no effect.
func (k *checker) changes(c *config.Config, changes []exchange.Change, now time.Time) {
	const name = "register"
	for _, change := range changes {
		if change.State == exchange.ChangeProposed {
			k.warn(name, "change-open", fmt.Sprint(change.ID), string(change.Kind), change.Participant, change.Number, viewChange(change, c).New)
		}
	}
	for _, change := range unprovenSince(changes, now) {
		k.warn(name, "change-unproven", change.Fingerprint, change.Participant)
	}
}

// lastKey is the good key that lasts longest.
func lastKey(keys []keyView) keyView {
	var last keyView
	for _, v := range keys {
		if v.State == keyGood && (last.Fingerprint == "" || v.Expires == nil || last.Expires != nil && v.Expires.After(*last.Expires)) {
			last = v
		}
	}
	return last
}

// clock catches a clock that is plainly wrong: behind our own program or key,
// or known to the kernel as not kept.
func (k *checker) clock(keys *crypto.Keyring, now time.Time) {
	stamp := now.UTC().Format("2006-01-02 15:04:05")
	if built := builtAt(); !built.IsZero() && now.Before(built) {
		k.clockFault(levelFail, "clock-before-build", stamp, built.UTC().Format(time.DateOnly))
		return
	}
	if keys != nil {
		for _, v := range viewKeys(keys, exchange.SelfSigner, now) {
			if v.Created.After(now.Add(time.Minute)) {
				k.clockFault(levelFail, "clock-before-key", stamp, v.Created.Format("2006-01-02 15:04:05"))
				return
			}
		}
	}
	if !clockKept() {
		k.clockFault(levelWarn, "clock-unsynchronised", stamp)
		return
	}
	k.ok("clock", "clock-ok", stamp)
}

func (k *checker) clockFault(level, key string, args ...string) {
	k.add(checkLine{level, "clock", k.text("check."+key, args...), k.text("check.clock-remedy")})
}
