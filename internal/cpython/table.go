package cpython

import (
	_ "embed"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
)

//go:embed pythons.json
var pythonsJSON []byte

// Python is a line of the table: a version of CPython, as its interpreter says it.
type Python struct {
	Version      string   `json:"version"`       // "3.15"
	Magic        int      `json:"magic"`         // the number that its .pyc files begin with
	Marshal      int      `json:"marshal"`       // marshal.version
	MarshalTypes string   `json:"marshal_types"` // the type codes that marshal.loads knows, sorted
	Suffixes     []string `json:"suffixes"`      // of an extension's file name; {version} is 315 or 315t, {platform} x86_64-linux-gnu
	Entries      []string `json:"entries"`       // the prefixes of the function that it calls, the usual one first
	Sysconfig    []string `json:"sysconfig"`     // the keys that say something of the ABI and the paths
}

// Minor is 15 of Python 3.15.
func (p Python) Minor() int {
	minor, _ := strconv.Atoi(strings.TrimPrefix(p.Version, "3."))
	return minor
}

var table = sync.OnceValue(func() []Python {
	var t struct{ Pythons []Python }
	if err := json.Unmarshal(pythonsJSON, &t); err != nil || len(t.Pythons) == 0 {
		panic("cpython: the embedded table pythons.json can't be read") // a test reads it
	}
	return t.Pythons
})

// Known are the lines of the table, the oldest version first.
func Known() []Python { return append([]Python(nil), table()...) }

// Of is the line of Python 3.minor. A version that the table doesn't have is taken
// for the nearest older one, and one before the first for the first.
func Of(minor int) Python {
	found := table()[0]
	for _, p := range table() {
		if p.Minor() <= minor {
			found = p
		}
	}
	return found
}
