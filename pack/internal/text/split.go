package text

import (
	"bytes"
	"regexp"
)

// Splitter knows one kind of the configurations whose syntax takes a path with a space for
// two words, unless it is quoted. Quotes can't be put in at the target: the part
// that wrote the file writes it again as it did. So bootstrap.py refuses a
// place with a space for such a file, and names it.
type Splitter struct {
	Name  string         // for people
	files *regexp.Regexp // by path
	holds *regexp.Regexp // or by what stands in it
	lines *regexp.Regexp // the lines in which words are split, up to where the value begins
}

var splitters = []Splitter{
	{
		Name:  "systemd unit",
		files: regexp.MustCompile(`\.(service|socket|timer|path|mount|target)(\.in)?$`),
		holds: regexp.MustCompile(`(?m)^\[(Unit|Service|Install)\]\s*$`),
		lines: regexp.MustCompile(`^\s*(Exec[A-Z][A-Za-z]*|Environment|EnvironmentFile|(ReadWrite|ReadOnly|Inaccessible|Exec|NoExec)Paths|Bind(ReadOnly)?Paths)\s*=`),
	},
	{
		Name:  "supervisor's configuration",
		holds: regexp.MustCompile(`(?m)^\[(supervisord\]|(program|eventlistener|fcgi-program):)`),
		lines: regexp.MustCompile(`^\s*(command|environment|files)\s*=`),
	},
	{
		Name:  "zdaemon's configuration",
		holds: regexp.MustCompile(`(?m)^\s*<runner>\s*$`),
		lines: regexp.MustCompile(`^\s*program\s`),
	},
	{
		Name:  "crontab",
		files: regexp.MustCompile(`(^|/)(crontab[^/]*|cron\.d/[^/]+|[^/]+\.(cron|crontab))$`),
		lines: regexp.MustCompile(`^\s*(@[a-z]+|[-0-9*,/]+(\s+[-0-9*,/a-zA-Z]+){4})\s`),
	},
	{
		Name:  "logrotate's configuration",
		holds: regexp.MustCompile(`(?m)^\s*(rotate\s+\d+|(post|pre)rotate)\s*$`),
		lines: regexp.MustCompile(`^\s*`),
	},
	{
		Name:  "nginx's configuration",
		holds: regexp.MustCompile(`(?m)^\s*(server|http|events)\s*\{`),
		lines: regexp.MustCompile(`^\s*[a-z][a-z0-9_]*\s`),
	},
	{
		Name:  "Apache's configuration",
		holds: regexp.MustCompile(`(?m)^\s*<(VirtualHost|Directory|Location)\b`),
		lines: regexp.MustCompile(`^\s*(<[A-Z][A-Za-z]*|[A-Z][A-Za-z]*)\s`),
	},
}

// SplitterOf knows a configuration by its path and what is in it; nil for any other file.
func SplitterOf(p string, data []byte) *Splitter {
	for i, s := range splitters {
		if s.files != nil && s.files.MatchString(p) || s.holds != nil && s.holds.Match(data) {
			return &splitters[i]
		}
	}
	return nil
}

// Splits tells whether the word that holds an offset is one of a line whose
// words are split, and stands in no quotes.
func (s *Splitter) Splits(data []byte, offset int) bool {
	start := bytes.LastIndexByte(data[:offset], '\n') + 1
	for start > 1 && data[start-2] == '\\' { // the line before goes on
		start = bytes.LastIndexByte(data[:start-1], '\n') + 1
	}
	line := data[start:offset]
	if text := bytes.TrimSpace(line); len(text) > 0 && (text[0] == '#' || text[0] == ';') {
		return false
	}
	at := s.lines.FindIndex(data[start:endOfLine(data, start)])
	if at == nil || at[1] > len(line) {
		return false
	}
	var quote byte
	for i := at[1]; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			i++
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote:
			quote = 0
		}
	}
	return quote == 0
}
