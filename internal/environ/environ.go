// Package environ reads and changes environments, lists of NAME=VALUE.
package environ

import (
	"runtime"
	"slices"
	"strings"
)

// Get gives the value of a variable, the last one of that name; "" without it.
func Get(env []string, name string) string {
	for i := len(env) - 1; i >= 0; i-- {
		key := Name(env[i])
		if len(key) < len(env[i]) && same(key, name) {
			return env[i][len(key)+1:]
		}
	}
	return ""
}

// Set gives env with the assignments instead of what it had of those names.
// An assignment without "=" removes its name.
func Set(env []string, assignments ...string) []string {
	var out []string
	for _, e := range env {
		key := Name(e)
		if !slices.ContainsFunc(assignments, func(a string) bool { return same(Name(a), key) }) {
			out = append(out, e)
		}
	}
	for _, a := range assignments {
		if len(Name(a)) < len(a) {
			out = append(out, a)
		}
	}
	return out
}

// Name gives the name of an assignment. On Windows there are some that begin with "=".
func Name(assignment string) string {
	for i := 1; i < len(assignment); i++ {
		if assignment[i] == '=' {
			return assignment[:i]
		}
	}
	return assignment
}

// same is whether two names are one variable's. On Windows case says nothing: PATH
// is called Path there.
func same(a, b string) bool { return a == b || runtime.GOOS == "windows" && strings.EqualFold(a, b) }
