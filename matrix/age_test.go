package matrix

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// lookedAt is how old the table may be: images and runners change within months.
const lookedAt = 120 * 24 * time.Hour

// tooOld says that a table of that date should be made anew; "" if it needn't.
func tooOld(date string, now time.Time) (string, error) {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return "", err
	}
	if now.Sub(day) <= lookedAt {
		return "", nil
	}
	return fmt.Sprintf("matrix/table.json is of %s: make it anew (matrix/generate)", date), nil
}

// The table's age is a warning and no failure: what was right yesterday still builds.
func TestAge(t *testing.T) {
	table, err := readTable()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if epoch, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		now = time.Unix(epoch, 0)
	}
	old, err := tooOld(table.Date, now)
	if err != nil {
		t.Fatal(err)
	}
	if old != "" {
		t.Log("warning: " + old)
		if os.Getenv("GITHUB_ACTIONS") == "true" {
			fmt.Println("::warning file=matrix/table.json::" + old)
		}
	}
	for days, want := range map[int]bool{-3: false, 0: false, 120: false, 121: true} {
		got, err := tooOld("2026-11-30", time.Date(2026, 11, 30+days, 0, 0, 0, 0, time.UTC))
		if err != nil || (got != "") != want {
			t.Errorf("after %d days: %q, %v", days, got, err)
		}
	}
	if _, err := tooOld("yesterday", now); err == nil {
		t.Error("no date passes")
	}
}
