package workflow

import "github.com/rogpeppe/go-internal/diff"

// Diff shows in what the workflow that is there differs from the one that init
// would write, as a unified diff. Empty if nothing does.
func Diff(name, old, new string) string {
	return string(diff.Diff(name, []byte(old), name+", as init would write it", []byte(new)))
}
