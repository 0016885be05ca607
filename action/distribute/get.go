package main

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed get.sh
var getTemplate string

// getScript is get.sh of a version: it carries the digests, so that what it
// installs is what was released with it.
func getScript(t table) ([]byte, error) {
	var rows strings.Builder
	for _, p := range platforms {
		for _, uname := range p.uname {
			fmt.Fprintf(&rows, "\t'%s') asset=%s digest=%s ;;\n", uname, p.asset(), t.Binaries[p.name])
		}
	}
	text := getTemplate
	for _, fill := range [][2]string{{"@VERSION@", t.Version}, {"@URL@", t.URL}, {"\t@BINARIES@) ;;\n", rows.String()}} {
		if strings.Count(text, fill[0]) != 1 || strings.ContainsAny(t.Version+t.URL, "'\\\n") {
			return nil, fmt.Errorf("writing get.sh: %s can't be filled in", strings.TrimSpace(fill[0]))
		}
		text = strings.Replace(text, fill[0], fill[1], 1)
	}
	return []byte(text), nil
}
