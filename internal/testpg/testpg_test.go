package testpg_test

import (
	"database/sql"
	"testing"

	"almasu/internal/testpg"
)

func TestServerGivesEachCallerADatabaseOfItsOwn(t *testing.T) {
	s := testpg.Start(t)
	for range 2 {
		db, err := sql.Open("pgx", s.Database(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE mine (n BIGINT)"); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSettingsReachTheServer(t *testing.T) {
	db, err := sql.Open("pgx", testpg.Start(t, "work_mem=7MB").Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var got string
	if err := db.QueryRowContext(t.Context(), "SHOW work_mem").Scan(&got); err != nil || got != "7MB" {
		t.Errorf("work_mem %q, %v", got, err)
	}
}
