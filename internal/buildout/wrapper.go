package buildout

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// CompilerCall is one line of Tree.Compiler: what the build asked of a
// compiler, and how that ended.
type CompilerCall struct {
	Dir    string   `json:"cwd"`
	Argv   []string `json:"argv"`
	Exit   int      `json:"exit"`
	Stderr string   `json:"stderr,omitempty"` // its last lines, if it failed
}

var compilers = []string{"cc", "gcc", "g++", "c++", "clang", "clang++", "gfortran"}

// wrapCompilers fills the directory bin with a wrapper (py/cc.sh) for each
// compiler on PATH, and gives the PATH to build with.
func wrapCompilers(ctx context.Context, s stage, in Interpreter, path string) (string, error) {
	bin := filepath.Join(s.tools, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return "", err
	}
	source, err := scripts.ReadFile("py/cc.sh")
	if err != nil {
		return "", err
	}
	names := slices.Clone(compilers)
	for _, command := range []string{in.CC, in.CXX} { // Debian's: x86_64-linux-gnu-gcc
		if f := strings.Fields(command); len(f) > 0 && !strings.Contains(f[0], "/") && !slices.Contains(names, f[0]) {
			names = append(names, f[0])
		}
	}
	maps := askAll(path, names, func(compiler string) string { return prefixMap(ctx, compiler) })
	for _, name := range names {
		real := lookIn(path, name)
		if real == "" {
			continue
		}
		text := strings.NewReplacer("@REAL@", shellQuoted(real), "@LOG@", shellQuoted(s.calls()), "@TMP@", shellQuoted(s.tmp),
			"@ROOT@", shellQuoted(s.root), "@PREFIX@", shellQuoted(ownPrefix(in)), "@MAP@", maps[name]).Replace(string(source))
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
			return "", err
		}
	}
	return bin + string(os.PathListSeparator) + path, nil
}

func (s stage) calls() string { return filepath.Join(s.tools, "calls") }

// ownPrefix is the directory that an interpreter has to itself; that of the
// system's Python is shared with all else, and the same everywhere.
func ownPrefix(in Interpreter) string {
	if in.BasePrefix == "/usr" || in.BasePrefix == "/usr/local" {
		return ""
	}
	return in.BasePrefix
}

// shellQuoted is s for the inside of single quotes.
func shellQuoted(s string) string { return strings.ReplaceAll(s, "'", `'\''`) }

// lookIn finds a command in the directories of path.
func lookIn(path, name string) string {
	for _, dir := range filepath.SplitList(path) {
		p := filepath.Join(dir, name)
		if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return p
		}
	}
	return ""
}

// askAll asks programs of these names on PATH something, all at once, and gives
// what each said. One that isn't there isn't asked.
func askAll(path string, names []string, ask func(program string) string) map[string]string {
	answers := make([]string, len(names))
	var asking sync.WaitGroup
	for i, name := range names {
		if program := lookIn(path, name); program != "" {
			asking.Go(func() { answers[i] = ask(program) })
		}
	}
	asking.Wait()
	said := map[string]string{}
	for i, name := range names {
		if answers[i] != "" {
			said[name] = answers[i]
		}
	}
	return said
}

// prefixMap gives the option of this compiler that rewrites paths; gcc before
// 8 has only that for debug information.
func prefixMap(ctx context.Context, compiler string) string {
	for _, option := range []string{"-ffile-prefix-map", "-fdebug-prefix-map"} {
		cmd := exec.CommandContext(ctx, compiler, option+"=/a=/b", "-x", "c", "-E", "-")
		if cmd.Run() == nil {
			return option
		}
	}
	return ""
}

// writeCalls turns the wrappers' log into JSON lines at file.
func (s stage) writeCalls(file string) error {
	data, err := os.ReadFile(s.calls())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	for record := range strings.SplitSeq(string(data), "\x1e") {
		fields := strings.Split(record, "\x1f")
		if len(fields) < 4 {
			continue
		}
		code, err := strconv.Atoi(fields[0])
		if err != nil {
			continue
		}
		call := CompilerCall{Exit: code, Dir: fields[1], Stderr: fields[2], Argv: fields[3 : len(fields)-1]}
		if err := encoder.Encode(call); err != nil {
			return err
		}
	}
	return os.WriteFile(file, out.Bytes(), 0o600)
}
