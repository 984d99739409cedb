// Command apiclient hands a report in and waits for its receipt, then takes
// the same report from the queue at the other end. It is built on the client
// that the test generates from the OpenAPI document, and on nothing of ours.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"apiclient/api"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func client(url, token string) (*api.ClientWithResponses, error) {
	return api.NewClientWithResponses(url, api.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}))
}

func run(soc, socToken, nccis, nccisToken, file string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	here, err := client(soc, socToken)
	if err != nil {
		return err
	}
	there, err := client(nccis, nccisToken)
	if err != nil {
		return err
	}
	document, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := refused(ctx, here); err != nil {
		return err
	}
	status, err := submit(ctx, here, document)
	if err != nil {
		return err
	}
	if err := take(ctx, there, status); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(status)
}

// refused hands in what is no report and wants to be told so.
func refused(ctx context.Context, c *api.ClientWithResponses) error {
	answer, err := c.SubmitReportWithResponse(ctx, nil, api.SubmitReportJSONRequestBody{"almasu": "card/1", "kind": "incident"})
	if err != nil {
		return err
	}
	p := answer.ApplicationproblemJSONDefault
	if answer.StatusCode() != http.StatusUnprocessableEntity || p == nil || p.Code != "invalid" || p.Problems == nil || len(*p.Problems) == 0 {
		return fmt.Errorf("an empty card: %s %s", answer.Status(), answer.Body)
	}
	return nil
}

func submit(ctx context.Context, c *api.ClientWithResponses, document []byte) (*api.ReportStatus, error) {
	var body api.SubmitReportJSONRequestBody
	if err := json.Unmarshal(document, &body); err != nil {
		return nil, err
	}
	key := "once"
	var first *api.Accepted
	for range 2 { // the second time as if the first answer had been lost
		answer, err := c.SubmitReportWithResponse(ctx, &api.SubmitReportParams{IdempotencyKey: &key}, body)
		if err != nil {
			return nil, err
		}
		if answer.JSON202 == nil {
			return nil, fmt.Errorf("submit: %s %s", answer.Status(), answer.Body)
		}
		if first != nil && first.Position != answer.JSON202.Position {
			return nil, fmt.Errorf("one key, two reports")
		}
		first = answer.JSON202
	}
	wait := "20s"
	for {
		answer, err := c.GetReportWithResponse(ctx, first.Id, &api.GetReportParams{Wait: &wait})
		if err != nil {
			return nil, err
		}
		if answer.JSON200 == nil {
			return nil, fmt.Errorf("status: %s %s", answer.Status(), answer.Body)
		}
		if answer.JSON200.Settled {
			return answer.JSON200, nil
		}
	}
}

// take takes the report from the queue of the NCCIS and acknowledges it.
func take(ctx context.Context, c *api.ClientWithResponses, want *api.ReportStatus) error {
	wait := "20s"
	answer, err := c.LeaseReportsWithResponse(ctx, &api.LeaseReportsParams{Wait: &wait}, api.LeaseRequest{})
	if err != nil {
		return err
	}
	if answer.JSON200 == nil || len(answer.JSON200.Reports) != 1 {
		return fmt.Errorf("lease: %s %s", answer.Status(), answer.Body)
	}
	got := answer.JSON200.Reports[0]
	if got.Id != want.Id || want.Number == nil || got.Number != *want.Number || !json.Valid(got.Document) {
		return fmt.Errorf("leased %s %s, submitted %s", got.Id, got.Number, want.Id)
	}
	settled, err := c.AckReportWithResponse(ctx, api.SettleRequest{Position: got.Position, Token: got.Token})
	if err != nil {
		return err
	}
	if settled.StatusCode() != http.StatusNoContent {
		return fmt.Errorf("acknowledge: %s %s", settled.Status(), settled.Body)
	}
	return nil
}
