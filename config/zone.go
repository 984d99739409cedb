package config

import (
	"time"
	_ "time/tzdata" // the zone rules travel with the program
)

// zone loads a time zone and makes sure that the zone data knows of
// 1 March 2024, when Kazakhstan went over to UTC+5 altogether: with older data
// every deadline and every year of a number would be an hour off.
func zone(name string, load func(string) (*time.Location, error)) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, bad("write its name, as in Asia/Almaty", "the zone of this machine is no answer for a register")
	}
	z, err := load(name)
	if err != nil {
		return nil, bad("write a name of the IANA list, as in Asia/Almaty", "%q is no time zone", clip(name))
	}
	almaty, err := load("Asia/Almaty")
	if err != nil {
		return nil, bad("install the package tzdata", "the zone data has no Asia/Almaty")
	}
	for _, known := range []struct {
		at    time.Time
		hours int
		wrong string
	}{ // the last second at UTC+6, and the first day at UTC+5
		{time.Date(2024, 2, 29, 17, 59, 59, 0, time.UTC), 6, "the zone data is wrong: Asia/Almaty was UTC+6 on 29 February 2024"},
		{time.Date(2024, 2, 29, 19, 0, 0, 0, time.UTC), 5, "the zone data is older than 2024: Asia/Almaty is UTC+5 since 1 March 2024"},
		{time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), 5, "the zone data is wrong: Asia/Almaty is UTC+5 in 2026"},
	} {
		if _, offset := known.at.In(almaty).Zone(); offset != known.hours*3600 {
			return nil, bad("update the package tzdata", "%s", known.wrong)
		}
	}
	return z, nil
}
