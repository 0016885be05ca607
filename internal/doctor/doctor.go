// Package doctor looks at a machine, or at an installed tree, for what is
// missing or odd, and says the command that mends it.
package doctor

import (
	"context"
	"fmt"

	"github.com/binary-buildout/binary-buildout/internal/environ"
)

// State says how a finding stands.
type State string

// The states of a Finding.
const (
	Good    State = "good"
	Odd     State = "odd"     // it works, but perhaps not as one thinks
	Missing State = "missing" // something fails by it
)

// Finding is what one look said. Mend is a command, or what else to do; empty if
// there is nothing to mend.
type Finding struct {
	What  string `json:"what"`
	State State  `json:"state"`
	Says  string `json:"says"`
	Mend  string `json:"fix,omitempty"`
}

// Patient is the machine and what is to be looked at on it.
type Patient struct {
	Env      []string
	OS, Arch string // as runtime.GOOS and runtime.GOARCH
	Dir      string // a checkout, an installed tree, or neither
	Config   string // the configuration in a checkout
	Name     string // the application's
	Python   string // as --python has it; "" for what a build would take
	Tree     bool   // whether Dir is an installed tree
}

func (p Patient) getenv(name string) string { return environ.Get(p.Env, name) }

// look is one thing to look at. It gives no finding where the thing isn't there to be looked at.
type look func(ctx context.Context, p Patient) []Finding

// Look looks at everything that matters on a machine that builds, and in an
// installed tree at what matters there.
func Look(ctx context.Context, p Patient) []Finding {
	looks := []look{compiler, wants, isolation, room, executable, selinux, umask, proxies, certificates, pythons, lock}
	if p.Tree {
		looks = []look{settled, fits, interrupted, complete, writers, room, executable, selinux, umask, proxies, certificates}
	}
	var all []Finding
	for _, l := range looks {
		if ctx.Err() == nil {
			all = append(all, l(ctx, p)...)
		}
	}
	return all
}

// Worst is the worst state of all findings.
func Worst(all []Finding) State {
	worst := Good
	for _, f := range all {
		switch {
		case f.State == Missing:
			return Missing
		case f.State == Odd:
			worst = Odd
		}
	}
	return worst
}

func good(what, format string, args ...any) []Finding {
	return []Finding{{What: what, State: Good, Says: fmt.Sprintf(format, args...)}}
}

func odd(what, mend, format string, args ...any) []Finding {
	return []Finding{{What: what, State: Odd, Says: fmt.Sprintf(format, args...), Mend: mend}}
}

func missing(what, mend, format string, args ...any) []Finding {
	return []Finding{{What: what, State: Missing, Says: fmt.Sprintf(format, args...), Mend: mend}}
}
