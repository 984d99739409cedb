package web

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
)

// object is a JSON object of the document.
type object = map[string]any

// openAPI is GET /api/v1/openapi.json.
func openAPI(c *call) error {
	c.status = http.StatusOK
	c.w.Header().Set("Content-Type", "application/json")
	_, _ = c.w.Write(c.a.document) // a client that is gone needs no answer
	return nil
}

// describe makes the OpenAPI 3.1 document of a table of routes; the schemas
// are those of the Go types that are written and read.
func describe(routes []route) []byte {
	s := schemas{}
	paths := object{}
	for _, r := range routes {
		methods, _ := paths[r.path].(object)
		if methods == nil {
			methods = object{}
			paths[r.path] = methods
		}
		methods[strings.ToLower(r.method)] = s.operation(r)
	}
	s.of(reflect.TypeFor[ProblemDetails]())
	text, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{"title": "Almasu", "version": "1", "description": "Encrypted exchange of reports between SOCs and the NCCIS: " +
			"hand reports in, follow them until the receipt is in, take incoming ones from the queue."},
		"servers":  []object{{"url": "/"}},
		"security": []object{{"token": []string{}}},
		"paths":    paths,
		"components": object{"schemas": s, "securitySchemes": object{"token": object{"type": "http", "scheme": "bearer",
			"description": "made by `almasu token new`"}}},
	}, "", " ")
	if err != nil {
		panic(err) // the table holds nothing that JSON has no word for
	}
	return append(text, '\n')
}

func (s schemas) operation(r route) object {
	op := object{"operationId": r.name, "summary": r.summary}
	if r.open {
		op["security"] = []object{}
	}
	var params []object
	for _, p := range r.params {
		kind := p.kind
		if kind == "" {
			kind = "string"
		}
		schema := object{"type": kind}
		if p.many {
			schema = object{"type": "array", "items": schema}
		}
		params = append(params, object{"name": p.name, "in": p.in, "description": p.about, "required": p.in == "path", "schema": schema})
	}
	if params != nil {
		op["parameters"] = params
	}
	if r.report {
		content := object{}
		for _, media := range []string{"application/json", "application/xml", "application/iodef+json", "application/iodef+xml", "application/stix+json", "text/plain", "application/octet-stream"} {
			schema := object{"type": "string", "format": "binary"}
			if strings.HasSuffix(media, "json") {
				schema = object{"type": "object", "additionalProperties": true}
			}
			content[media] = object{"schema": schema}
		}
		op["requestBody"] = object{"required": true, "description": "one report in any format of docs/FORMATS.md, found by its content", "content": content}
	} else if r.body != nil {
		op["requestBody"] = object{"content": object{"application/json": object{"schema": s.of(reflect.TypeOf(r.body))}}}
	}
	answers := object{"default": object{"description": "what is wrong", "content": object{"application/problem+json": object{"schema": s.of(reflect.TypeFor[ProblemDetails]())}}}}
	for _, a := range r.answers {
		one := object{"description": a.about}
		if a.body != nil {
			media := a.media
			if media == "" {
				media = "application/json"
			}
			one["content"] = object{media: object{"schema": s.of(reflect.TypeOf(a.body))}}
		}
		answers[strconv.Itoa(a.status)] = one
	}
	op["responses"] = answers
	return op
}

// schemas are the schemas of the structs met so far, by name.
type schemas map[string]any

// of is the schema of a type; a struct is put among the components.
func (s schemas) of(t reflect.Type) object {
	switch t.Kind() {
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer", "format": "int64"}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return object{"type": "string", "format": "byte"}
		}
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": true}
	case reflect.Struct:
		if s[t.Name()] == nil {
			s[t.Name()] = object{} // met
			s[t.Name()] = s.fields(t)
		}
		return object{"$ref": "#/components/schemas/" + t.Name()}
	}
	return object{"type": "string"}
}

func (s schemas) fields(t reflect.Type) object {
	properties := object{}
	required := []string{}
	for _, f := range reflect.VisibleFields(t) { // those of embedded structs as well
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || name == "" {
			continue
		}
		schema := s.of(f.Type)
		if about := f.Tag.Get("doc"); about != "" {
			schema["description"] = about
		}
		if format := f.Tag.Get("format"); format != "" {
			schema["format"] = format
		}
		if enum := f.Tag.Get("enum"); enum != "" {
			schema["enum"] = strings.Split(enum, ",")
		}
		properties[name] = schema
		if !strings.Contains(options, "omitempty") {
			required = append(required, name)
		}
	}
	out := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}
