package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// usual are modules that an interpreter lacks where a library's headers weren't
// there when it was built, and that applications count on.
const usual = "bz2 _ctypes _hashlib _lzma _sqlite3 _ssl zlib"

// lacked says of one of these modules what wasn't there when its interpreter was
// built, with the packages that have it; of another, and of one that is there and
// whose library isn't found, nothing.
func lacked(module, why string) string {
	if !strings.HasPrefix(why, "No module named") {
		return ""
	}
	library, packages := "", ""
	switch module {
	case "bz2":
		library, packages = "bzip2", "libbz2-dev, bzip2-devel"
	case "_ctypes":
		library, packages = "libffi", "libffi-dev, libffi-devel"
	case "_hashlib", "_ssl":
		library, packages = "OpenSSL", "libssl-dev, openssl-devel"
	case "_lzma":
		library, packages = "liblzma", "liblzma-dev, xz-devel"
	case "_sqlite3":
		library, packages = "SQLite", "libsqlite3-dev, sqlite-devel"
	case "zlib":
		library, packages = "zlib", "zlib1g-dev, zlib-devel"
	default:
		return ""
	}
	return ": it was built without " + library + " (" + packages + ")"
}

// checkPy says where the copy finds itself, and what it can't import.
const checkPy = `
import json, os, sys
missing = {}
for name in sys.argv[1].split():
    try:
        __import__(name)
    except ImportError as e:
        missing[name] = str(e)
sys.stdout.write(json.dumps({"prefix": sys.prefix, "exec_prefix": sys.exec_prefix, "os": os.path.dirname(os.__file__),
                             "path": [p for p in sys.path if p], "version": list(sys.version_info[:2]), "missing": missing}))
`

// check runs the copy where it lies. It has to find itself there and nothing of
// its kind elsewhere. The modules that it lacks, or that it has and can't import,
// are given with the reason.
func check(ctx context.Context, executable, prefix string, extensions []string) ([]string, error) {
	// -B: no bytecode is left in the copy.
	cmd := exec.CommandContext(ctx, executable, "-BsE", "-c", checkPy, strings.Join(append(strings.Fields(usual), extensions...), " "))
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	if system := os.Getenv("SYSTEMROOT"); system != "" { // Windows finds its own DLLs by it
		cmd.Env = []string{"SYSTEMROOT=" + system, "PATH=" + filepath.Join(system, "System32")}
	}
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, secrets.LastLines(string(exit.Stderr), 1))
		}
		return nil, fault.Failed(fmt.Errorf("running the copy of the interpreter: %w", err), "")
	}
	var told struct {
		Prefix     string            `json:"prefix"`
		ExecPrefix string            `json:"exec_prefix"`
		OS         string            `json:"os"`
		Path       []string          `json:"path"`
		Version    []int             `json:"version"`
		Missing    map[string]string `json:"missing"`
	}
	if err := json.Unmarshal(out, &told); err != nil {
		return nil, fault.Failed(fmt.Errorf("running the copy of the interpreter: %w", err), "")
	}
	for _, p := range append(told.Path, told.Prefix, told.ExecPrefix, told.OS) {
		if _, ok := under(p, prefix); !ok && !real(p, prefix) {
			return nil, fault.Failed(fmt.Errorf("running the copy of the interpreter: it looks for modules in %s, outside of its own directory", p),
				"give an interpreter that finds its files from where it lies: --bundle-python=DIR")
		}
	}
	var missing []string
	names := append(strings.Fields(usual), extensions...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		why, ok := told.Missing[name]
		if !ok || name == "_lzma" && told.Version[0] == 2 { // which never had it
			continue
		}
		missing = append(missing, name+" ("+why+")"+lacked(name, why))
	}
	return missing, nil
}

// real tells whether a path lies in a directory when links are followed.
func real(p, dir string) bool {
	a, err := filepath.EvalSymlinks(p)
	if err != nil {
		return false
	}
	b, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	_, ok := under(a, b)
	return ok
}
