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
	"strconv"
	"strings"
	"sync"
)

// CompilerCall is one line of Tree.Compiler: what the build asked of a
// compiler, and how that ended.
type CompilerCall struct {
	Dir    string   `json:"cwd"`
	Build  string   `json:"build,omitempty"` // the source tree that is built, where the witness knows it
	Argv   []string `json:"argv"`
	Exit   int      `json:"exit"`
	Stderr string   `json:"stderr,omitempty"` // its last lines, if it failed
}

var compilers = []string{"cc", "gcc", "g++", "c++", "clang", "clang++", "gfortran"}

// wrapCompilers fills the directory bin with a wrapper (py/cc.sh) for each
// compiler that a build may call, and with a stub (py/nocc.sh) for each that
// isn't there. It gives the variables to build with, PATH among them. On
// Windows, where compilers aren't found by PATH, it wraps none.
func wrapCompilers(ctx context.Context, s stage, in Interpreter, env []string, goos string) ([]string, error) {
	p := compilersOf(in, env)
	if goos == "windows" {
		return []string{"PATH=" + p.path}, nil
	}
	bin := filepath.Join(s.tools, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return nil, err
	}
	source, err := scripts.ReadFile("py/cc.sh")
	if err != nil {
		return nil, err
	}
	stub, err := scripts.ReadFile("py/nocc.sh")
	if err != nil {
		return nil, err
	}
	var reals []string
	for _, c := range p.list {
		reals = append(reals, c.real)
	}
	maps := askAll(reals, func(compiler string) string { return prefixMap(ctx, compiler) })
	for _, c := range p.list {
		text := strings.NewReplacer("@REAL@", shellQuoted(c.real), "@LOG@", shellQuoted(s.calls()), "@TMP@", shellQuoted(s.tmp), "@BIN@", shellQuoted(bin),
			"@ROOT@", shellQuoted(s.root), "@PREFIX@", shellQuoted(ownPrefix(in)), "@MAP@", maps[c.real], "@CALLED@", shellQuoted(s.calledMark(languageOf(c.name)))).Replace(string(source))
		if c.real == "" {
			text = strings.NewReplacer("@NAME@", shellQuoted(c.asked), "@LOG@", shellQuoted(s.calls()), "@CALLED@", shellQuoted(s.calledMark(languageOf(c.name)))).Replace(string(stub))
		}
		if err := os.WriteFile(filepath.Join(bin, c.name), []byte(text), 0o755); err != nil {
			return nil, err
		}
	}
	rust, err := wrapRust(s, env)
	if err != nil {
		return nil, err
	}
	return append(p.vars, rust, "PATH="+bin+string(os.PathListSeparator)+p.path), nil
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

// askAll asks the programs at these paths something, all at once, and gives
// what each said. "" is none.
func askAll(paths []string, ask func(program string) string) map[string]string {
	answers := make([]string, len(paths))
	var asking sync.WaitGroup
	for i, path := range paths {
		if path != "" {
			asking.Go(func() { answers[i] = ask(path) })
		}
	}
	asking.Wait()
	said := map[string]string{}
	for i, path := range paths {
		if answers[i] != "" {
			said[path] = answers[i]
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

// writeCalls turns the wrappers' log into JSON lines at file, of which hide takes
// out what nobody is to read.
func (s stage) writeCalls(file string, hide func(string) string) error {
	data, err := os.ReadFile(s.calls())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	for record := range strings.SplitSeq(hide(string(data)), "\x1e") {
		fields := strings.Split(record, "\x1f")
		if len(fields) < 5 {
			continue
		}
		code, err := strconv.Atoi(fields[0])
		if err != nil {
			continue
		}
		call := CompilerCall{Exit: code, Dir: fields[1], Build: fields[2], Stderr: fields[3], Argv: fields[4 : len(fields)-1]}
		if err := encoder.Encode(call); err != nil {
			return err
		}
	}
	return os.WriteFile(file, out.Bytes(), 0o600)
}
