package queue

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Options are the values a store works with.
type Options struct {
	// DataKey seals report bodies at rest: 32 octets, kept outside the
	// database. Not needed with ReadOnly as long as no document is asked for.
	DataKey []byte
	// Clock tells the time; nil is time.Now.
	Clock func() time.Time
	// NumberPrefix is the series of registration numbers: identity.id in
	// capitals, "NCCIS".
	NumberPrefix string
	// Zone decides which year a number belongs to; nil is UTC.
	Zone *time.Location
	// ChunkBytes is how much of a message one row holds; 0 is 256 KiB.
	ChunkBytes int
	// ReadOnly opens an existing store to look at and never writes. Where there
	// is none, Open's error is fs.ErrNotExist.
	ReadOnly bool
}

// Errors a caller acts on.
var (
	// ErrLeaseLost: the object is not held under this lease any more, or was
	// decided meanwhile. Drop the work; somebody else has it.
	ErrLeaseLost = errors.New("the lease is lost")
	// ErrConflict: another worker accepted the same content, or the same or a
	// later revision of the report, first. Run the message again.
	ErrConflict = errors.New("the same content or revision was accepted meanwhile")
	// ErrForbidden: the tables of exchange have no such change of state.
	ErrForbidden = errors.New("no such change of state")
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("not in the store")
	// ErrErased: its octets were deleted after their period.
	ErrErased = errors.New("deleted after its period of retention")
	// ErrReadOnly: the store was opened with Options.ReadOnly.
	ErrReadOnly = errors.New("the store is open for reading only")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrKeyUsed: the key of a submission stands for another request already.
	ErrKeyUsed = errors.New("the key was used for another request")
	// ErrWrongKey: Options.DataKey is not the key the store was made with.
	ErrWrongKey = errors.New("the data key does not belong to this store")
)

// Store is the durable state of one gateway. Its methods may be called from
// many goroutines, and several processes may have the same store open.
type Store struct {
	o      Options
	engine engine
	reads  *reads
	writer *writer // nil with ReadOnly
	aead   cipher.AEAD

	closing  sync.Once
	closeErr error
	wake     chan struct{}
	mu       sync.Mutex
	watchers map[chan struct{}]struct{}
}

// Open opens the store that dsn names, "sqlite:PATH" or "postgres://...", and
// brings its tables up to date. A store that a newer Almasu has written to is
// refused.
func Open(ctx context.Context, dsn string, o Options) (*Store, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{o: o, wake: make(chan struct{}, 1), watchers: map[chan struct{}]struct{}{}}
	if s.aead, err = newSeal(o.DataKey); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if s.engine, err = openEngine(ctx, dsn, o.ReadOnly); err != nil {
		return nil, fmt.Errorf("open store %s: %w", redact(dsn), err)
	}
	s.reads = newReads(s.engine.readers)
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", redact(dsn), err), s.Close())
	}
	return s, nil
}

// start migrates, starts the writer and makes sure the data key is ours.
func (s *Store) start(ctx context.Context) error {
	if s.o.ReadOnly {
		return s.engine.mustBeCurrent(ctx)
	}
	if err := s.engine.migrate(ctx); err != nil {
		return err
	}
	s.writer = startWriter(s.engine, s.o.Clock, s.hint)
	if err := s.checkKey(ctx); err != nil {
		return err
	}
	return s.dropStaleUploads(ctx)
}

// Close ends the writer after the transaction in hand, waits for it and closes
// the database. Calls that come later fail with ErrClosed. Closing twice is
// allowed.
func (s *Store) Close() error {
	s.closing.Do(func() {
		if s.writer != nil {
			s.writer.stop()
		}
		s.reads.close()
		s.closeErr = s.engine.close()
	})
	return s.closeErr
}

// Wake is sent a value after a commit. It is a hint for one listener, may come
// late or stand for many commits; the scan is the truth.
func (s *Store) Wake() <-chan struct{} { return s.wake }

// Watch is Wake for any number of listeners: each gets a channel of its own
// until it calls stop.
func (s *Store) Watch() (hints <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	s.watchers[c] = struct{}{}
	s.mu.Unlock()
	return c, func() {
		s.mu.Lock()
		delete(s.watchers, c)
		s.mu.Unlock()
	}
}

func (s *Store) hint() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.watchers {
		nudge(c)
	}
	nudge(s.wake)
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// write runs f in the writer's next transaction and returns when that is
// durable.
func (s *Store) write(ctx context.Context, op string, f func(*tx) error) error {
	return s.writeAs(ctx, op, true, f)
}

// writeSoft is write for what need not outlive a loss of power until something
// that does rests on it: leases, which a restart gives back anyway; numbers,
// which nobody is told before the commit of the letter that tells them; how far
// a mailbox was read. The death of the process loses none of it.
func (s *Store) writeSoft(ctx context.Context, op string, f func(*tx) error) error {
	return s.writeAs(ctx, op, false, f)
}

func (s *Store) writeAs(ctx context.Context, op string, hard bool, f func(*tx) error) error {
	if s.writer == nil {
		return fmt.Errorf("%s: %w", op, ErrReadOnly)
	}
	if err := s.writer.do(ctx, hard, f); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

func (s *Store) now() time.Time { return s.o.Clock() }

var prefixPattern = regexp.MustCompile(`^[A-Z0-9._:-]{1,64}$`)

func (o Options) withDefaults() (Options, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.ChunkBytes <= 0 {
		o.ChunkBytes = 256 << 10
	}
	if o.NumberPrefix != "" && (o.NumberPrefix == SeriesHeld || !prefixPattern.MatchString(o.NumberPrefix)) {
		return o, fmt.Errorf("number prefix %q: must match [A-Z0-9._:-]{1,64} and not be %s", o.NumberPrefix, SeriesHeld)
	}
	if len(o.DataKey) == 0 && !o.ReadOnly {
		return o, errors.New("no data key: report bodies are sealed at rest; set store_key")
	}
	return o, nil
}

// micro is the time as the store keeps it: microseconds since 1970 UTC, 0 for
// no time.
func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicro(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

func asInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// clean makes text from outside storable in both engines: PostgreSQL takes
// neither NUL nor bytes that are not UTF-8.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}
