// Package exchange is the domain of Almasu: participants, reports, refusal
// codes, states and the trust decision, in the words of Order No 48/НҚ.
//
// It owns meaning and nothing else. It imports the standard library alone,
// opens no file and no connection, reads no clock (time is an argument) and
// keeps no state between calls. Every other room speaks in its types.
package exchange
