package pydist

import (
	"cmp"
	"regexp"
	"strings"
)

// Environment are the values of environment markers (PEP 508) by name.
type Environment map[string]string

// NewEnvironment gives the markers of an interpreter: its version ("3.13.0"),
// its implementation ("cpython") and its platform ("linux_x86_64"). What a
// kernel says of itself is the target's, so that it is empty.
func NewEnvironment(version, implementation, platform string) Environment {
	e := Environment{
		"python_full_version": version, "implementation_version": version, "implementation_name": implementation,
		"python_version": version, "platform_python_implementation": implementation,
		"platform_release": "", "platform_version": "",
	}
	if parts := strings.SplitN(version, ".", 3); len(parts) > 1 {
		e["python_version"] = parts[0] + "." + parts[1]
	}
	switch implementation {
	case "cpython":
		e["platform_python_implementation"] = "CPython"
	case "pypy":
		e["platform_python_implementation"] = "PyPy"
	}
	e["os_name"], e["sys_platform"], e["platform_system"] = "posix", "linux", "Linux"
	_, machine, _ := strings.Cut(platform, "_")
	switch {
	case strings.HasPrefix(platform, "win"):
		e["os_name"], e["sys_platform"], e["platform_system"] = "nt", "win32", "Windows"
		machine = map[string]string{"win32": "x86", "win_amd64": "AMD64", "win_arm64": "ARM64"}[platform]
	case strings.HasPrefix(platform, "macosx"):
		e["sys_platform"], e["platform_system"] = "darwin", "Darwin"
		machine = "arm64"
		if strings.HasSuffix(platform, "x86_64") {
			machine = "x86_64"
		}
	case strings.HasPrefix(version, "2."):
		e["sys_platform"] = "linux2"
	}
	if strings.HasPrefix(version, "2.") { // without sys.implementation
		e["implementation_name"], e["implementation_version"] = "", "0"
	}
	e["platform_machine"] = machine
	return e
}

// legacy are names of markers before PEP 508, which setuptools takes too.
var legacy = map[string]string{
	"os.name": "os_name", "sys.platform": "sys_platform", "platform.version": "platform_version", "platform.machine": "platform_machine",
	"platform.python_implementation": "platform_python_implementation", "python_implementation": "platform_python_implementation",
}

var token = regexp.MustCompile(`^\s*(\(|\)|===|[<>=!~]=|[<>]|"[^"]*"|'[^']*'|[A-Za-z][A-Za-z0-9_.]*)`)

// marker is what is left of a marker that is being read.
type marker struct {
	rest  string
	env   Environment
	extra string
}

// allows says whether a marker holds with an extra. One that can't be read
// holds: then the requirement is listed rather than forgotten.
func (e Environment) allows(text, extra string) bool {
	m := &marker{rest: text, env: e, extra: extra}
	holds, ok := m.or()
	return holds || !ok || strings.TrimSpace(m.rest) != ""
}

func (m *marker) peek() string {
	if found := token.FindStringSubmatch(m.rest); found != nil {
		return found[1]
	}
	return ""
}

func (m *marker) next() string {
	found := token.FindStringSubmatch(m.rest)
	if found == nil {
		return ""
	}
	m.rest = m.rest[len(found[0]):]
	return found[1]
}

func (m *marker) or() (holds, ok bool) {
	holds, ok = m.and()
	for ok && m.peek() == "or" {
		m.next()
		var more bool
		more, ok = m.and()
		holds = holds || more
	}
	return holds, ok
}

func (m *marker) and() (holds, ok bool) {
	holds, ok = m.one()
	for ok && m.peek() == "and" {
		m.next()
		var more bool
		more, ok = m.one()
		holds = holds && more
	}
	return holds, ok
}

// one is a comparison, or a marker in parentheses.
func (m *marker) one() (holds, ok bool) {
	if m.peek() == "(" {
		m.next()
		holds, ok = m.or()
		return holds, ok && m.next() == ")"
	}
	left, of, ok := m.value()
	if !ok {
		return false, false
	}
	op := m.next()
	if op == "not" && m.peek() == "in" {
		op += " " + m.next()
	}
	right, other, ok := m.value()
	switch of = cmp.Or(of, other); of {
	case "extra":
		return compareMarkers(PlainName(left), op, PlainName(right), false), ok
	case "python_version", "python_full_version", "implementation_version":
		return compareMarkers(left, op, right, true), ok
	}
	return compareMarkers(left, op, right, false), ok
}

// value is a quoted text, or what a variable stands for and its name.
func (m *marker) value() (value, variable string, ok bool) {
	t := m.next()
	switch {
	case t == "":
		return "", "", false
	case t[0] == '"' || t[0] == '\'':
		return t[1 : len(t)-1], "", true
	case t == "extra":
		return m.extra, t, true
	}
	if name := legacy[t]; name != "" {
		t = name
	}
	value, ok = m.env[t]
	return value, t, ok
}

func compareMarkers(left, op, right string, version bool) bool {
	switch op {
	case "in":
		return strings.Contains(right, left)
	case "not in":
		return !strings.Contains(right, left)
	}
	if version {
		if holds, known := compareVersions(left, op, right); known {
			return holds
		}
	}
	switch op {
	case "==", "===":
		return left == right
	case "!=":
		return left != right
	case "<":
		return left < right
	case "<=":
		return left <= right
	case ">":
		return left > right
	case ">=":
		return left >= right
	}
	return false
}
