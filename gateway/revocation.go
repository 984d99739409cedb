package gateway

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"almasu/crypto"
	"almasu/revocation"
)

// Fetcher asks the services of certificate authorities; a *revocation.Client is
// one.
type Fetcher interface {
	// Get answers a question, by what was kept or by the network.
	Get(ctx context.Context, a revocation.Ask) error
	// Kept answers it by what was kept alone.
	Kept(a revocation.Ask) bool
}

// Fetching is how the revocation of certificates comes to be known.
type Fetching struct {
	Fetcher  Fetcher       // nil: nothing is fetched
	Required bool          // messages wait for it (trust.revocation: require)
	Lists    []string      // URLs of CRLs to have, whatever the certificates name
	Retry    time.Duration // between two tries at the same; 1 min
	Alarm    time.Duration // how long tries may fail before an alarm; 10 min
	Ahead    time.Duration // what gets stale within it is fetched anew; 10 min
}

func (f Fetching) withDefaults() Fetching {
	set := func(d *time.Duration, standard time.Duration) {
		if *d <= 0 {
			*d = standard
		}
	}
	set(&f.Retry, time.Minute)
	set(&f.Alarm, 10*time.Minute)
	set(&f.Ahead, 10*time.Minute)
	return f
}

// unwanted is after how long a question that nobody asks again is nobody's.
func (f Fetching) unwanted() time.Duration { return max(f.Alarm, 3*f.Retry) }

// errands are the questions about certificates that were asked, are asked, or
// wait for their turn, and the answers at hand. A message that needs one is
// given back meanwhile: it keeps no worker waiting.
type errands struct {
	mu       sync.Mutex
	settings Fetching
	list     map[string]*errand
	answers  map[string]crypto.Answer // by the key of the question
	taken    time.Time                // when the last answer came
	alarmed  bool                     // an alarm stands; the loop of watchRevocation has it
	looked   time.Time                // when the certificates of the ring were looked at last
	wake     chan struct{}
}

// errand is what is to be learnt about one certificate, or one configured list.
type errand struct {
	need      *crypto.Need // nil: a configured list
	what      string       // for the log
	questions []crypto.Question
	waits     bool // for its turn
	running   bool
	asked     int       // tries that have ended
	next      time.Time // no other try before
	wanted    time.Time // last
	failing   time.Time // since when; zero: the last try was good
	err       error
	told      bool // the alarm
}

// FetchWith sets how revocation is fetched, also while the gateway runs. What
// was kept from before is in force at once.
func (g *Gateway) FetchWith(f Fetching) {
	now := g.clock()
	for key, a := range f.kept(g.world.Load().Keys, now) {
		g.learn(key, a, now)
	}
	e := &g.revocation
	e.mu.Lock()
	defer e.mu.Unlock()
	e.settings, e.looked = f.withDefaults(), time.Time{}
	if f.Fetcher == nil { // nobody asks any more; what was learnt stays
		clear(e.list)
	}
	hint(e.wake)
}

// errLater gives a message back until a time. It is no failure of anything.
type errLater struct{ at time.Time }

func (e errLater) Error() string {
	return "the message waits until the revocation of its certificate is known"
}

// await says whether a message waits for what its verdict needs (needs, fetch,
// judge again): where it is required, until it is there; else until it was
// tried once.
func (g *Gateway) await(needs []crypto.Need, required bool, now time.Time) error {
	if len(needs) == 0 && !required {
		return nil
	}
	e := &g.revocation
	e.mu.Lock()
	defer e.mu.Unlock()
	var until time.Time
	for _, n := range needs {
		if n.Issuer == nil || !required && (e.settings.Fetcher == nil || !n.Fetchable()) {
			continue
		}
		one := e.want(n, now)
		at := now.Add(scanEvery / 2)
		if !one.waits && !one.running {
			at = one.next
		} else if one.asked > 0 && !required {
			continue
		}
		if (required || one.asked == 0) && (until.IsZero() || at.Before(until)) {
			until = at
		}
	}
	if until.IsZero() && required {
		until = now.Add(e.settings.Retry)
	}
	if until.IsZero() {
		return nil
	}
	hint(e.wake)
	return errLater{until}
}

// want puts what is needed into the line, unless it was tried just now.
func (e *errands) want(n crypto.Need, now time.Time) *errand {
	sum := sha256.Sum256(n.Certificate.Raw)
	one := e.list[string(sum[:])]
	if one == nil {
		one = &errand{need: &n, what: n.Name(), questions: n.Questions()}
		e.list[string(sum[:])] = one
	}
	e.enlist(one, now)
	return one
}

func (e *errands) enlist(one *errand, now time.Time) {
	if now.Sub(one.wanted) > e.settings.unwanted() { // nobody wanted it meanwhile: it begins anew
		one.failing, one.told = time.Time{}, false
	}
	one.wanted = now
	if !one.running && !now.Before(one.next) {
		one.waits = true
	}
}

// watchRevocation keeps what is known of the certificates of the ring fresh, so
// that a message seldom waits, and alarms for what cannot be had.
func (g *Gateway) watchRevocation(ctx context.Context, _ string) (bool, error) {
	now, e := g.clock(), &g.revocation
	if err := g.alarmOfRevocation(ctx, now); err != nil {
		return false, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.settings.Fetcher == nil || !e.looked.IsZero() && now.Sub(e.looked).Abs() < e.settings.Retry {
		return false, nil
	}
	e.looked = now
	for _, n := range g.world.Load().needs(now.Add(e.settings.Ahead)) {
		if n.Fetchable() {
			e.want(n, now)
		}
	}
	for _, url := range e.settings.Lists {
		q := crypto.ListAt(url)
		if e.answers[q.Key].Until.After(now.Add(e.settings.Ahead)) {
			continue
		}
		if e.list[q.Key] == nil {
			e.list[q.Key] = &errand{what: url, questions: []crypto.Question{q}}
		}
		e.enlist(e.list[q.Key], now)
	}
	e.forget(now)
	hint(e.wake)
	return false, nil
}

func (w *World) needs(at time.Time) []crypto.Need {
	if w.Keys == nil {
		return nil
	}
	return w.Keys.Needs(at)
}

// forgotten is how long an errand that nobody wants any more is kept.
const forgotten = 7 * 24 * time.Hour

func (e *errands) forget(now time.Time) {
	for key, one := range e.list {
		if one.running || now.Sub(one.wanted) < forgotten {
			continue
		}
		fresh := slices.ContainsFunc(one.questions, func(q crypto.Question) bool { return e.answers[q.Key].Until.After(now) })
		if !fresh {
			delete(e.list, key)
			for _, q := range one.questions {
				delete(e.answers, q.Key)
			}
		}
	}
}

// into is the ring with the answers at hand.
func (e *errands) into(k *crypto.Keyring) *crypto.Keyring {
	if k == nil || len(e.answers) == 0 {
		return k
	}
	all := make([]crypto.Answer, 0, len(e.answers))
	for _, a := range e.answers {
		all = append(all, a)
	}
	return k.WithAnswers(all, e.taken)
}

// UseKept lets a world judge by what a running gateway kept, reading alone:
// what `almasu explain` knows of revocation.
func (w *World) UseKept(f Fetching, now time.Time) {
	kept := f.kept(w.Keys, now)
	if len(kept) == 0 {
		return
	}
	var answers []crypto.Answer
	for _, a := range kept {
		answers = append(answers, a)
	}
	w.Keys = w.Keys.WithAnswers(answers, now)
}

// kept are the answers, by the keys of their questions, that the certificates of
// a ring need and that were kept from before.
func (f Fetching) kept(keys *crypto.Keyring, now time.Time) map[string]crypto.Answer {
	if f.Fetcher == nil || keys == nil {
		return nil
	}
	out := map[string]crypto.Answer{}
	questions := []crypto.Question{}
	for _, url := range f.Lists {
		questions = append(questions, crypto.ListAt(url))
	}
	for _, n := range keys.Needs(now) {
		questions = append(questions, n.Questions()...)
	}
	for _, q := range questions {
		f.Fetcher.Kept(revocation.Ask{Key: q.Key, URL: q.URL, Judge: func(b []byte, fetched bool) error {
			a, err := q.Read(b, now, fetched)
			if a.CRL != nil || a.OCSP != nil {
				out[q.Key] = a
			}
			return err
		}})
	}
	return out
}
