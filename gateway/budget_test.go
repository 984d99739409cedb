package gateway

import (
	"context"
	"testing"
	"testing/synctest"
)

func TestBudgetHoldsBackAndLetsTheLargestRunAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(90)
		first, err := b.take(t.Context(), 20) // 60
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan func())
		go func() {
			done, err := b.take(t.Context(), 1000) // all of it
			if err != nil {
				t.Error(err)
			}
			got <- done
		}()
		synctest.Wait()
		select {
		case <-got:
			t.Fatal("a message larger than the budget must wait until it is alone")
		default:
		}
		first()
		(<-got)()
	})
}

func TestBudgetGivesUpWithTheContext(t *testing.T) {
	b := newBudget(3)
	done, err := b.take(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.take(ctx, 1); err == nil {
		t.Error("want the context's error")
	}
}
