package install

import "testing"

// TestLastError: what a program of the tree said last counts, as JSON or in words.
func TestLastError(t *testing.T) {
	for out, want := range map[string]saidError{
		"":                              {},
		"Traceback:\nValueError: x\n":   {Text: "ValueError: x"},
		"error: a\nhint: b\nmore\n":     {Text: "a", Hint: "b"},
		"error: a\nhint: b\nerror: c\n": {Text: "c"},
		"{}\n7\nerror: a\n":             {Text: "a"},
		"error: a\n" + `{"error": "ä", "hint": "", "busy": true}` + "\n":  {Text: "ä", Busy: true},
		`{"error": "a", "hint": "b", "busy": false}` + "\r\n" + "after\n": {Text: "a", Hint: "b"},
	} {
		if got := lastError(out); got != want {
			t.Errorf("%q: %+v, want %+v", out, got, want)
		}
	}
}
