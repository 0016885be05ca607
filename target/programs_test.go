package target_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/target"
)

// TestPrograms: the modules of src make the three programs, and each module is in
// one of them.
func TestPrograms(t *testing.T) {
	programs := string(target.Bootstrap()) + string(target.Launcher()) + target.InstallProgram()
	modules, err := filepath.Glob("src/*.py")
	if err != nil || len(modules) < 40 {
		t.Fatalf("%d modules: %v", len(modules), err)
	}
	for _, path := range modules {
		name := strings.TrimSuffix(filepath.Base(path), ".py")
		if !strings.Contains(programs, "\n# ---- "+name+" -") {
			t.Errorf("no program has the module %s", name)
		}
	}
}
