package pack

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
)

// splitter knows the configurations whose syntax takes a path with a space for
// two words, unless it is quoted. Quotes can't be put in at the target: the part
// that wrote the file writes it again as it did. So bootstrap.py refuses a
// place with a space for such a file, and names it.
type splitter struct {
	name  string         // for people
	files *regexp.Regexp // by path
	holds *regexp.Regexp // or by what stands in it
	lines *regexp.Regexp // the lines in which words are split, up to where the value begins
}

var splitters = []splitter{
	{
		name:  "systemd unit",
		files: regexp.MustCompile(`\.(service|socket|timer|path|mount|target)(\.in)?$`),
		holds: regexp.MustCompile(`(?m)^\[(Unit|Service|Install)\]\s*$`),
		lines: regexp.MustCompile(`^\s*(Exec[A-Z][A-Za-z]*|Environment|EnvironmentFile|(ReadWrite|ReadOnly|Inaccessible|Exec|NoExec)Paths|Bind(ReadOnly)?Paths)\s*=`),
	},
	{
		name:  "supervisor's configuration",
		holds: regexp.MustCompile(`(?m)^\[(supervisord\]|(program|eventlistener|fcgi-program):)`),
		lines: regexp.MustCompile(`^\s*(command|environment|files)\s*=`),
	},
	{
		name:  "zdaemon's configuration",
		holds: regexp.MustCompile(`(?m)^\s*<runner>\s*$`),
		lines: regexp.MustCompile(`^\s*program\s`),
	},
	{
		name:  "crontab",
		files: regexp.MustCompile(`(^|/)(crontab[^/]*|cron\.d/[^/]+|[^/]+\.(cron|crontab))$`),
		lines: regexp.MustCompile(`^\s*(@[a-z]+|[-0-9*,/]+(\s+[-0-9*,/a-zA-Z]+){4})\s`),
	},
	{
		name:  "logrotate's configuration",
		holds: regexp.MustCompile(`(?m)^\s*(rotate\s+\d+|(post|pre)rotate)\s*$`),
		lines: regexp.MustCompile(`^\s*`),
	},
	{
		name:  "nginx's configuration",
		holds: regexp.MustCompile(`(?m)^\s*(server|http|events)\s*\{`),
		lines: regexp.MustCompile(`^\s*[a-z][a-z0-9_]*\s`),
	},
	{
		name:  "Apache's configuration",
		holds: regexp.MustCompile(`(?m)^\s*<(VirtualHost|Directory|Location)\b`),
		lines: regexp.MustCompile(`^\s*(<[A-Z][A-Za-z]*|[A-Z][A-Za-z]*)\s`),
	},
}

// maxSplit bounds the files that are looked at: these are written for people.
const maxSplit = 1 << 20

// splits tells where a space in the root's or the interpreter's path would make
// two words of it, as Relocation.Splits has it.
func (w *worker) splits(f *File, src *source, res found) (map[string]string, error) {
	if src.size > maxSplit || syntaxOf(f.Path, res.head) != syntaxNone || documents(f.Path) {
		return nil, nil
	}
	data := make([]byte, src.size)
	if _, err := src.ReadAt(data, 0); err != nil && err != io.EOF {
		return nil, err
	}
	var at map[string]string
	for _, s := range splitters {
		if (s.files == nil || !s.files.MatchString(f.Path)) && (s.holds == nil || !s.holds.Match(data)) {
			continue
		}
		for _, h := range res.hits {
			pl := w.search.places[h.place]
			of := "python"
			if pl.root {
				of = "root"
			}
			if h.bound != inner && pl.placeholder != "" && at[of] == "" && s.splits(data, int(h.offset)) {
				if at == nil {
					at = map[string]string{}
				}
				at[of] = fmt.Sprintf("%s, line %d", s.name, 1+bytes.Count(data[:h.offset], []byte("\n")))
			}
		}
		break
	}
	return at, nil
}

// splits tells whether the word that holds an offset is one of a line whose
// words are split, and stands in no quotes.
func (s splitter) splits(data []byte, offset int) bool {
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

// documents tells whether a file is prose, or an example of a configuration in a distribution.
func documents(p string) bool {
	return isDocumentation(p) || strings.Contains(p, ".egg/") || strings.Contains(p, "/site-packages/") || path.Base(p) == installedName
}
