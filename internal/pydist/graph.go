package pydist

// Graph gives for each distribution the positions of those that it requires in
// an environment, in order. asked are requirements of others, whose extras
// count: what a part asks for. A requirement that no version in the list fits
// means each version there is.
func Graph(all []Distribution, e Environment, asked []Requirement) [][]int {
	g := graph{all: all, byName: map[string][]int{}, extras: make([]map[string]bool, len(all))}
	var todo []int
	for i, d := range all {
		g.byName[PlainName(d.Name)] = append(g.byName[PlainName(d.Name)], i)
		g.extras[i] = map[string]bool{}
		todo = append(todo, i)
	}
	for _, r := range asked {
		for _, i := range g.Find(r) {
			g.want(i, r.Extras)
		}
	}
	edges := make([]map[int]bool, len(all))
	for len(todo) > 0 {
		i := todo[0]
		todo = todo[1:]
		edges[i] = map[int]bool{}
		for _, r := range all[i].Requires {
			if !r.AppliesTo(e, g.extras[i]) {
				continue
			}
			for _, to := range g.Find(r) {
				if to != i {
					edges[i][to] = true
				}
				if g.want(to, r.Extras) {
					todo = append(todo, to)
				}
			}
		}
	}
	lists := make([][]int, len(all))
	for i := range all {
		for to := range all {
			if edges[i][to] {
				lists[i] = append(lists[i], to)
			}
		}
	}
	return lists
}

type graph struct {
	all    []Distribution
	byName map[string][]int
	extras []map[string]bool
}

// Find gives the distributions that a requirement means.
func (g graph) Find(r Requirement) []int { return find(g.all, g.byName[PlainName(r.Name)], r) }

// Find gives the positions of the distributions that a requirement means.
func Find(all []Distribution, r Requirement) []int {
	var named []int
	for i, d := range all {
		if PlainName(d.Name) == PlainName(r.Name) {
			named = append(named, i)
		}
	}
	return find(all, named, r)
}

func find(all []Distribution, named []int, r Requirement) []int {
	var fitting []int
	for _, i := range named {
		if r.Fits(all[i].Version) {
			fitting = append(fitting, i)
		}
	}
	if len(fitting) == 0 {
		return named
	}
	return fitting
}

// want adds extras to a distribution's, and says whether it had not all of them.
func (g graph) want(i int, extras []string) bool {
	more := false
	for _, extra := range extras {
		more = more || !g.extras[i][extra]
		g.extras[i][extra] = true
	}
	return more
}
