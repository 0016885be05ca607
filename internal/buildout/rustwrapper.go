package buildout

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/environ"
)

// wrapRust writes the wrapper that cargo calls rustc by (py/rustc.sh), and gives
// the variable that names it. A wrapper that the user has, as sccache, is
// called by ours. rustc itself can't be wrapped on PATH: rustup puts its own
// directory first.
func wrapRust(s stage, env []string) (string, error) {
	source, err := scripts.ReadFile("py/rustc.sh")
	if err != nil {
		return "", err
	}
	path := filepath.Join(s.tools, "rustc-wrapper")
	text := strings.NewReplacer("@TMP@", shellQuoted(s.tmp), "@ROOT@", shellQuoted(s.root), "@CALLED@", shellQuoted(s.calledMark("rustc")),
		"@NEXT@", shellQuoted(environ.Get(env, "RUSTC_WRAPPER"))).Replace(string(source))
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		return "", err
	}
	return "RUSTC_WRAPPER=" + path, nil
}
