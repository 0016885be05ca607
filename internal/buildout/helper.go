package buildout

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// scripts are the Python helpers; each reads its arguments and standard input
// and prints one JSON document. None is written to disk.
//
//go:embed py/*.py py/*.sh
var scripts embed.FS

// noDirectory keeps the modules of the directory that a helper runs in from being imported.
const noDirectory = "import sys\nif sys.path and sys.path[0] in ('', '-'):\n    del sys.path[0]\n"

// helper is one call of a script of py/.
type helper struct {
	python string   // interpreter
	flags  []string // of the interpreter
	before string   // Python that stands in front of the script
	script string   // "probe.py"
	args   []string
	input  any // marshalled, handed over as the last argument
	env    []string
	dir    string
	stderr io.Writer
}

// run calls the script and reads its answer into out.
func (h helper) run(ctx context.Context, out any) error {
	source, err := scripts.ReadFile("py/" + h.script)
	if err != nil {
		return err
	}
	args := append(append([]string{}, h.flags...), "-")
	args = append(args, h.args...)
	if h.input != nil {
		data, err := json.Marshal(h.input)
		if err != nil {
			return err
		}
		args = append(args, string(data))
	}
	cmd := exec.CommandContext(ctx, h.python, args...)
	cmd.WaitDelay = 10 * time.Second
	cmd.Dir, cmd.Env = h.dir, h.env
	cmd.Stdin = strings.NewReader(noDirectory + h.before + string(source))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if h.stderr != nil {
		cmd.Stderr = io.MultiWriter(&stderr, h.stderr)
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running %s under %s: %w: %s", h.script, h.python, err, secrets.LastLines(stderr.String(), 8))
	}
	if err := json.Unmarshal(answer(stdout.Bytes()), out); err != nil {
		return fmt.Errorf("reading what %s printed: %w", h.script, err)
	}
	return nil
}

// answer is the last line: what a script imports may print lines of its own.
func answer(out []byte) []byte {
	out = bytes.TrimSpace(out)
	if i := bytes.LastIndexByte(out, '\n'); i >= 0 {
		return out[i+1:]
	}
	return out
}
