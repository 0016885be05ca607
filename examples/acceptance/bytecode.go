//go:build linux

package acceptance

import "regexp"

// startsCompiled runs commands in a tree that can't be written, and counts
// what Python says of each import: all modules of the tree come from their
// bytecode, and none is compiled.
func (s *server) startsCompiled(commands []string) {
	s.t.Helper()
	s.run("chmod", "-R", "a-w", ".")
	tree := regexp.QuoteMeta(s.tree)
	compiled := regexp.MustCompile(`(?m)^(?:# code object from |import \S+ # from )'?(` + tree + `/.*\.py)'?$`)
	loaded := regexp.MustCompile(`(?m)^# .* matches ` + tree + `/`)
	for _, command := range commands {
		said := s.run("/bin/sh", "-c", "PYTHONVERBOSE=1 "+command)
		for _, m := range compiled.FindAllStringSubmatch(said, -1) {
			s.t.Errorf("%s compiles %s", command, m[1])
		}
		if n := len(loaded.FindAllString(said, -1)); n < 20 {
			s.t.Errorf("%s took %d modules from bytecode, that is hardly all", command, n)
		} else {
			s.t.Logf("%s: %d modules from bytecode", command, n)
		}
	}
	s.run("chmod", "-R", "u+w", ".")
}
