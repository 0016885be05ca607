package prove

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
)

//go:embed scripts.py
var scriptsPy []byte

// scriptProblem is why a console script can't be started.
type scriptProblem struct {
	Script string `json:"script"` // its name in bin
	Module string `json:"module"` // of its entry point
	Said   string `json:"said"`   // the exception
	Ours   bool   `json:"ours"`   // the tree ought to have what is missing
}

// scripts imports the module of each console script's entry point, as the
// script would, and runs none. What the tree lacks of its own is a failure. A
// module of something that isn't on the script's path is a warning: eggs bring
// scripts for extras that nobody asked for.
func (r *run) scripts(ctx context.Context) error {
	const name = "import what the scripts import"
	helper := filepath.Join(r.work, "scripts.py")
	if err := os.WriteFile(helper, scriptsPy, 0o644); err != nil {
		return fault.Surroundings(fmt.Errorf("writing %s: %w", helper, err), "")
	}
	r.tell(name)
	var out, log strings.Builder
	start := time.Now()
	err := r.box.Run(ctx, isolate.Command{Path: r.python.Executable, Args: []string{helper, r.tree, fmt.Sprint(int(r.o.SmokeTime.Seconds()) + 1)},
		Env: r.env, Dir: r.tree, Umask: 0o077, Stdout: &out, Stderr: &log})
	s := Step{Command: name, Seconds: seconds(start), Output: log.String()}
	var exit *isolate.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	var found struct {
		Tried    int             `json:"tried"`
		Problems []scriptProblem `json:"problems"`
	}
	if exit != nil || json.Unmarshal([]byte(out.String()), &found) != nil {
		s.Code = 1
		r.proof.Steps = append(r.proof.Steps, s)
		r.proof.fail("its output is above", "%s: %s", name, tellingLine(log.String()))
		return nil
	}
	r.proof.Steps = append(r.proof.Steps, s)
	r.proof.Scripts = found.Tried
	for _, p := range found.Problems {
		said := strings.ReplaceAll(strings.ReplaceAll(p.Said, r.tree+string(filepath.Separator), ""), r.work, "")
		if p.Ours {
			r.proof.fail("what "+p.Module+" needs has to be among the eggs of the script's part, or installed by it; the warnings of the build may say what was left out",
				"bin/%s can't be started: %s", p.Script, said)
			continue
		}
		r.proof.Warnings = append(r.proof.Warnings, fmt.Sprintf("bin/%s can't be started: %s; if it is needed, add that to the eggs of its part", p.Script, said))
	}
	return nil
}
