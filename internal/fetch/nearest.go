package fetch

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// nothingFits explains: what this system is, what there is, what comes closest.
func nothingFits(ctx context.Context, o Request, x *Index, from string, pythons []*interpreter.Python) error {
	var names []string
	for _, a := range x.Assets {
		name := a.Target
		if a.Label != "" {
			name += " (" + a.Label + ")"
		}
		names = append(names, name)
	}
	best := nearest(ctx, o.Search, x, pythons)
	hint := "have it built for this system too, " + interpreter.SystemWords(best.python)
	switch best.Rank {
	case interpreter.RankLabel:
		hint = "leave --label out, or name one of these"
	case interpreter.RankPython:
		hint = "install " + interpreter.Words(best.asset.needs().Abi) + ", or name an interpreter with --python"
	case interpreter.RankFloor:
		hint += " or older"
	case interpreter.RankLibc:
		hint += ": " + interpreter.TargetOf(best.python)
	}
	return fault.Usage(fmt.Errorf("nothing fits: this system is %s; %s has %s; closest is %s: %s",
		interpreter.Describe(o.Search, pythons), from, strings.Join(names, ", "), best.asset.Target, best.Why), hint)
}

// near is how far an archive is from fitting an interpreter.
type near struct {
	asset  Asset
	python *interpreter.Python
	interpreter.Misfit
	far int // between the versions of Python
}

// nearest gives the asset that fails by the mildest reason; of several, the one
// with the Python nearest to one that is here, and of these the lowest floor.
func nearest(ctx context.Context, s interpreter.Search, x *Index, pythons []*interpreter.Python) near {
	if len(pythons) == 0 {
		pythons = []*interpreter.Python{interpreter.Unknown(s)}
		if slices.ContainsFunc(x.Assets, func(a Asset) bool { return a.PythonBundled }) {
			pythons = []*interpreter.Python{interpreter.System(ctx, s)}
		}
	}
	var all []near
	for _, a := range x.Assets {
		for _, p := range pythons {
			n := near{asset: a, python: p, Misfit: a.needs().Unfit(p), far: distance(a.needs().Abi, p.ABI)}
			if n.Rank == 0 {
				n.Misfit = interpreter.Misfit{Rank: interpreter.RankLabel, Why: fmt.Sprintf("it has another label, %q", a.Label)}
			}
			all = append(all, n)
		}
	}
	return slices.MinFunc(all, func(a, b near) int {
		return cmp.Or(a.Rank-b.Rank, a.far-b.far, matrix.CompareVersions(a.asset.needs().Floor, b.asset.needs().Floor))
	})
}

// distance is how far two versions of Python are apart; of two that are equally
// far the newer one is nearer. Without one of them, the newest is nearest.
func distance(wanted, have string) int {
	w, h := interpreter.Number(wanted), interpreter.Number(have)
	switch {
	case h == 0:
		return -w
	case w < h:
		return 2*(h-w) + 1
	}
	return 2 * (w - h)
}
