package why

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
)

// starter is the text that starts buildout. On Windows a program stands beside
// it, which has its name.
func starter(dir string) (string, error) {
	program := filepath.Join(dir, "bin", "buildout")
	_, err := os.Stat(program)
	if err != nil {
		if _, otherErr := os.Stat(program + "-script.py"); otherErr == nil {
			return program + "-script.py", nil
		}
	}
	return program, err
}

var shebang = regexp.MustCompile(`^#!\s*(?:"([^"\r\n]+)"|(\S+))[ \t]*([^\r\n]*)`)

// interpreter is the one that bin/buildout runs under, with its flags: an
// installed tree says it in state.json, since its first line may be sh's.
func interpreter(dir, program string) ([]string, error) {
	state, err := archive.Document[archive.State](dir, archive.StateName)
	if err == nil {
		launch, err := archive.Document[archive.Launch](dir, archive.LaunchName)
		if err != nil {
			return nil, err
		}
		if launch.Virtualenv != "" {
			return []string{pythonOf(dir), "-sE"}, nil
		}
		if state.Interpreter == "" {
			return nil, fmt.Errorf("%s names no interpreter", archive.StateName)
		}
		return []string{state.Interpreter, "-sSE"}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	text, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	m := shebang.FindSubmatch(text)
	if m == nil || !strings.Contains(strings.ToLower(filepath.Base(string(m[1])+string(m[2])+" "+string(m[3]))), "python") {
		return nil, fmt.Errorf("%s doesn't say which Python runs it", program)
	}
	return append([]string{string(m[1]) + string(m[2])}, strings.Fields(string(m[3]))...), nil
}

// pythonOf is the interpreter of a virtualenv.
func pythonOf(dir string) string {
	windows := filepath.Join(dir, "Scripts", "python.exe")
	if _, err := os.Stat(windows); err == nil {
		return windows
	}
	return filepath.Join(dir, "bin", "python")
}
