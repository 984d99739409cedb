package queue

import (
	"strconv"
	"strings"
)

// where builds the condition of a list from the filters that are set. Column
// names come from this package alone, values are always arguments.
type where struct {
	terms []string
	args  []any
}

func (w *where) add(left string, value any) {
	w.args = append(w.args, value)
	w.terms = append(w.terms, left+" $"+strconv.Itoa(len(w.args)))
}

func (w *where) text(column, value string) {
	if value != "" {
		w.add(column+" =", value)
	}
}

// query is the end of a SELECT: condition, order and limit.
func (w *where) query(order string, descending bool, limit int) string {
	q := ""
	if len(w.terms) > 0 {
		q = " WHERE " + strings.Join(w.terms, " AND ")
	}
	q += " ORDER BY " + order
	if descending {
		q += " DESC"
	}
	w.args = append(w.args, orAll(limit))
	return q + " LIMIT $" + strconv.Itoa(len(w.args))
}
