package buildout

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var literalOption = regexp.MustCompile(`^([^\s\[#;=:+\-<][^=:]*?)\s*[=:]\s*(.*)$`)

// literalOptions reads one section of a configuration file and of the local
// files that it extends, as far as it can be read without zc.buildout: no
// substitutions, no conditions, no remote files. It answers questions that
// come before there is a zc.buildout to ask, and decides nothing for good.
func literalOptions(file, section string) map[string]string {
	values := map[string]string{}
	readLiteral(file, section, values, map[string]bool{})
	return values
}

func readLiteral(file, section string, values map[string]string, seen map[string]bool) {
	data, err := os.ReadFile(file)
	if err != nil || seen[file] {
		return
	}
	seen[file] = true
	own, extends := literalFile(string(data), section)
	for _, name := range extends {
		if strings.Contains(name, "://") || strings.Contains(name, "$") {
			continue
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(file), filepath.FromSlash(name))
		}
		readLiteral(name, section, values, seen)
	}
	for k, v := range own {
		values[k] = v
	}
}

// literalFile gives the section's options, and the names under extends.
func literalFile(text, section string) (options map[string]string, extends []string) {
	options = map[string]string{}
	in, key, extending := "", "", false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if m := sectionHead.FindStringSubmatch(line); m != nil {
			in, key, extending = m[1], "", false
			if m[2] != "" {
				in = "" // conditional: not for a literal reader
			}
			continue
		}
		value := strings.TrimSpace(line)
		if value == "" || value[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] != ' ' && line[0] != '\t' {
			m := literalOption.FindStringSubmatch(line)
			if key, extending = "", false; m == nil {
				continue
			}
			key, value = m[1], strings.TrimSpace(m[2])
			extending = in == "buildout" && key == "extends"
			if in == section {
				options[key] = ""
			}
		}
		if extending {
			extends = append(extends, strings.Fields(value)...)
		}
		if in == section && key != "" && value != "" {
			options[key] = strings.TrimPrefix(options[key]+"\n"+value, "\n")
		}
	}
	return options, extends
}
