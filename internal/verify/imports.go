package verify

import (
	"context"
	"time"
)

// Import says how to import the extensions of a tree on this machine.
type Import struct {
	Interpreter string        // absolute path
	Root        string        // the tree's directory, absolute
	Paths       [][]string    // groups of sys.path entries, relative to Root: one a script or part
	Timeout     time.Duration // for one import; 0 is a minute
	Jobs        int           // processes at once; 0 is one a processor
}

func (c *checker) importAll(context.Context) (map[string][]Problem, error) { return nil, nil }
