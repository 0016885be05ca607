// Package faulttest says what a test expects of an error.
package faulttest

import (
	"errors"
	"strings"
	"testing"
)

// Want requires an error of one line with an exit code and with words that its
// text or its hint has.
func Want(t testing.TB, err error, code int, words ...string) {
	t.Helper()
	var e interface {
		error
		ExitCode() int
		Hint() string
	}
	if !errors.As(err, &e) {
		t.Fatalf("error %v has no exit code and no hint", err)
	}
	if e.ExitCode() != code {
		t.Errorf("exit code %d, want %d: %v", e.ExitCode(), code, err)
	}
	for _, w := range words {
		if !strings.Contains(e.Error()+" / "+e.Hint(), w) {
			t.Errorf("error %q, hint %q: want %q", e.Error(), e.Hint(), w)
		}
	}
	if strings.Contains(e.Error(), "\n") {
		t.Errorf("error of several lines: %q", e.Error())
	}
}
