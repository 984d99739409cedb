// Package queue is the only owner of durable state: incoming messages, the
// numbers of the register, reports, letters going out, deadlines, leases of
// consumers and the journal.
//
// It keeps them in SQLite (embedded, WAL, synchronous=FULL) or PostgreSQL
// behind one set of queries. Every change of state is one named call, one
// compare-and-set and one transaction together with all it entails; calls that
// arrive together share one transaction and so one fsync. What a call has
// answered without an error survives a crash.
//
// It refuses to decide anything: which state a message gets, who is answered
// and when a letter is tried again are arguments. It reads no configuration,
// opens no mail and never writes a report body to disk in the clear.
package queue
