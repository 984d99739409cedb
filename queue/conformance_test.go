package queue_test

import (
	"testing"

	"almasu/internal/testpg"
)

// suite is what every engine has to do alike. A case is named after what it
// guards against.
func suite() map[string]func(*rig) {
	all := map[string]func(*rig){}
	for _, part := range []map[string]func(*rig){arriveCases(), leaseCases(), numberCases(), commitCases(), letterCases(),
		outcomeCases(), consumerCases(), journalCases(), storeCases(), changeCases(), tokenCases(), againCases(), dutyCases(), alarmCases(), requestCases(), retentionCases()} {
		for name, f := range part {
			all[name] = f
		}
	}
	return all
}

func TestSQLite(t *testing.T) {
	for name, f := range suite() {
		t.Run(name, func(t *testing.T) { f(newRig(t, sqliteDSN(t))) })
	}
}

func TestPostgres(t *testing.T) {
	server := testpg.Start(t)
	for name, f := range suite() {
		t.Run(name, func(t *testing.T) { f(newRig(t, server.Database(t))) })
	}
}
