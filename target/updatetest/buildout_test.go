package updatetest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack"
	"github.com/binary-buildout/binary-buildout/pack/treetest"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestUpdateBuildout updates what a real buildout on Python 2.7 built:
// bin/buildout has nothing to do afterwards, and develop packages run their
// new source, not the bytecode that Python wrote of the old one.
// testdata/script/update.txtar does it with the newest zc.buildout.
func TestUpdateBuildout(t *testing.T) {
	if testing.Short() {
		t.Skip("builds three buildouts")
	}
	l := packtest.Lines()[5]
	old, new := buildVersion(t, l, "1.0"), buildVersion(t, l, "2.0", func(t testing.TB, stage string) {
		change(t, filepath.Join(stage, "buildout.cfg"), "interpreter = py\n", "interpreter = pyrite\n")
		change(t, filepath.Join(stage, "buildout.cfg"), "port = 8080", "port = 8081")
		change(t, filepath.Join(stage, "src/pure/src/pure/__init__.py"), "pure and simple", "pure, and new!!")
	})
	root, env := filepath.Join(t.TempDir(), "srv"), packtest.BareEnv(t)
	buildout := func(args ...string) packtest.Result {
		return packtest.RunIn(t, root, env, filepath.Join(root, "bin/buildout"), args...)
	}
	pure := func(want string) {
		t.Helper()
		if r := packtest.RunIn(t, "/", packtest.Without(env, "PYTHONPATH"), filepath.Join(root, "bin/pure")).Must(t, "bin/pure"); r.Out != want+"\n" {
			t.Errorf("bin/pure says %q, want %q", r.Out, want)
		}
	}
	new.install(t, root)
	fresh := wholeTree(t, root)
	packtest.OnlyUpdating(t, buildout(), "scripts", "conf")
	want := withoutBytecode(wholeTree(t, root))
	old.install(t, root)
	packtest.OnlyUpdating(t, buildout(), "scripts", "conf")
	pure("pure and simple") // and Python writes its bytecode
	before := withoutBytecode(wholeTree(t, root))
	ways["delta by tar"](t, old, new, root)
	pure("pure and simple")
	old.bootstrap(t, root).Must(t, "update")
	packtest.SameMap(t, withoutBytecode(fresh), withoutBytecode(wholeTree(t, root)))
	pure("pure, and new!!")
	packtest.OnlyUpdating(t, buildout(), "scripts", "conf")
	packtest.SameMap(t, want, withoutBytecode(wholeTree(t, root)))
	packtest.RunIn(t, "/", env, filepath.Join(root, "bin/pyrite"), "-c", "import demo; demo.main()").Must(t, "bin/pyrite")

	old.bootstrap(t, root, "--rollback").Must(t, "rollback")
	packtest.SameMap(t, before, withoutBytecode(wholeTree(t, root)))
	pure("pure and simple")
	packtest.OnlyUpdating(t, buildout(), "scripts", "conf")

	// What bin/buildout made for host.cfg is made again by the next run of it.
	buildout("-c", "host.cfg").Must(t, "-c host.cfg")
	ways["archive"](t, old, new, root)
	if r := old.bootstrap(t, root).Must(t, "update"); !strings.Contains(r.Out, "next: bin/buildout -c host.cfg\n") {
		t.Error(r.Out)
	}
	buildout("-c", "host.cfg").Must(t, "-c host.cfg")
	if conf := packtest.ReadFile(t, filepath.Join(root, "parts/conf/app.conf")); conf != "root = "+root+"\nport = 9090\n" {
		t.Error(conf)
	}

	// A version that host.cfg doesn't go with is refused before anything changes,
	// and before the application is stopped; to look changes nothing either way.
	old.bootstrap(t, root, "--rollback").Must(t, "rollback")
	packtest.WriteFile(t, filepath.Join(root, "etc.cfg"), "[extra]\nnumber = 1\n")
	packtest.WriteFile(t, filepath.Join(root, "host.cfg"), "[buildout]\nextends = buildout.cfg\n[conf]\nport = ${scripts:interpreter}1\n")
	buildout("-c", "host.cfg").Must(t, "-c host.cfg")
	broken := buildVersion(t, l, "3.0", func(t testing.TB, stage string) {
		change(t, filepath.Join(stage, "buildout.cfg"), "interpreter = py\n", "")
	})
	before = withoutBytecode(wholeTree(t, root))
	ways["delta"](t, old, new, root)
	waiting := withoutBytecode(wholeTree(t, root))
	old.bootstrap(t, root, "--look").Must(t, "look")
	packtest.SameMap(t, waiting, withoutBytecode(wholeTree(t, root)))
	must(t, os.RemoveAll(filepath.Join(root, filepath.FromSlash(archive.IncomingDir))))
	for _, arguments := range [][]string{{"--look"}, nil} {
		ways["delta"](t, old, broken, root)
		refused(t, old.bootstrap(t, root, arguments...), "host.cfg")
		packtest.SameMap(t, before, withoutBytecode(wholeTree(t, root)))
	}

	// Neither where that configuration lies outside of the tree; one that goes with the new version does.
	outside := filepath.Join(t.TempDir(), "etc", "host.cfg")
	packtest.WriteFile(t, filepath.Join(filepath.Dir(outside), "beside.cfg"), "[buildout]\nextends = "+root+"/buildout.cfg\ndirectory = "+root+"\n")
	packtest.WriteFile(t, outside, "[buildout]\nextends = beside.cfg\n[conf]\nport = ${scripts:interpreter}1\n")
	buildout("-c", outside).Must(t, "-c outside")
	before = withoutBytecode(wholeTree(t, root))
	ways["delta"](t, old, broken, root)
	refused(t, old.bootstrap(t, root), outside)
	packtest.SameMap(t, before, withoutBytecode(wholeTree(t, root)))
	ways["delta"](t, old, new, root)
	if r := old.bootstrap(t, root).Must(t, "update"); !strings.Contains(r.Out, "next: bin/buildout -c "+outside+"\n") {
		t.Error(r.Out)
	}
	buildout("-c", outside).Must(t, "-c outside")
}

func refused(t *testing.T, r packtest.Result, config string) {
	t.Helper()
	if r.Code != 1 || !strings.Contains(r.Err, "error: "+config+", which bin/buildout was last run with, doesn't work with site 3.0: ") || !strings.Contains(r.Err, "interpreter") {
		t.Errorf("exit %d: %s", r.Code, r.Err)
	}
}

func buildVersion(t testing.TB, l packtest.Line, number string, edits ...packtest.Edit) version {
	t.Helper()
	s := packtest.BuildSite(t, l, edits...)
	a, err := pack.Scan(s.Archive, pack.Rules{})
	must(t, err)
	var m archive.Manifest
	must(t, json.Unmarshal([]byte(packtest.ReadFile(t, filepath.Join(s.Archive, archive.ManifestName))), &m))
	m.Version = number
	var b bytes.Buffer
	treetest.Write(t, &b, a, m, archive.FormatTarGz)
	v := version{python: s.Python, archive: filepath.Join(t.TempDir(), "site-"+number+".tar.gz")}
	must(t, os.WriteFile(v.archive, b.Bytes(), 0o644))
	return v
}

func change(t testing.TB, path, old, new string) {
	t.Helper()
	data := packtest.ReadFile(t, path)
	if !strings.Contains(data, old) {
		t.Fatalf("%s doesn't hold %q", path, old)
	}
	packtest.WriteFile(t, path, strings.Replace(data, old, new, 1))
}

func withoutBytecode(tree map[string]string) map[string]string {
	for path := range tree {
		if strings.HasSuffix(path, ".pyc") || strings.HasSuffix(path, "__pycache__") {
			delete(tree, path)
		}
	}
	return tree
}
