// Package web is the HTTP API: reports handed in by the systems of a SOC, their
// state until the receipt is in, and the report queue for other systems.
//
// It owns what stands between the network and the gateway: hosts and origins,
// bearer tokens and their rights, the bounds on every client, the answers and
// their OpenAPI document, which is made from the same table the requests are
// routed by. It refuses everything about a report: submission is a function it
// is handed, so that no report takes a shorter road than by command or mail.
// A token or a document reaches neither log nor error.
package web
