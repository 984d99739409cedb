package main

import "golang.org/x/sys/unix"

// clockKept asks the kernel whether a time service keeps its clock
// (adjtimex(2), STA_UNSYNC). Reading needs no rights; where the question is
// not allowed the clock gets the benefit of the doubt.
func clockKept() bool {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return true
	}
	return t.Status&unix.STA_UNSYNC == 0
}
