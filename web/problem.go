package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// ProblemDetails is an answer that something is wrong (RFC 9457). Title and the text
// of each problem are in the language the client asks for.
type ProblemDetails struct {
	Type     string             `json:"type" doc:"urn:almasu:problem: and the code"`
	Title    string             `json:"title"`
	Status   int                `json:"status"`
	Detail   string             `json:"detail,omitempty" doc:"more for the operator, English"`
	Code     string             `json:"code" doc:"a refusal code of docs/WIRE.md, or one of the API"`
	Problems []exchange.Problem `json:"problems,omitempty" doc:"what is wrong with the document, in order"`
}

// fault is an error that the client is told.
type fault struct {
	status   int
	code     string
	key      string // of the title in the catalogue; "" for web.CODE
	detail   string
	problems []exchange.Problem
	again    time.Duration // when to come back, 0: not told
	allow    string        // methods of the path
}

// Error implements error.
func (f *fault) Error() string { return f.code }

func refuse(status int, code string) *fault { return &fault{status: status, code: code} }

// because says more of a fault.
func (f *fault) because(detail string) *fault {
	f.detail = detail
	return f
}

// problem tells the client of a fault.
func (c *call) problem(f *fault) {
	key := f.key
	if key == "" {
		key = "web." + f.code
	}
	p := ProblemDetails{Type: "urn:almasu:problem:" + f.code, Title: catalogue.Text(c.language, key), Status: f.status, Detail: f.detail, Code: f.code}
	for _, one := range f.problems {
		if one.Key != "" && catalogue.Has("problem."+one.Key) {
			one.Text = catalogue.Text(c.language, "problem."+one.Key, one.Args...)
		}
		p.Problems = append(p.Problems, one)
	}
	h := c.w.Header()
	h.Set("Content-Language", c.language)
	h.Add("Vary", "Accept-Language")
	if f.again > 0 {
		h.Set("Retry-After", strconv.Itoa(max(1, int((f.again+time.Second-1)/time.Second))))
	}
	if f.allow != "" {
		h.Set("Allow", f.allow)
	}
	if f.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="almasu"`)
	}
	c.write(f.status, "application/problem+json", p)
}

// write sends a JSON body.
func (c *call) write(status int, mediaType string, body any) {
	text, err := marshal(body)
	if err != nil {
		c.a.Log.Error("answer not written", "error", err)
		status, text = http.StatusInternalServerError, nil
	}
	c.status = status
	// The client has its time from now on, however long the work took.
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(c.a.Limits.ReplyTime))
	c.w.Header().Set("Content-Type", mediaType)
	c.w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	c.w.WriteHeader(status)
	_, _ = c.w.Write(text) // a client that is gone needs no answer
}

// marshal writes Message-IDs with their angle brackets: no answer of ours is a
// web page.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func (c *call) json(status int, body any) error {
	c.write(status, "application/json", body)
	return nil
}
