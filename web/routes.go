package web

import (
	"net/http"

	"almasu/exchange"
)

// route is one row of the table that requests are routed by and that the
// OpenAPI document is made from.
type route struct {
	method, path string
	open         bool             // no token asked for
	scopes       []exchange.Scope // one of them is asked for; none: any token
	waits        bool             // may wait for news: counted apart
	streams      bool             // always does
	do           func(*call) error

	name    string // operationId
	summary string
	params  []parameter
	body    any  // JSON object that is sent; nil: none
	report  bool // the body is a document
	answers []answer
}

// parameter is one value beside the body; in is "query", "path" or "header".
type parameter struct {
	name, in, about string
	kind            string // of JSON Schema; "" for string
	many            bool
}

// answer is one way a request may end well. What ends badly is a ProblemDetails.
type answer struct {
	status int
	about  string
	body   any    // nil: none
	media  string // "" for application/json
}

const waitAbout = "wait for news so long, as in 30s or 30; bounded by web.wait"

// routes is the whole API.
func (a *api) routes() []route {
	return append(reportRoutes(), append(queueRoutes(), []route{
		{method: http.MethodGet, path: "/healthz", open: true, do: health, name: "health", summary: "Whether the gateway can do its work",
			answers: []answer{{http.StatusOK, "it can", Health{}, ""}}},
		{method: http.MethodGet, path: base + "/openapi.json", open: true, do: openAPI, name: "openapi", summary: "This document",
			answers: []answer{{http.StatusOK, "OpenAPI 3.1", map[string]any{}, ""}}},
	}...)...)
}

func reportRoutes() []route {
	id := parameter{name: "id", in: "path", about: "id of the report, or its registration number"}
	readers := []exchange.Scope{exchange.ScopeSubmit, exchange.ScopeRead}
	return []route{
		{method: http.MethodPost, path: base + "/reports", scopes: []exchange.Scope{exchange.ScopeSubmit}, do: submit, name: "submitReport",
			summary: "Hand a report in: validated, sealed and durable when the answer comes", report: true,
			params: []parameter{
				{name: "to", in: "query", about: "participant to send to; absent: whom the report names, or the NCCIS", many: true},
				{name: "Idempotency-Key", in: "header", about: "your own word for this request: asked again with it, the answer is the same and nothing is sent twice"}},
			answers: []answer{{http.StatusAccepted, "durable and on its way", Accepted{}, ""}}},
		{method: http.MethodGet, path: base + "/reports", scopes: readers, do: reports, name: "listReports",
			summary: "The reports the token may see, in order of commit",
			params: []parameter{{name: "after", in: "query", about: "positions above this one", kind: "integer"},
				{name: "limit", in: "query", about: "at most so many, up to 100", kind: "integer"}},
			answers: []answer{{http.StatusOK, "a page", Reports{}, ""}}},
		{method: http.MethodGet, path: base + "/reports/{id}", scopes: readers, waits: true, do: report, name: "getReport",
			summary: "Where a report stands; with wait: once it is settled, or the time is over",
			params: []parameter{id, {name: "revision", in: "query", about: "absent: the last one", kind: "integer"},
				{name: "wait", in: "query", about: waitAbout}},
			answers: []answer{{http.StatusOK, "where it stands", ReportStatus{}, ""}}},
		{method: http.MethodGet, path: base + "/events", scopes: readers, waits: true, streams: true, do: events, name: "streamEvents",
			summary: "Server-sent events named report, each with the state of a report that changed (the object of getReport)",
			params: []parameter{{name: "report", in: "query", about: "only this report id; where it stands is told at once"},
				{name: "after", in: "query", about: "as Last-Event-ID", kind: "integer"},
				{name: "Last-Event-ID", in: "header", about: "go on after this event; nothing in between is missed"}},
			answers: []answer{{http.StatusOK, "the stream", "", "text/event-stream"}}},
	}
}

func queueRoutes() []route {
	scope := []exchange.Scope{exchange.ScopeQueue}
	return []route{
		{method: http.MethodPost, path: base + "/queue/lease", scopes: scope, waits: true, do: lease, name: "leaseReports",
			summary: "Take the next incoming reports for the token's consumer: at least once each, never again after ack",
			params:  []parameter{{name: "wait", in: "query", about: waitAbout}}, body: LeaseRequest{},
			answers: []answer{{http.StatusOK, "the reports, none if there is none", Leases{}, ""}}},
		{method: http.MethodPost, path: base + "/queue/ack", scopes: scope, do: ack, name: "ackReport",
			summary: "Acknowledge a leased report", body: SettleRequest{}, answers: []answer{{status: http.StatusNoContent, about: "it is settled"}}},
		{method: http.MethodPost, path: base + "/queue/nack", scopes: scope, do: nack, name: "nackReport",
			summary: "Give a leased report back: it comes first again", body: SettleRequest{}, answers: []answer{{status: http.StatusNoContent, about: "it is back"}}},
	}
}
