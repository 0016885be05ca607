package plural

import "testing"

func TestOf(t *testing.T) {
	tests := []struct {
		n    int
		one  string
		many []string
		want string
	}{
		{0, "archive", nil, "0 archives"},
		{1, "archive", nil, "1 archive"},
		{2, "archive", nil, "2 archives"},
		{1, "library", []string{"libraries"}, "1 library"},
		{3, "library", []string{"libraries"}, "3 libraries"},
	}
	for _, tt := range tests {
		if got := Of(tt.n, tt.one, tt.many...); got != tt.want {
			t.Errorf("Of(%d, %q) = %q, want %q", tt.n, tt.one, got, tt.want)
		}
	}
	if Is(1) != "is" || Is(0) != "are" || Is(2) != "are" {
		t.Error("one is, none and several are")
	}
}
