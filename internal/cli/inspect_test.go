package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack"
	"github.com/binary-buildout/binary-buildout/pack/treetest"
)

// TestInspectPath: what an archive's place may not be is to be read before it is there.
func TestInspectPath(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "stage")
	if err := os.MkdirAll(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "etc/x.service"), []byte("[Service]\nExecStart="+root+"/bin/x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	m := archive.Manifest{Format: archive.Format, Name: "site", Version: "1", Target: "cp313-linux_x86_64", Python: archive.Python{Version: "3.13.0", Implementation: "cpython", ABI: "cp313"}}
	f, err := os.Create(filepath.Join(dir, "site.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	treetest.Pack(t, f, root, m, pack.Origin{Root: root}, archive.FormatTarGz)
	f.Close()
	code, out, errs := run(t, "inspect", f.Name())
	if code != 0 || !strings.Contains(strings.Join(strings.Fields(out), " "), "path without a space, for etc/x.service (systemd unit, line 2)") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
