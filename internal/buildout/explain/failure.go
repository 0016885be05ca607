package explain

import (
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// Failure is what a run of buildout said of why it stopped.
type Failure struct {
	What string // what it was doing: "part hello", "egg msgpack==1.0", "develop package src/hello"; "" if it didn't say
	Why  string // the lines that a person would look for
	Said string // all lines since the last step that went well
}

var (
	lineDoing = regexp.MustCompile(`^\s+(Installing recipe|Installing|Updating|Uninstalling|Getting distribution for|Processing develop directory|Getting section|Initializing (?:section|part)) ?(.*?)\.$`)
	lineStep  = regexp.MustCompile(`^(?:Got \S+ \S+\.|Develop: .*|(?:Installing|Updating|Uninstalling) .+\.)$`)
	quoted    = regexp.MustCompile(`^u?(?:'(.*)'|"(.*)")$`)
	// lineException is the last line of a traceback: it isn't indented.
	lineException = regexp.MustCompile(`^[A-Za-z_][\w.]*(?::|$)`)
	lineError     = regexp.MustCompile(`(?i)error:|error [a-z]+[0-9]+:|fatal:|no such file|exit(?:ed with)? status|: not found$|^killed`)
)

// noise are lines with an error's name that say nothing: those of a traceback's
// code, and what pip says around what the build of an egg said.
var noise = regexp.MustCompile(`(?i)^an internal error occurred|^note:|^raise |^during handling|^error output follows|subprocess-exited-with-error|failed-wheel-build-for-install|metadata-generation-failed|` +
	`^error: failed to build |^error: failed building |^root: http error: not found$|\[end of output\]$`)

// Read finds in buildout's output what it was doing when it failed, and
// why. Its last "While:" begins the list of what it was doing, the outermost
// first; the error follows. part is the part that was being made, for a run
// that ended without such a list.
func Read(lines []string, part string) Failure {
	end := len(lines)
	for end > 0 && lines[end-1] != "While:" {
		end--
	}
	before, trail, final := lines, []string(nil), []string(nil)
	if end > 0 {
		before = lines[:end-1]
		trail, final = cutTrail(lines[end:])
	}
	step := len(before)
	for step > 0 && !lineStep.MatchString(before[step-1]) {
		step--
	}
	f := Failure{What: doing(trail), Said: joined(lines[step:])}
	if f.What == "" && part != "" {
		f.What = "part " + part
	}
	f.Why = reasons(before[step:], final)
	return f
}

// cutTrail splits what follows "While:" into the list and the error.
func cutTrail(lines []string) (trail, final []string) {
	for i, l := range lines {
		if !strings.HasPrefix(l, "  ") || !strings.HasSuffix(l, ".") {
			return lines[:i], lines[i:]
		}
	}
	return lines, nil
}

// doing says what a list of steps is about: the egg or the develop package that
// it ends with, else the part that it begins with.
func doing(trail []string) string {
	part, inner := "", ""
	for _, l := range trail {
		m := lineDoing.FindStringSubmatch(l)
		if m == nil || m[2] == "" {
			continue
		}
		switch m[1] {
		case "Installing recipe":
		case "Getting distribution for":
			inner = "egg " + unquote(m[2])
		case "Processing develop directory":
			inner = "develop package " + unquote(m[2])
		default:
			if part == "" {
				part = "part " + m[2]
			}
		}
	}
	if inner != "" {
		return inner
	}
	return part
}

// unquote is a string as Python's %r writes one, without its quotes.
func unquote(s string) string {
	m := quoted.FindStringSubmatch(s)
	if m == nil {
		return s
	}
	return m[1] + m[2]
}

// shownReasons bounds the lines of an error, so that it can be read.
const shownReasons = 6

// reasons picks the lines that a person would look for: of an error of
// zc.buildout's own ("Error: ...") all of its lines, and what was said of
// errors before it; else the last exception, or what a program said that it ran.
func reasons(before, final []string) string {
	if own := slices.IndexFunc(final, func(l string) bool { return strings.HasPrefix(l, "Error: ") }); own >= 0 {
		words := nonBlank(final[own:])
		words = words[:min(len(words), 2*shownReasons)]
		return secrets.LastLines(strings.Join(append(outerOf(errorLines(before), shownReasons-1), words...), "\n"), 3*shownReasons)
	}
	words := exception(final)
	if len(words) == 0 || strings.HasSuffix(words[0], "Failed to run command:") || madeNothing.MatchString(words[0]) {
		words = append(slices.Clone(before), words...) // a long output isn't kept back until the end
	}
	hits := outerOf(errorLines(words), shownReasons)
	if len(hits) == 0 {
		hits = programOutput(words)
	}
	return secrets.LastLines(strings.Join(hits, "\n"), shownReasons)
}

// madeNothing is how zc.buildout 2 and 3 end when a setup.py made no egg: they look
// for the one in an empty directory (easy_install.py, _move_to_eggs_dir_and_compile).
var madeNothing = regexp.MustCompile(`^ValueError: (?:need more than 0 values to unpack|not enough values to unpack \(expected 1, got 0\))`)

// exception gives the lines of the last traceback's exception, to the end.
func exception(lines []string) []string {
	from := 0
	for i, l := range lines {
		if strings.HasPrefix(l, "Traceback (most recent call last)") {
			from = i + 1
		}
	}
	for i, l := range lines[from:] {
		if from > 0 && lineException.MatchString(l) {
			return lines[from+i:]
		}
	}
	return lines[from:]
}

// programOutput is what the program said whose failure pip reports, else all of
// the lines.
func programOutput(lines []string) []string {
	for i, l := range lines {
		if !strings.HasSuffix(l, "lines of output]") {
			continue
		}
		for n, l := range lines[i+1:] {
			if strings.HasSuffix(l, "[end of output]") {
				if n == 0 {
					return trimmed(lines[max(0, i-2):i]) // what it was, and its exit code
				}
				return trimmed(lines[i+1 : i+1+n])
			}
		}
	}
	return lines
}

// errorLines are the lines that name an error, and the versions that
// zc.buildout lists when they contradict each other.
func errorLines(lines []string) []string {
	var hits []string
	listed := false
	for _, l := range lines {
		t := strings.TrimSpace(l)
		if listed = strings.HasPrefix(t, "Version and requirements information") || listed && strings.HasPrefix(l, "  "); listed && l != t {
			hits = append(hits, t)
			continue
		}
		if lineError.MatchString(t) && !noise.MatchString(t) && !slices.Contains(hits, t) {
			hits = append(hits, t)
		}
	}
	return hits
}

func trimmed(lines []string) []string {
	var out []string
	for _, l := range lines {
		out = append(out, strings.TrimSpace(l))
	}
	return out
}

func nonBlank(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.TrimSpace(l) == "" })
}

// outerOf gives at most n lines: the first errors say what went wrong, the last ones what came of it.
func outerOf(lines []string, n int) []string {
	if len(lines) <= n {
		return lines
	}
	return slices.Concat(lines[:n/2], lines[len(lines)-(n-n/2):])
}

func joined(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}
