// Package e2e drives the built almasu binary as its users do, with Dovecot,
// Postfix and GnuPG as its neighbours:
//
//	t-01  an incident from a SOC to the NCCIS and its receipt back
//	t-02  mail made by gpg on the command line; our answers open with gpg
//	t-03  the table of bad input, each case between good ones
//	t-04  Postfix hands over by LMTP, and keeps what we cannot take
//	t-05  kill -9 at random instants under load
//	t-06  the demo as a self-test
//
// It looks at the program from outside: command line, mailboxes, what passed
// the relay, and the rows of the store. It imports no room of Almasu but the
// words of exchange.
package e2e
