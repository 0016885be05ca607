package buildout

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/spelling"
)

// SectionName is the section of the configuration file that holds this
// program's own settings.
const SectionName = "binary-buildout"

// Section is what stands in the [binary-buildout] section of one file. It is
// read literally: the same words mean the same on a laptop and in CI, so
// nothing that zc.buildout would substitute, add or extend is allowed there.
type Section struct {
	Path   string
	values map[string][]string
	lines  map[string]int
}

var (
	sectionHead = regexp.MustCompile(`^\[\s*([^\]:\s]+)\s*(:[^\]]*)?\]`)
	optionLine  = regexp.MustCompile(`^([^\s=:+\-<][^=]*?)\s*([-+<]?)=(.*)$`)
)

// ReadSection reads the section of the file at path. known are the keys there
// may be; a file without the section gives an empty one. Errors end with exit
// code 2.
func ReadSection(path string, known []string) (Section, error) {
	s := Section{Path: path, values: map[string][]string{}, lines: map[string]int{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, usage("reading the configuration", "give the directory that has the buildout.cfg, or name another configuration with --config FILE", "%w", err)
	}
	if err != nil {
		return s, surroundings("reading the configuration", "", err)
	}
	return s, s.parse(data, known)
}

func (s *Section) parse(data []byte, known []string) error {
	inside, key := false, ""
	scanner := bufio.NewScanner(bytes.NewReader(data))
	scanner.Buffer(nil, 1<<20)
	for n := 1; scanner.Scan(); n++ {
		line := strings.TrimRight(strings.TrimPrefix(scanner.Text(), "\ufeff"), " \t\r")
		if m := sectionHead.FindStringSubmatch(line); m != nil {
			inside, key = m[1] == SectionName, ""
			if inside && m[2] != "" {
				return s.bad(n, "write it without the condition", "a condition on [%s]", SectionName)
			}
			continue
		}
		text := strings.TrimSpace(line)
		if !inside || text == "" || text[0] == '#' || line[0] == ';' {
			continue
		}
		next, err := s.line(n, line, key, known)
		if err != nil {
			return err
		}
		key = next
	}
	if err := scanner.Err(); err != nil {
		return surroundings("reading "+s.Path, "", err)
	}
	return nil
}

// line takes one line of the section, and gives the key that the next
// continuation line belongs to.
func (s *Section) line(n int, line, key string, known []string) (string, error) {
	value := strings.TrimSpace(line)
	if line[0] != ' ' && line[0] != '\t' {
		if strings.HasPrefix(line, "<") {
			return "", s.bad(n, "write the values out", "<= in [%s]", SectionName)
		}
		m := optionLine.FindStringSubmatch(line)
		if m == nil {
			return "", s.bad(n, "write NAME = VALUE", "%q isn't a setting", line)
		}
		if m[2] != "" {
			return "", s.bad(n, "write the whole value with =", "%s= in [%s]", m[2], SectionName)
		}
		key, value = strings.TrimSpace(m[1]), strings.TrimSpace(m[3])
		if !slices.Contains(known, key) {
			hint := "settings: " + strings.Join(known, ", ")
			if meant := spelling.Nearest(key, known); meant != "" {
				hint = fmt.Sprintf("did you mean %q?", meant)
			}
			return "", s.bad(n, hint, "unknown setting %q", key)
		}
		if first, again := s.lines[key]; again {
			return "", s.bad(n, "keep one of them", "%s is set in line %d already", key, first)
		}
		s.lines[key] = n
		s.values[key] = nil
	} else if key == "" {
		return "", s.bad(n, "write NAME = VALUE at the start of a line", "%q continues no setting", value)
	}
	if strings.Contains(value, "${") {
		return "", s.bad(n, "write the value itself; a shell variable is written $NAME", "${} in [%s]", SectionName)
	}
	if value != "" {
		s.values[key] = append(s.values[key], value)
	}
	return key, nil
}

func (s *Section) bad(line int, hint, format string, args ...any) error {
	return usage(fmt.Sprintf("reading %s, line %d", s.Path, line), hint, format, args...)
}

// Has reports whether key is set, be it to nothing.
func (s Section) Has(key string) bool {
	_, ok := s.lines[key]
	return ok
}

// List gives the values of key, one a line of the file.
func (s Section) List(key string) []string { return slices.Clone(s.values[key]) }

// Get gives the one value of key, or "" if it isn't set.
func (s Section) Get(key string) (string, error) {
	switch v := s.values[key]; len(v) {
	case 0:
		return "", nil
	case 1:
		return v[0], nil
	default:
		return "", s.bad(s.lines[key], "give one", "%s has %d values", key, len(v))
	}
}

// Keys gives the keys that are set, sorted.
func (s Section) Keys() []string {
	var keys []string
	for k := range s.lines {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
