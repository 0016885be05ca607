package bootstraptest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestBootstrapHeads: below a path that the kernel can't start, a Python reads of
// each script of an archive what its author wrote, and sh starts it. See
// target/src/tests/test_heads.py, which has many more.
func TestBootstrapHeads(t *testing.T) {
	const shows = "import sys\ntext = __doc__ + u'' if isinstance(__doc__, type(u'')) else __doc__.decode('utf-8')\n" +
		"sys.stdout.write('%s %r %d\\n' % (ascii(text) if sys.version_info[0] > 2 else repr(text)[1:], 1 / 2, len(u'LETTER')))\n"
	scripts := map[string]struct{ text, want string }{
		"doc":    {"'''usage: doc'''\nfrom __future__ import division\n" + strings.ReplaceAll(shows, "LETTER", "x"), "'usage: doc' 0.5 1\n"},
		"umlaut": {"# -*- coding: utf-8 -*-\nu'''\u00fc'''\nfrom __future__ import division\n" + strings.ReplaceAll(shows, "LETTER", "\u00fc"), "'\\xfc' 0.5 1\n"},
		"latin":  {"# -*- coding: latin-1 -*-\n'''latin'''\nfrom __future__ import division\n" + strings.ReplaceAll(shows, "LETTER", "\xfc\xe4"), "'latin' 0.5 2\n"},
	}
	for _, minor := range packtest.EveryPython() {
		t.Run(minor, func(t *testing.T) {
			python := packtest.FindPython(t, minor)
			root := smallTree(t, python, func(m *archive.Manifest) {
				for name, s := range scripts {
					text := "#!" + archive.Interpreter + "\n" + s.text
					m.Relocations = append(m.Relocations, archive.Relocation{Path: "bin/" + name, Class: archive.ClassText, Mode: 0o755, Size: int64(len(text)), SHA256: digest.Of([]byte(text))})
				}
			})
			for name, s := range scripts {
				packtest.WriteFile(t, filepath.Join(root, "bin", name), "#!"+archive.Interpreter+"\n"+s.text)
			}
			first := packtest.Elsewhere(t, python, "python"+minor)
			for _, by := range []string{first, python, first} { // there, away, and back
				packtest.RunIn(t, root, packtest.CEnv(), by, "bootstrap.py").Must(t, "bootstrap.py")
				for name, s := range scripts {
					if r := packtest.RunIn(t, "/", packtest.CEnv(), filepath.Join(root, "bin", name)); r.Code != 0 || r.Out != s.want {
						t.Errorf("bin/%s by %s: exit %d, %q, want %q\n%s\n%q", name, by, r.Code, r.Out, s.want, r.Err, fmt.Sprintf("%.500s", packtest.ReadFile(t, filepath.Join(root, "bin", name))))
					}
				}
			}
			packtest.RunIn(t, root, packtest.CEnv(), first, "bootstrap.py", "--check").Must(t, "--check")
		})
	}
}
