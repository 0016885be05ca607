package environ

import (
	"slices"
	"testing"
)

func TestEnvironment(t *testing.T) {
	env := []string{"A=1", "B=x=y", "A=2", "C="}
	for name, want := range map[string]string{"A": "2", "B": "x=y", "C": "", "D": "", "a": ""} {
		if got := Get(env, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got, want := Set(env, "A=3", "B", "D=4"), []string{"C=", "A=3", "D=4"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Name("=C:=C:\\work"); got != "=C:" {
		t.Errorf("a name of Windows: %q", got)
	}
}
