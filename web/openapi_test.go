package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"almasu/exchange"
)

// document is what the test reads of the OpenAPI document.
type document struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		OperationID string
		Security    []any
		Responses   map[string]struct {
			Content map[string]struct{ Schema any }
		}
	}
	Components struct{ Schemas map[string]any }
}

// TestAnswersAreAsTheDocumentSays asks for one answer of each kind and holds
// it against the schema of its operation.
func TestAnswersAreAsTheDocumentSays(t *testing.T) {
	h := open(t, nil)
	served := h.ask("GET", "/api/v1/openapi.json", "", "")
	doc := decode[document](h, served.body)
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("openapi %q", doc.OpenAPI)
	}
	whole, err := jsonschema.UnmarshalJSON(strings.NewReader(served.body))
	h.must(err)
	compiler := jsonschema.NewCompiler()
	h.must(compiler.AddResource("openapi.json", whole))

	token := h.token("all", exchange.Scopes()...)
	h.arrive("in-1", []byte("{}"))
	seen := map[string]bool{}
	for _, test := range []struct {
		method, path, pattern, body string
		status                      int
	}{
		{"GET", "/healthz", "", "", 200},
		{"GET", "/api/v1/openapi.json", "", "", 200},
		{"POST", "/api/v1/reports", "", "r-1\n", 202},
		{"POST", "/api/v1/reports?to=!", "/api/v1/reports", "r-1\n", 400},
		{"GET", "/api/v1/reports", "", "", 200},
		{"GET", "/api/v1/reports/r-1", "/api/v1/reports/{id}", "", 200},
		{"GET", "/api/v1/reports/in-1", "/api/v1/reports/{id}", "", 200},
		{"GET", "/api/v1/reports/none", "/api/v1/reports/{id}", "", 404},
		{"POST", "/api/v1/queue/lease", "", "", 200},
		{"POST", "/api/v1/queue/ack", "", `{"position":1,"token":"x"}`, 409},
		{"POST", "/api/v1/queue/nack", "", `{"position":1,"token":"x"}`, 409},
	} {
		if test.pattern == "" {
			test.pattern = test.path
		}
		a := h.ask(test.method, test.path, token, test.body)
		h.is(test.method+" "+test.path, a, test.status)
		operation, ok := doc.Paths[test.pattern][strings.ToLower(test.method)]
		if !ok {
			t.Errorf("%s %s is not in the document", test.method, test.pattern)
			continue
		}
		seen[operation.OperationID] = true
		code := fmt.Sprint(test.status)
		if _, ok := operation.Responses[code]; !ok {
			code = "default"
		}
		mediaType := a.header.Get("Content-Type")
		if _, ok := operation.Responses[code].Content[mediaType]; !ok {
			t.Errorf("%s %s: no %s answers %s", test.method, test.path, mediaType, code)
			continue
		}
		escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
		schema, err := compiler.Compile("openapi.json#/paths/" + escape.Replace(test.pattern) + "/" + strings.ToLower(test.method) + "/responses/" + code +
			"/content/" + escape.Replace(mediaType) + "/schema")
		h.must(err)
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(a.body))
		h.must(err)
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s %s: %v\n%s", test.method, test.path, err, a.body)
		}
	}
	for path, methods := range doc.Paths {
		for method, operation := range methods {
			if !seen[operation.OperationID] && operation.OperationID != "streamEvents" {
				t.Errorf("%s %s was not looked at", method, path)
			}
			if open := operation.Security != nil; open == (h.ask(strings.ToUpper(method), strings.Replace(path, "{id}", "r-1", 1), "", "").status == 401) {
				t.Errorf("%s %s: whether a token is asked for is not what the document says", method, path)
			}
		}
	}
}

// What the document calls required is there in every answer, and nothing it
// does not know: a field that is added later shows here.
func TestSchemasAreClosed(t *testing.T) {
	h := open(t, nil)
	doc := decode[document](h, h.ask("GET", "/api/v1/openapi.json", "", "").body)
	token := h.token("siem", exchange.ScopeSubmit)
	h.ask("POST", "/api/v1/reports", token, "r-1\n")
	h.receipt("r-1")
	status := decode[map[string]any](h, h.ask("GET", "/api/v1/reports/r-1", token, "").body)
	known, _ := doc.Components.Schemas["ReportStatus"].(map[string]any)["properties"].(map[string]any)
	for name := range status {
		if known[name] == nil {
			t.Errorf("the document does not know %s of a report", name)
		}
	}
}
