package syspackages

import "slices"

// Of gives the packages of a package manager ("apt", "dnf", "apk", "brew")
// that bring what is needed, each once.
func Of(manager string, needs []string) []string {
	var packages []string
	for _, m := range managers {
		if m.name != manager {
			continue
		}
		for _, need := range needs {
			i := slices.IndexFunc(headers, func(h header) bool { return h.has(need) })
			if i < 0 {
				continue
			}
			if p := m.of(headers[i]); p != "" && !slices.Contains(packages, p) {
				packages = append(packages, p)
			}
		}
	}
	slices.Sort(packages)
	return packages
}
