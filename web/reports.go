package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"almasu/exchange"
	"almasu/queue"
)

// Submission is a document handed in to be sent, with the right it was handed
// in by.
type Submission struct {
	Document exchange.Document
	To       []string              // participants; none: whom the report names, or the NCCIS
	Actor    string                // for the journal
	Kinds    []exchange.ReportKind // that may be handed in; none: all
	Handed   exchange.Handed
}

// Submitted is what became of it.
type Submitted struct {
	Position int64 // of the report in the store, 0 if it was refused
	Refusal  exchange.Refusal
	Problems []exchange.Problem
	// Addressee says why the report cannot go to whom it should, "" if it can.
	Addressee string
}

// Accepted is the answer to a report that is durable and on its way. The same
// request gets the same answer.
type Accepted struct {
	ID          string `json:"id"`
	Revision    int    `json:"revision"`
	Kind        string `json:"kind"`
	Position    int64  `json:"position" doc:"in the store, in order of commit"`
	Status      string `json:"status" format:"uri-reference" doc:"where its way can be followed"`
	SubmittedAt string `json:"submitted_at" format:"date-time"`
	Due         []Due  `json:"due"`
}

// Due is a deadline of a report just handed in.
type Due struct {
	Clause string `json:"clause"`
	At     string `json:"at" format:"date-time"`
}

// Reports is a page of a list.
type Reports struct {
	Reports []ReportStatus `json:"reports"`
	Next    int64          `json:"next,omitempty" doc:"ask with after=NEXT for more"`
}

const (
	base    = "/api/v1"
	mostKey = 255 // characters of an Idempotency-Key
	mostTo  = 50
)

// submit is POST /api/v1/reports. The road of the report is that of every
// submission; here stands only what the protocol asks for.
func submit(c *call) error {
	s, err := c.submission()
	if err != nil {
		return err
	}
	release, ok := c.a.bounds.hold(c.token.Name, c.length())
	if !ok {
		return &fault{status: http.StatusServiceUnavailable, code: "busy", again: 1e9}
	}
	defer release()
	s.Document.Body, err = io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, c.a.Limits.Body))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return refuse(http.StatusRequestEntityTooLarge, "too-large").because(fmt.Sprintf("at most %d octets", c.a.Limits.Body))
	case err != nil:
		return refuse(http.StatusBadRequest, "body").because("the body did not arrive whole")
	}
	s.Handed.Digest = digestOf(c.r.Header.Get("Content-Type"), s)
	if done, err := c.sameKey(s.Handed); done || err != nil {
		return err
	}
	said, err := c.a.Submit(c.r.Context(), s)
	if errors.Is(err, queue.ErrKeyUsed) { // a twin of this request was faster
		if done, err := c.sameKey(s.Handed); done || err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return c.answer(said)
}

// submission reads the header of a request to submit.
func (c *call) submission() (Submission, error) {
	s := Submission{To: c.r.URL.Query()["to"], Actor: "api:" + c.token.Name, Kinds: c.token.Kinds, Handed: exchange.Handed{Token: c.token.Name}}
	key, err := idempotencyKey(c.r.Header.Values("Idempotency-Key"))
	if err != nil {
		return s, err
	}
	s.Handed.Key = key
	if len(s.To) > mostTo || slices.ContainsFunc(s.To, func(id string) bool { return !exchange.ValidID(id) }) {
		return s, refuse(http.StatusBadRequest, "parameter").because("to: participant ids, at most " + strconv.Itoa(mostTo))
	}
	if e := c.r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return s, refuse(http.StatusUnsupportedMediaType, "media-type").because("send the document without Content-Encoding")
	}
	if declared := c.r.Header.Get("Content-Type"); declared != "" {
		mediaType, params, err := mime.ParseMediaType(declared)
		if err != nil || strings.HasPrefix(mediaType, "multipart/") {
			return s, refuse(http.StatusUnsupportedMediaType, "media-type").because("send the document itself as the body")
		}
		if !saysNothing(mediaType) {
			s.Document.MediaType, s.Document.Charset = mediaType, strings.ToLower(params["charset"])
		}
	}
	return s, nil
}

// saysNothing: programs put these types on everything they send. What the
// document is shows its content then.
func saysNothing(mediaType string) bool {
	return mediaType == "application/octet-stream" || mediaType == "application/x-www-form-urlencoded" || mediaType == "text/plain"
}

// idempotencyKey reads the field Idempotency-Key: a quoted string, or the word
// alone (draft-ietf-httpapi-idempotency-key-header).
func idempotencyKey(fields []string) (string, error) {
	bad := refuse(http.StatusBadRequest, "key").because(fmt.Sprintf("Idempotency-Key: one value of 1 to %d printable ASCII characters", mostKey))
	if len(fields) == 0 {
		return "", nil
	}
	key := strings.TrimSpace(fields[0])
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	if len(fields) > 1 || key == "" || len(key) > mostKey || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		return "", bad
	}
	return key, nil
}

// length is how much memory the body may need.
func (c *call) length() int64 {
	if n := c.r.ContentLength; n >= 0 && n < c.a.Limits.Body {
		return n
	}
	return c.a.Limits.Body
}

// digestOf is what makes two requests the same.
func digestOf(contentType string, s Submission) string {
	h := sha256.New()
	to := slices.Sorted(slices.Values(s.To))
	fmt.Fprintf(h, "%q %q\n", contentType, to)
	h.Write(s.Document.Body)
	return hex.EncodeToString(h.Sum(nil))
}

// sameKey answers a request whose key stands for a report already.
func (c *call) sameKey(h exchange.Handed) (done bool, err error) {
	if h.Key == "" {
		return false, nil
	}
	position, digest, err := c.a.Store.HandedByKey(c.r.Context(), h.Token, h.Key)
	switch {
	case errors.Is(err, queue.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case digest != h.Digest:
		return true, refuse(http.StatusUnprocessableEntity, "key-reused")
	}
	return true, c.accepted(position)
}

// answer tells what became of a submission.
func (c *call) answer(s Submitted) error {
	switch {
	case s.Addressee != "":
		return refuse(http.StatusUnprocessableEntity, "addressee").because(s.Addressee)
	case s.Position != 0:
		return c.accepted(s.Position)
	}
	f := &fault{status: http.StatusUnprocessableEntity, code: string(s.Refusal.Code), key: "refusal." + string(s.Refusal.Code), problems: s.Problems}
	switch s.Refusal.Code {
	case exchange.KindForbidden, exchange.ReporterMismatch, exchange.MarkingForbidden:
		f.status = http.StatusForbidden
	case exchange.Conflict, exchange.Superseded:
		f.status = http.StatusConflict
	}
	if len(s.Problems) == 0 {
		f.detail = s.Refusal.Reason
	}
	return f
}

// accepted is made of what does not change any more, so that it can be given
// again word for word.
func (c *call) accepted(position int64) error {
	found, err := c.a.Store.Reports(c.r.Context(), queue.ReportFilter{After: position - 1, Limit: 1})
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].Position != position {
		return fmt.Errorf("report %d: %w", position, queue.ErrNotFound)
	}
	r := found[0]
	deadlines, err := c.a.Store.Deadlines(c.r.Context(), position)
	if err != nil {
		return err
	}
	out := Accepted{ID: r.Key.ID, Revision: r.Key.Revision, Kind: string(r.Kind), Position: position, SubmittedAt: c.a.stamp(r.ReceivedAt), Due: []Due{},
		Status: base + "/reports/" + url.PathEscape(r.Key.ID) + "?revision=" + strconv.Itoa(r.Key.Revision)}
	for _, d := range deadlines {
		out.Due = append(out.Due, Due{d.Clause, c.a.stamp(d.At)})
	}
	c.w.Header().Set("Location", out.Status)
	return c.json(http.StatusAccepted, out)
}

// reports is GET /api/v1/reports: in order of commit, what the token may see.
func reports(c *call) error {
	after, err := c.number("after", 0)
	if err != nil {
		return err
	}
	limit, err := c.number("limit", 50)
	if err != nil {
		return err
	}
	limit = min(max(limit, 1), 100)
	found, next, err := c.page(int64(after), limit)
	if err != nil {
		return err
	}
	out := Reports{Reports: []ReportStatus{}, Next: next}
	for _, r := range found {
		s, err := c.a.describeReport(c.r.Context(), r)
		if err != nil {
			return err
		}
		out.Reports = append(out.Reports, s)
	}
	return c.json(http.StatusOK, out)
}

// page is at most limit reports after a position, and where the next page
// begins, 0 at the end.
func (c *call) page(after int64, limit int) (out []exchange.StoredReport, next int64, err error) {
	ctx := c.r.Context()
	if !c.token.Has(exchange.ScopeRead) {
		positions, err := c.a.Store.HandedAfter(ctx, c.token.Name, after, limit)
		for _, p := range positions {
			found, err := c.a.Store.Reports(ctx, queue.ReportFilter{After: p - 1, Limit: 1})
			if err != nil {
				return nil, 0, err
			}
			out = append(out, found...)
		}
		if len(positions) == limit {
			next = positions[limit-1]
		}
		return out, next, err
	}
	found, err := c.a.Store.Reports(ctx, queue.ReportFilter{After: after, Limit: limit})
	if err != nil {
		return nil, 0, err
	}
	for _, r := range found {
		ok, err := c.mayRead(r)
		if err != nil {
			return nil, 0, err
		}
		if ok {
			out = append(out, r)
		}
	}
	if len(found) == limit {
		next = found[limit-1].Position
	}
	return out, next, nil
}

// number reads a parameter that counts.
func (c *call) number(name string, standard int) (int, error) {
	text := c.r.URL.Query().Get(name)
	if text == "" {
		return standard, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, refuse(http.StatusBadRequest, "parameter").because(name + ": a whole number")
	}
	return n, nil
}
