package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"strings"

	"almasu/exchange"
	"almasu/queue"
)

// A token is alm_ID_SECRET: 40 random bits to find it by, and 256 that prove
// it. One of so many random bits needs no slow hash.
const (
	tokenPrefix = "alm_"
	idOctets    = 5
	keyOctets   = 32
)

// NewToken makes the secret of a token and fills in ID and Hash. The secret is
// to be shown once and kept nowhere.
func NewToken(t exchange.Token) (secret string, made exchange.Token) {
	random := make([]byte, idOctets+keyOctets)
	rand.Read(random)
	word := func(b []byte) string {
		return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
	}
	t.ID = word(random[:idOctets])
	secret = tokenPrefix + t.ID + "_" + word(random[idOctets:])
	t.Hash = hashOf(secret)
	return secret, t
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// errToken says that a request has no token in force; why is nobody's concern.
var errToken = errors.New("no token in force")

// bearer finds the token of an Authorization field (RFC 6750 2.1).
func (a *api) bearer(ctx context.Context, field string) (exchange.Token, error) {
	scheme, secret, _ := strings.Cut(field, " ")
	id, _, formed := strings.Cut(strings.TrimPrefix(secret, tokenPrefix), "_")
	if !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(secret, tokenPrefix) || !formed || len(secret) > 128 {
		return exchange.Token{}, errToken
	}
	t, err := a.Store.TokenByID(ctx, id)
	if err != nil && !errors.Is(err, queue.ErrNotFound) {
		return exchange.Token{}, err
	}
	// An unknown id is compared as well: with the empty hash, in vain.
	same := subtle.ConstantTimeCompare([]byte(t.Hash), []byte(hashOf(secret))) == 1
	if !same || !t.InForce(a.Clock()) {
		return exchange.Token{}, errToken
	}
	return t, a.Store.UseToken(ctx, t)
}
