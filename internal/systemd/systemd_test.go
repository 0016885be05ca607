//go:build linux

package systemd

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/recipes"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// installed makes a tree with a .installed.cfg and files; ROOT in them is its path.
func installed(t *testing.T, name, cfg string, files ...string) string {
	t.Helper()
	real, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(real, name)
	state, err := json.Marshal(archive.State{Root: dir, Interpreter: "/usr/bin/python3"})
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, archive.StateName), string(state))
	put(t, filepath.Join(dir, ".installed.cfg"), strings.ReplaceAll(cfg, "ROOT", dir))
	for _, f := range files {
		file, text, _ := strings.Cut(f, ":")
		if text == "" {
			text = "#!/bin/sh\n"
		}
		put(t, filepath.Join(dir, file), strings.ReplaceAll(text, "ROOT", dir))
	}
	return dir
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func of(t *testing.T, dir string) *Units {
	t.Helper()
	u, err := Of(dir)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

const zeo = `[buildout]
parts = client1 client2 zeoserver template

[zeoserver]
recipe = plone.recipe.zeoserver
zeo-log = ROOT/var/zeo/zeo.log

[client1]
recipe = plone.recipe.zope2instance
var = ROOT/var
blob-storage = /data/a b/blobs
event-log = /data/log/client1.log

[client2]
recipe = plone.recipe.zope2instance
control-script = second

[template]
recipe = collective.recipe.template
__buildout_installed__ = ROOT/etc/pack.timer
	ROOT/etc/pack.service
	ROOT/etc/gone.service
`

// lines are those of a unit that begin with one of these words.
func lines(text string, begins ...string) string {
	var found []string
	for line := range strings.Lines(text) {
		if slices.ContainsFunc(begins, func(b string) bool { return strings.HasPrefix(line, b) }) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return strings.Join(found, "\n")
}

// temporary are the lines of a unit whose tree lies below /tmp, as those of tests do.
const temporary = "\nReadWritePaths=/tmp\nReadWritePaths=/var/tmp"

// TestUnits: each buildout has the units of what it starts, and systemd takes
// them without a word.
func TestUnits(t *testing.T) {
	tests := []struct {
		name, tree, cfg string
		files           []string
		want            map[string]string // unit: lines of it; ROOT is the tree
		enable          string
	}{
		{"one instance", "site", "[buildout]\nparts = py instance\n[py]\nrecipe = zc.recipe.egg\n[instance]\nrecipe = plone.recipe.zope2instance\n", []string{"bin/instance", "bin/py", "var/x"},
			map[string]string{"site.service": "After=network.target\nWorkingDirectory=ROOT\nExecStart=ROOT/bin/instance console\nReadWritePaths=ROOT/var\nWantedBy=multi-user.target"}, "site.service"},
		{"a path with a space", "a 100% site", "[buildout]\nparts = instance\n[instance]\nrecipe = plone.recipe.zope2instance\n", []string{"bin/instance", "var/x"},
			map[string]string{"a-100--site.service": "After=network.target\nWorkingDirectory=BASE/a 100%% site\nExecStart=\"BASE/a 100%% site/bin/instance\" console\nReadWritePaths=\"BASE/a 100%% site/var\"\nWantedBy=multi-user.target"}, "a-100--site.service"},
		{"supervisor starts the rest", "site", "[buildout]\nparts = instance supervisor\n[instance]\nrecipe = plone.recipe.zope2instance\nevent-log = /log/a/instance.log\n[supervisor]\nrecipe = collective.recipe.supervisor\nlogfile = /log/supervisord.log\n",
			[]string{"bin/instance", "bin/supervisord", "var/x"},
			map[string]string{"site.service": "After=network.target\nWorkingDirectory=ROOT\nExecStart=ROOT/bin/supervisord --nodaemon\nReadWritePaths=/log\nReadWritePaths=ROOT/var\nWantedBy=multi-user.target"}, "site.service"},
		{"a server and its clients", "site", zeo, []string{"bin/zeoserver", "bin/client1", "bin/second", "var/x", "etc/pack.service:[Service]\nType=oneshot\nExecStart=/bin/true\n", "etc/pack.timer:[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n"},
			map[string]string{
				"site.target":            "Wants=site-zeoserver.service site-client1.service site-client2.service\nWantedBy=multi-user.target",
				"site-zeoserver.service": "After=network.target\nPartOf=site.target\nWorkingDirectory=ROOT\nExecStart=ROOT/bin/zeoserver fg\nReadWritePaths=\"/data/a b/blobs\"\nReadWritePaths=/data/log\nReadWritePaths=ROOT/var",
				"site-client1.service":   "After=network.target site-zeoserver.service\nWants=site-zeoserver.service\nPartOf=site.target\nWorkingDirectory=ROOT\nExecStart=ROOT/bin/client1 console\nReadWritePaths=\"/data/a b/blobs\"\nReadWritePaths=/data/log\nReadWritePaths=ROOT/var",
				"site-client2.service":   "After=network.target site-zeoserver.service\nWants=site-zeoserver.service\nPartOf=site.target\nWorkingDirectory=ROOT\nExecStart=ROOT/bin/second console\nReadWritePaths=\"/data/a b/blobs\"\nReadWritePaths=/data/log\nReadWritePaths=ROOT/var",
				"pack.service":           "ExecStart=/bin/true",
				"pack.timer":             "WantedBy=timers.target",
			}, "site.target pack.timer"},
		{"a part's own unit instead", "site", "[buildout]\nparts = instance unit\n[instance]\nrecipe = plone.recipe.zope2instance\n[unit]\nrecipe = collective.recipe.template\n__buildout_installed__ = ROOT/etc/site.service\n",
			[]string{"bin/instance", "etc/site.service:[Service]\nExecStart=ROOT/bin/instance console\n[Install]\nWantedBy=multi-user.target\n"},
			map[string]string{"site.service": "ExecStart=ROOT/bin/instance console\nWantedBy=multi-user.target"}, "site.service"},
		{"a part's own unit of another program", "site", "[buildout]\nparts = instance unit\n[instance]\nrecipe = plone.recipe.zope2instance\n[unit]\nrecipe = collective.recipe.template\n__buildout_installed__ = ROOT/etc/site.service\n",
			[]string{"bin/instance", "var/x", "etc/site.service:[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"},
			map[string]string{
				"site-instance.service": "After=network.target\nWorkingDirectory=ROOT\nExecStart=ROOT/bin/instance console\nReadWritePaths=ROOT/var\nWantedBy=multi-user.target",
				"site.service":          "ExecStart=/bin/true\nWantedBy=multi-user.target",
			}, "site-instance.service site.service"},
		{"a line that would end one", "site", "[buildout]\nparts = instance\n[instance]\nrecipe = plone.recipe.zope2instance\nvar = /x\rExecStartPre=+/bin/true\nevent-log = /y\x00z/w\nz2-log = /v\\/w\n", []string{"bin/instance", "var/x"},
			map[string]string{"site.service": "After=network.target\nWorkingDirectory=ROOT\nExecStart=ROOT/bin/instance console\nReadWritePaths=ROOT/var\nWantedBy=multi-user.target"}, "site.service"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := installed(t, tt.tree, tt.cfg, tt.files...)
			u, to := of(t, dir), t.TempDir()
			if _, err := Write(to, u); err != nil {
				t.Fatal(err)
			}
			for _, unit := range u.List {
				want, ok := tt.want[unit.Name]
				if last := "ReadWritePaths=ROOT/var"; strings.Contains(want, last) {
					want = strings.Replace(want, last, last+temporary, 1)
				} else if last = "/var\""; strings.Contains(want, last) {
					want = strings.Replace(want, last, last+temporary, 1)
				}
				want = strings.NewReplacer("ROOT", dir, "BASE", filepath.Dir(dir)).Replace(want)
				if got := lines(unit.Text, "After=", "Wants=", "PartOf=", "WorkingDirectory=", "Exec", "ReadWritePaths=", "WantedBy="); !ok || got != want {
					t.Errorf("%s:\n%s\nwant\n%s", unit.Name, got, want)
				}
				if strings.ContainsAny(unit.Text, "\r\x00") {
					t.Errorf("%q", unit.Text)
				}
			}
			if len(u.List) != len(tt.want) || u.enabled() != tt.enable {
				t.Errorf("%d units, and %q to enable", len(u.List), u.enabled())
			}
			cmd := exec.Command(testtool.Program(t, "systemd-analyze"), append([]string{"verify", "--man=no"}, glob(t, to)...)...)
			cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+to+":")
			if said, err := cmd.CombinedOutput(); err != nil || len(ours(string(said), to)) > 0 {
				t.Errorf("systemd-analyze verify: %v: %s", err, said)
			}
		})
	}
}

// TestPage: the unit that docs/server.md shows is the one that is written.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/server.md")
	if err != nil {
		t.Fatal(err)
	}
	real, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tr := &tree{dir: "/srv/site", base: "site", user: "app", interpreter: "/usr/bin/python3"}
	if tr.Root, err = os.OpenRoot(real); err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	instance := served{Service: recipes.Service{Program: "instance", Args: []string{"console"}}, part: "instance", unit: "site.service"}
	if want := tr.service(instance, []served{instance}); !strings.Contains(string(page), "```ini\n"+want+"```\n") {
		t.Errorf("docs/server.md doesn't show\n%s", want)
	}
}

// ours are the lines of systemd-analyze that are about the units of a directory.
func ours(said, dir string) []string {
	var found []string
	for line := range strings.Lines(said) {
		if strings.Contains(line, dir) || strings.Contains(line, "site") || strings.Contains(line, "pack.") {
			found = append(found, line)
		}
	}
	return found
}

func glob(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestWrite: what is there stays, what isn't ours is refused, what is no longer
// needed is named.
func TestWrite(t *testing.T) {
	cfg := "[buildout]\nparts = a b\n[a]\nrecipe = plone.recipe.zope2instance\n[b]\nrecipe = plone.recipe.zope2instance\n"
	dir, to := installed(t, "site", cfg, "bin/a", "bin/b", "var/x"), t.TempDir()
	u := of(t, dir)
	d, err := Write(to, u)
	if err != nil || !slices.Equal(d.New, []string{"site.target", "site-a.service", "site-b.service"}) {
		t.Fatal(d, err)
	}
	if last := d.Lines(u); last[len(last)-1] != "next: copy them to /etc/systemd/system, and there systemctl daemon-reload && systemctl enable --now site.target" {
		t.Errorf("%q", last)
	}
	if d, err = Write(to, u); err != nil || len(d.Same) != 3 || len(d.New)+len(d.Changed)+len(d.Old) > 0 {
		t.Errorf("again: %+v, %v", d, err)
	}
	if err := os.Remove(filepath.Join(dir, "bin", "b")); err != nil {
		t.Fatal(err)
	}
	if d, err = Write(to, of(t, dir)); err != nil || !slices.Equal(d.New, []string{"site.service"}) || !slices.Equal(d.Old, []string{"site-a.service", "site-b.service", "site.target"}) {
		t.Errorf("with one part less: %+v, %v", d, err)
	}
	put(t, filepath.Join(to, "site.service"), "[Service]\nExecStart=/bin/true\n")
	if _, err = Write(to, of(t, dir)); err == nil || !strings.Contains(err.Error(), "wasn't written for "+dir) {
		t.Errorf("somebody else's unit: %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(to, "site.service")); err != nil || !strings.Contains(string(text), "/bin/true") {
		t.Errorf("it was written: %q, %v", text, err)
	}
	if _, err := Of(installed(t, "none", "[buildout]\nparts = x\n[x]\nrecipe = zc.recipe.egg\n")); err == nil || !strings.Contains(err.Error(), "no part makes a service") {
		t.Errorf("without a service: %v", err)
	}
	twice := "[buildout]\nparts = x y\n[x]\n__buildout_installed__ = ROOT/x/a.service\n[y]\n__buildout_installed__ = ROOT/y/a.service\n"
	if _, err := Of(installed(t, "twice", twice, "x/a.service", "y/a.service")); err == nil || !strings.Contains(err.Error(), "two have the name a.service") {
		t.Errorf("two units of one name: %v", err)
	}
	if _, err := Of(t.TempDir()); err == nil || !strings.Contains(err.Error(), "bootstrap.py hasn't run") {
		t.Errorf("without a tree: %v", err)
	}
}

// TestTemplate: a template that a part wrote stays one, and isn't enabled by itself.
func TestTemplate(t *testing.T) {
	cfg := "[buildout]\nparts = unit\n[unit]\n__buildout_installed__ = ROOT/etc/worker@.service\n\tROOT/etc/worker@1.service\n"
	unit := "[Service]\nExecStart=/bin/true %i\n[Install]\nWantedBy=multi-user.target\n"
	u := of(t, installed(t, "site", cfg, "etc/worker@.service:"+unit, "etc/worker@1.service:"+unit))
	if len(u.List) != 2 || u.List[0].Name != "worker@.service" || u.List[1].Name != "worker@1.service" || u.enabled() != "worker@1.service" {
		t.Errorf("%+v, to enable: %q", u.List, u.enabled())
	}
	u.List = u.List[:1]
	if got := (&Difference{Dir: System, New: []string{"worker@.service"}}).Lines(u); got[len(got)-1] != "next: systemctl daemon-reload" {
		t.Errorf("%q", got)
	}
}

// TestShadowed: a tree in /srv/nginx doesn't take the place of nginx.
func TestShadowed(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	put(t, filepath.Join(second, "nginx.service"), "[Service]\n")
	if err := shadowed("nginx.service", first, second); err == nil || !strings.Contains(err.Error(), "in place of "+filepath.Join(second, "nginx.service")) {
		t.Error(err)
	}
	if err := shadowed("site.service", first, second); err != nil {
		t.Error(err)
	}
}

// TestOwner: a tree is served by whom it belongs to, root's by whom its var
// belongs to. No part's unit of another user's tree is written, and no user
// makes himself root by what he puts in place of var.
func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: other users' files")
	}
	cfg := "[buildout]\nparts = a unit\n[a]\nrecipe = plone.recipe.zope2instance\n[unit]\n__buildout_installed__ = ROOT/etc/x.service\n"
	const daemon = 1
	dir := installed(t, "site", cfg, "bin/a", "var/x", "etc/x.service:[Service]\nExecStart=/bin/true\n")
	user := func(names ...string) string {
		t.Helper()
		for _, name := range names {
			if err := os.Lchown(filepath.Join(dir, name), daemon, daemon); err != nil {
				t.Fatal(err)
			}
		}
		return lines(of(t, dir).List[0].Text, "User=")
	}
	if got := user(); got != "" || !of(t, dir).AsRoot {
		t.Errorf("all is root's: %q", got)
	}
	if got := user("var"); got != "User=daemon" {
		t.Errorf("var is daemon's: %q", got)
	}
	if d, err := Compare(t.TempDir(), of(t, dir), 0); err != nil || !slices.Equal(d.New, []string{"site.service", "x.service"}) {
		t.Errorf("%+v, %v", d, err)
	}
	if err := os.Chown(filepath.Join(dir, "var"), 0, 0); err != nil {
		t.Fatal(err)
	}
	if got := user("."); got != "User=daemon" {
		t.Errorf("the tree is daemon's, and var root's: %q", got)
	}
	d, err := Compare(t.TempDir(), of(t, dir), 0)
	if err != nil || !slices.Equal(d.New, []string{"site.service"}) || !slices.Equal(d.Left, []string{"x.service"}) {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestForeignUnit: root writes a part's unit only if nobody else can change it, by
// any directory on the way. Another user writes what is that user's or root's.
func TestForeignUnit(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: other users' files")
	}
	const daemon = 1
	for name, tt := range map[string]struct {
		unit   string
		change func(dir string) error
		writer int
		left   bool
	}{
		"root's":             {"etc/x.service", func(string) error { return nil }, 0, false},
		"root's, by daemon":  {"etc/x.service", func(string) error { return nil }, daemon, false},
		"below a user's var": {"var/etc/x.service", func(dir string) error { return os.Chown(dir+"/var", daemon, 0) }, 0, true},
		"by that user":       {"var/etc/x.service", func(dir string) error { return os.Chown(dir+"/var", daemon, 0) }, daemon, false},
		"a user's file":      {"etc/x.service", func(dir string) error { return os.Chown(dir+"/etc/x.service", daemon, 0) }, 0, true},
		"everybody's":        {"etc/x.service", func(dir string) error { return os.Chmod(dir+"/etc", 0o777) }, 0, true},
		"a group's": {"etc/x.service", func(dir string) error {
			return errors.Join(os.Chown(dir+"/etc", 0, daemon), os.Chmod(dir+"/etc", 0o775))
		}, 0, true},
		"root's group's": {"etc/x.service", func(dir string) error { return os.Chmod(dir+"/etc", 0o775) }, 0, false},
		"by a link": {"etc/x.service", func(dir string) error {
			return errors.Join(os.Rename(dir+"/etc", dir+"/var"), os.Symlink("var", dir+"/etc"), os.Chown(dir+"/var", daemon, 0))
		}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := "[buildout]\nparts = unit\n[unit]\n__buildout_installed__ = ROOT/" + tt.unit + "\n"
			dir := installed(t, "site", cfg, tt.unit+":[Service]\nExecStart=/bin/true\n")
			if err := tt.change(dir); err != nil {
				t.Fatal(err)
			}
			d, err := Compare(t.TempDir(), of(t, dir), tt.writer)
			if err != nil || len(d.Left) != 1 == tt.left || len(d.New) != 1 != tt.left {
				t.Errorf("%+v, %v", d, err)
			}
		})
	}
}
