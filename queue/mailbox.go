package queue

import (
	"context"
	"fmt"

	"almasu/exchange"
)

// Settled lists the entries of a mailbox that are decided but not yet moved,
// by UID.
func (s *Store) Settled(ctx context.Context, mailbox string, uidValidity uint32) ([]exchange.Moved, error) {
	var out []exchange.Moved
	err := s.look(ctx).each(`SELECT uid, CASE WHEN state = 'held' THEN 1 ELSE 0 END FROM arrival
		WHERE placed = 1 AND mailbox = $1 AND uid_validity = $2 ORDER BY uid`,
		[]any{clean(mailbox), int64(uidValidity)}, func(scan func(...any) error) error {
			var m exchange.Moved
			err := scan(&m.UID, &m.Held)
			out = append(out, m)
			return err
		})
	return out, wrap(fmt.Sprintf("list the decided entries of mailbox %s", mailbox), err)
}

// MarkMoved notes that an entry is out of the folder. It may be repeated.
func (s *Store) MarkMoved(ctx context.Context, mailbox string, uidValidity, uid uint32) error {
	return s.writeSoft(ctx, fmt.Sprintf("mark entry %d of mailbox %s as moved", uid, mailbox), func(t *tx) error {
		_, err := t.exec(`UPDATE arrival SET placed = 2 WHERE via = 'imap' AND mailbox = $1 AND uid_validity = $2 AND uid = $3`,
			clean(mailbox), int64(uidValidity), int64(uid))
		return err
	})
}

// Cursor is how far a mailbox was read: its UIDVALIDITY and the last UID taken
// in; zeros if it never was.
func (s *Store) Cursor(ctx context.Context, mailbox string) (uidValidity, lastUID uint32, err error) {
	_, err = s.look(ctx).found(`SELECT uid_validity, last_uid FROM mailbox WHERE name = $1`, []any{clean(mailbox)}, &uidValidity, &lastUID)
	return uidValidity, lastUID, wrap(fmt.Sprintf("cursor of mailbox %s", mailbox), err)
}

// SetCursor notes how far a mailbox was read.
func (s *Store) SetCursor(ctx context.Context, mailbox string, uidValidity, lastUID uint32) error {
	return s.writeSoft(ctx, fmt.Sprintf("set the cursor of mailbox %s", mailbox), func(t *tx) error {
		_, err := t.exec(`INSERT INTO mailbox (name, uid_validity, last_uid) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET uid_validity = excluded.uid_validity, last_uid = excluded.last_uid`,
			clean(mailbox), int64(uidValidity), int64(lastUID))
		return err
	})
}
