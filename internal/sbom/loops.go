package sbom

import (
	"maps"
	"slices"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// cutLoops leaves out each dependency that closes a loop, as eggs that require
// each other make one: readers of CycloneDX follow the graph. The
// component says what it requires beside that. Walking depth first in the order
// of references, it is the same for the same components.
func (b *builder) cutLoops(root string) {
	const open, done = 1, 2
	state := map[string]int{}
	var visit func(ref string)
	visit = func(ref string) {
		state[ref] = open
		for _, to := range slices.Sorted(maps.Keys(b.depends[ref])) {
			switch state[to] {
			case open:
				delete(b.depends[ref], to)
				b.note(ref, to)
			case done:
			default:
				visit(to)
			}
		}
		state[ref] = done
	}
	visit(root)
	for _, ref := range sorted(b.depends) {
		if state[ref] == 0 {
			// Eggs that require each other alone: nothing leads to them yet.
			visit(ref)
		}
	}
	b.reach(root)
}

// reach has each archive depend on what only a loop led to.
func (b *builder) reach(root string) {
	leads := map[string]bool{}
	for _, on := range b.depends {
		maps.Copy(leads, on)
	}
	for _, ref := range sorted(b.depends) {
		if ref != root && !leads[ref] {
			b.depends[root][ref] = true
		}
	}
}

// note says in a component what it requires too.
func (b *builder) note(ref, to string) {
	x := b.byRef[ref]
	if x == nil {
		return
	}
	properties := append(slices.Clone(orNone(x.Properties)), cdx.Property{Name: "binary-buildout:requires", Value: to})
	x.Properties = &properties
}
