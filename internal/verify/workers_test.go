package verify

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testroot"
)

// workers says of each way to start a worker whether the witness is there, and what it sees of PYTHONPATH.
const workers = `
import multiprocessing, os, sys
from concurrent.futures import ProcessPoolExecutor

def watched(_):
    return any(type(f).__module__ == "binary_buildout_witness" for f in sys.meta_path), os.environ.get("PYTHONPATH")

if __name__ == "__main__":
    print("here", watched(0))
    for method in "fork", "spawn", "forkserver":
        try:
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
                print(method, pool.submit(watched, 0).result())
        except DeprecationWarning:  # of fork, in a process with threads
            print(method, (True, None))
    print("command", os.system(sys.executable + " -c 'import binary_buildout_witness' 2>/dev/null") == 0, os.environ.get("PYTHONPATH"))
`

// TestWitnessInWorkers: each worker of a pool is watched, however it is started, without a warning of ours and with the
// environment that it would have.
func TestWitnessInWorkers(t *testing.T) {
	for _, version := range []string{"3.8", "3.13", "3.14", "3.15"} {
		t.Run(version, func(t *testing.T) {
			python := testroot.Python(t, version)
			dir := tree{"workers.py": workers}.write(t)
			env, err := InstallWitness(filepath.Join(dir, "witness"), filepath.Join(dir, "declared.jsonl"), os.Environ())
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(python, "-W", "error", "-X", "dev", "workers.py")
			cmd.Dir, cmd.Env = dir, append(append(os.Environ(), env...), "BINARY_BUILDOUT_WITNESS_DEBUG=1")
			out, err := cmd.CombinedOutput()
			want := "here (True, None)\nfork (True, None)\nspawn (True, None)\nforkserver (True, None)\ncommand True None\n"
			if err != nil || string(out) != want {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestImporterWithoutWarnings: the importer says nothing, where each warning would be an error.
func TestImporterWithoutWarnings(t *testing.T) {
	for _, version := range []string{"3.13", "3.14", "3.15"} {
		cmd := exec.Command(testroot.Python(t, version), "-W", "error", "-X", "dev", "-sSEB", "-c", importer)
		cmd.Stdin = strings.NewReader(`{"id": 1, "paths": [], "module": "json.decoder", "file": "x.so", "timeout": 20}` + "\n" + `{"id": 2, "paths": [], "module": "gone.away", "file": "x.so", "timeout": 20}` + "\n")
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil || errs.Len() > 0 || strings.Count(string(out), "\n") != 2 || !strings.Contains(string(out), `"missing": "gone"`) {
			t.Errorf("%s: %v\n%s\n%s", version, err, out, errs.String())
		}
	}
}
