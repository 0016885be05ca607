//go:build linux

package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// hostsModule is the module of deploy/ansible, as Ansible runs it on a host, with
// this test as the program.
type hostsModule struct {
	yard
	python, program, file string
}

func newHostsModule(t *testing.T, y yard) hostsModule {
	t.Helper()
	ansible, err := filepath.EvalSymlinks(testtool.Program(t, "ansible"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := filepath.Abs("../../deploy/ansible/plugins/modules/application.py")
	m := hostsModule{y, filepath.Join(filepath.Dir(ansible), "python"), filepath.Join(y.dir, "binary-buildout"), file}
	text := fmt.Sprintf("#!/bin/sh\nexec %s %s %s/status \"$@\"\n", os.Args[0], mainArg, y.dir)
	if err := firstOf(err, os.WriteFile(m.program, []byte(text), 0o755)); err != nil {
		t.Fatal(err)
	}
	return m
}

// moduleReport is what the module says of itself.
type moduleReport struct {
	Changed, Failed bool
	Version, Msg    string
	Systemd         struct{ New, Changed, Unchanged []string }
}

// call runs the module.
func (m hostsModule) call(t *testing.T, check bool, parameters map[string]any) moduleReport {
	t.Helper()
	given := map[string]any{"_ansible_check_mode": check, "executable": m.program}
	for name, value := range parameters {
		given[name] = value
	}
	arguments, err := json.Marshal(map[string]any{"ANSIBLE_MODULE_ARGS": given})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(m.python, m.file)
	cmd.Stdin = strings.NewReader(string(arguments))
	var complaint strings.Builder
	cmd.Stderr = &complaint
	said, err := cmd.Output()
	var r moduleReport
	if json.Unmarshal(said, &r) != nil {
		t.Fatalf("%v: %s\n%s", err, said, complaint.String())
	}
	return r
}

// TestAnsibleSystemd: the units are those of the version that is started, also
// when it goes back. Nothing is written twice, nor in check mode.
func TestAnsibleSystemd(t *testing.T) {
	y := newYard(t)
	m := newHostsModule(t, y)
	place, units, log := filepath.Join(y.dir, "a site"), filepath.Join(y.dir, "units"), filepath.Join(y.dir, "log")
	if err := os.Mkdir(units, 0o755); err != nil {
		t.Fatal(err)
	}
	// parts makes the tree one that has these instances.
	parts := func(names ...string) {
		t.Helper()
		text := "[buildout]\nparts = " + strings.Join(names, " ") + "\n"
		for _, name := range names {
			text += "[" + name + "]\nrecipe = plone.recipe.zope2instance\n"
			if err := os.WriteFile(filepath.Join(place, "bin", name), []byte("#!/bin/sh\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(place, ".installed.cfg"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// started is what stop and start did, with the units that were there.
	started := func() string {
		data, _ := os.ReadFile(log)
		os.Remove(log)
		return strings.Join(strings.Fields(string(data)), " ")
	}
	parameters := map[string]any{"path": place, "source": y.archives["1.0"], "python": y.python}
	if r := m.call(t, false, parameters); !r.Changed || r.Version != "1.0" {
		t.Fatalf("installed: %+v", r)
	}
	if err := os.MkdirAll(filepath.Join(place, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	parts("one")
	parameters["systemd"] = units
	parameters["stop"] = "echo stop >>" + log
	parameters["start"] = "(echo start; ls " + units + ") >>" + log
	with := func(name string, value any) map[string]any {
		changed := map[string]any{name: value}
		for n, v := range parameters {
			if n != name {
				changed[n] = v
			}
		}
		return changed
	}
	two := with("source", y.archives["2.0"])
	back := with("state", "rolled_back")
	back["version"] = "1.0"
	for _, step := range []struct {
		name       string
		parts      []string
		parameters map[string]any
		check      bool
		changed    bool
		version    string
		started    string
	}{
		{"new units, in check mode", nil, parameters, true, true, "1.0", ""},
		{"new units", nil, parameters, false, true, "1.0", "start a-site.service"},
		{"the same", nil, parameters, false, false, "1.0", ""},
		{"the same, in check mode", nil, parameters, true, false, "1.0", ""},
		{"an update", []string{"one", "two"}, two, false, true, "2.0", "stop start a-site-one.service a-site-two.service a-site.service a-site.target"},
		{"the version back", nil, back, false, true, "1.0", "stop start a-site-one.service a-site-two.service a-site.service a-site.target"},
		{"back already, in check mode", nil, back, true, false, "1.0", ""},
		{"back already", nil, back, false, false, "1.0", ""},
	} {
		if step.parts != nil {
			parts(step.parts...)
		}
		r := m.call(t, step.check, step.parameters)
		if said := started(); r.Changed != step.changed || r.Version != step.version || r.Failed || said != step.started {
			t.Errorf("%s: %+v, and %q was run", step.name, r, said)
		}
	}
	foreign := filepath.Join(units, "a-site-one.service")
	if err := os.WriteFile(foreign, []byte("# somebody else's\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := m.call(t, false, two); !r.Failed || !strings.Contains(r.Msg, "start") {
		t.Errorf("a unit of another: %+v", r)
	}
	manifest, err := os.ReadFile(filepath.Join(place, ".binary-buildout", "manifest.json"))
	text, errUnit := os.ReadFile(foreign)
	if err := firstOf(err, errUnit); err != nil || !strings.Contains(string(manifest), `"version": "1.0"`) || string(text) != "# somebody else's\n" {
		t.Errorf("a unit of another: %v, %s, %s", err, text, manifest)
	}
}
