package bootstraptest

import (
	"fmt"
	"testing"

	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestLackingModules: bootstrap.py and bin/buildout run on a Python that was built
// without one of the modules that need another library's headers.
func TestLackingModules(t *testing.T) {
	if testing.Short() {
		t.Skip("seven runs of bin/buildout a Python")
	}
	lines := packtest.Lines()
	for _, l := range []packtest.Line{lines[0], lines[5]} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			in := packtest.Install(t, l)
			for _, modules := range packtest.Optional() {
				if l.Python == "2.7" && modules[0] == "_ctypes" {
					continue // setuptools 44 imports it
				}
				python := packtest.Lacking(t, in.Python, modules...)
				packtest.RunIn(t, in.Root, in.Env, python, "bootstrap.py").Must(t, fmt.Sprint("bootstrap.py without ", modules))
				in.Buildout(t).Must(t, fmt.Sprint("bin/buildout without ", modules))
			}
		})
	}
}
