package pydist

import "testing"

func TestSatisfies(t *testing.T) {
	for _, c := range []struct {
		version, requires string
		want              bool
	}{
		{"3.13.0", "", true}, {"3.13.0", ">=3.8", true}, {"3.6.15", ">=3.7", false},
		{"2.7.18", ">=2.7,!=3.0.*,!=3.1.*", true}, {"3.0.1", ">=2.7,!=3.0.*", false}, {"3.10.2", ">=3.9, <4", true},
		{"3.9.1", "~=3.9", true}, {"4.0.0", "~=3.9", false}, {"3.9.1", "==3.9.*", true}, {"3.9.1", "<3.9", false}, {"3.9.0", "odd", true},
	} {
		if got := Satisfies(c.version, c.requires); got != c.want {
			t.Errorf("%s of %s: %v", c.version, c.requires, got)
		}
	}
}
