package buildout

import (
	"strconv"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/environ"
)

// buildEnv is the environment of a build. HOME and what names compilers,
// proxies and indexes pass through, because private indexes and checkouts need
// them; what would let in packages from outside of the tree doesn't.
func buildEnv(env []string, s stage, in Interpreter, path string, epoch int64) []string {
	var out []string
	for _, e := range env {
		if !dropped(environ.Name(e)) {
			out = append(out, e)
		}
	}
	if epoch == 0 {
		epoch = archive.DefaultEpoch
	}
	// pack compiles bytecode of its own, and pip's would be left out. As many
	// as 300 runs of pip need not ask for the newest pip each time.
	set := []string{"BINARY_BUILDOUT_STAGE=1", "PIP_COMPILE=0", "PIP_DISABLE_PIP_VERSION_CHECK=1", "PYTHONHASHSEED=0", "PYTHONNOUSERSITE=1", "TZ=UTC", "SOURCE_DATE_EPOCH=" + strconv.FormatInt(epoch, 10),
		"TMPDIR=" + s.tmp, "PATH=" + path, "BUILDOUT_HOME=" + s.tmp}
	if in.Locale != "" {
		set = append(set, "LC_ALL="+in.Locale)
	}
	return environ.Set(out, set...)
}

// dropped names variables that change what Python or pip find and where they
// put it.
func dropped(name string) bool {
	switch name {
	case "VIRTUAL_ENV", "BUILDOUT_HOME", "__PYVENV_LAUNCHER__", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_ROOT",
		"PIP_REQUIRE_VIRTUALENV", "PIP_PYTHON", "LANGUAGE":
		return true
	}
	return strings.HasPrefix(name, "PYTHON") || strings.HasPrefix(name, "BUILDOUT_RESTART")
}
