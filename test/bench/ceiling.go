package main

import (
	"bytes"
	"context"
	gocrypto "crypto"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
)

// ceiling is the bare cryptography of a message on all cores: undo the armor,
// decrypt and verify the report, sign and encrypt the receipt, to the sender
// and to ourselves as the node does. It uses the same library, keys and octets
// and nothing of ours.
type ceiling struct {
	mill   *mill
	mails  [][]byte
	answer []byte // the entity of a receipt the node wrote
}

// rate counts messages a second for about d, and the CPU seconds of one.
func (c ceiling) rate(ctx context.Context, d time.Duration) (rate, cpu float64, err error) {
	own, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(c.mill.private[nccis]))
	if err != nil {
		return 0, 0, err
	}
	theirs, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(c.mill.public[soc]))
	if err != nil {
		return 0, 0, err
	}
	messages := make([][]byte, len(c.mails))
	for i, m := range c.mails {
		messages[i] = ciphertext(m)
	}
	config := &packet.Config{DefaultCipher: packet.CipherAES256, DefaultHash: gocrypto.SHA256}
	ring := append(append(openpgp.EntityList{}, own...), theirs...)
	var done atomic.Int64
	begun, used := time.Now(), ownCPU()
	err = onAllCores(ctx, 1<<40, func(i int) error {
		if time.Since(begun) >= d {
			return errEnough
		}
		done.Add(1)
		return c.one(messages[i%len(messages)], ring, own[0], theirs[0], config)
	})
	took := time.Since(begun)
	if err != nil && !errors.Is(err, errEnough) {
		return 0, 0, fmt.Errorf("bare cryptography: %w", err)
	}
	n := float64(done.Load())
	return n / took.Seconds(), (ownCPU() - used) / n, nil
}

var errEnough = errors.New("measured long enough")

// one is the cryptography of one message.
func (c ceiling) one(message []byte, ring openpgp.EntityList, own, theirs *openpgp.Entity, config *packet.Config) error {
	block, err := armor.Decode(bytes.NewReader(message))
	if err != nil {
		return err
	}
	md, err := openpgp.ReadMessage(block.Body, ring, nil, config)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, md.UnverifiedBody); err != nil {
		return err
	}
	if md.SignatureError != nil || !md.IsVerified {
		return fmt.Errorf("signature not verified: %w", md.SignatureError)
	}
	var out bytes.Buffer
	armored, err := armor.Encode(&out, "PGP MESSAGE", nil)
	if err != nil {
		return err
	}
	w, err := openpgp.Encrypt(armored, openpgp.EntityList{theirs, own}, nil, openpgp.EntityList{own}, nil, config)
	if err != nil {
		return err
	}
	if _, err := w.Write(c.answer); err != nil {
		return err
	}
	return errors.Join(w.Close(), armored.Close())
}
