package spelling

import "testing"

func TestNearest(t *testing.T) {
	names := []string{"plan", "pack", "verify", "prove", "rollback", "rebuild", "release", "completion"}
	tests := []struct{ said, want string }{
		{"pakc", "pack"}, {"pck", "pack"}, {"packs", "pack"}, {"Pack", "pack"},
		{"verfy", "verify"}, {"roll", "rollback"}, {"rel", "release"}, {"rollbakc", "rollback"},
		{"comp", "completion"}, {"frobnicate", ""}, {"re", ""}, {"", ""}, {"x", ""},
	}
	for _, tt := range tests {
		if got := Nearest(tt.said, names); got != tt.want {
			t.Errorf("Nearest(%q) = %q, want %q", tt.said, got, tt.want)
		}
	}
}
