package buildout

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/buildout/tools"
)

// A virtualenv beside buildout.cfg is Plone's documented layout: bin/, lib/
// and pyvenv.cfg lie in the buildout directory, and zc.buildout comes from
// requirements.txt. Such a tree is packed with its virtualenv. The one of a
// checkout is never copied (it holds its old path); it is made anew.

// venvPython is the interpreter of the virtualenv at root.
func venvPython(root, goos string) string {
	if goos == "windows" {
		return filepath.Join(root, "Scripts", "python.exe")
	}
	return filepath.Join(root, "bin", "python")
}

// venv makes a virtualenv in the stage if the checkout is one, and reports
// whether there is one (a `before` command may have made it too).
func (b *builder) venv(ctx context.Context) (bool, error) {
	if exists(filepath.Join(b.s.root, "pyvenv.cfg")) {
		return true, nil
	}
	if !exists(filepath.Join(b.o.Dir, "pyvenv.cfg")) {
		return false, nil
	}
	doing := "making the virtualenv of the buildout"
	b.event(ToolsEvent, "virtualenv")
	// Its prompt would be the stage's name.
	if err := b.command(ctx, []string{b.in.Executable, "-sE", "-m", "venv", "--prompt", b.o.Name, b.s.root}); err != nil {
		return true, &Error{Doing: doing, Err: err, Code: 3, Log: b.log(),
			Tip: "this Python needs venv and ensurepip (Debian, Ubuntu: apt-get install -y python3-venv), or remove pyvenv.cfg: zc.buildout is then put into the tree as an egg"}
	}
	python := venvPython(b.s.root, b.o.OS)
	args := []string{python, "-m", "pip", "install", "-q", "--no-compile"}
	if exists(filepath.Join(b.s.root, "requirements.txt")) {
		args = append(args, "-r", "requirements.txt")
	} else {
		pins, err := b.venvPins(ctx, python)
		if err != nil {
			return true, err
		}
		args = append(args, pins...)
	}
	if err := b.command(ctx, args); err != nil {
		return true, b.blame(doing, err)
	}
	return true, nil
}

// venvPins is what pip installs where there is no requirements.txt.
func (b *builder) venvPins(ctx context.Context, python string) ([]string, error) {
	file := filepath.Join(b.s.root, b.o.Config)
	section := literalSection(file)
	pins, err := demands(ctx, tools.With(python, b.env), b.s.root, b.o.BuildoutVersion, literalOptions(file, section), section)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(b.s.tmp, "constraints.txt")
	if err := os.WriteFile(path, []byte(constraints(pins, exactly(pins, "zc.buildout"))), 0o644); err != nil {
		return nil, surroundings("writing constraints", "", err)
	}
	return []string{"-c", path, "zc.buildout"}, nil
}

// prepareVenv is prepareLaunch for a tree with a virtualenv: zc.buildout is in
// its site-packages already.
func prepareVenv(ctx context.Context, m toolmaker, launcher []byte) (toolset, config, archive.Launch, error) {
	launch := archive.Launch{Format: archive.Format, Config: filepath.ToSlash(m.config), Path: []string{}, Virtualenv: "."}
	if err := os.MkdirAll(m.cache(), 0o755); err != nil {
		return toolset{}, config{}, launch, surroundings("reading the configuration", "", err)
	}
	c, err := m.read(ctx, toolset{})
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == noBuildout {
			err = usage("finding zc.buildout in the virtualenv", "put zc.buildout into requirements.txt", "%s has none", m.venv)
		}
		return toolset{}, c, launch, err
	}
	t := toolset{Buildout: c.Version, Site: sitePackages(m.root)}
	section := c.Buildout["versions"]
	if _, err := demands(ctx, m.pip, m.root, m.flag, c.Versions, section); err != nil {
		return t, c, launch, err
	}
	if c, launch, err = m.settleOptions(ctx, t, c, launch); err != nil {
		return t, c, launch, err
	}
	if err := writeLaunch(m.root, launcher, launch, m.python.Executable); err != nil {
		return t, c, launch, surroundings("writing the launcher", "", err)
	}
	return t, c, launch, nil
}

// siteDirs are the site-packages of the virtualenv at root.
func siteDirs(root string) []string {
	var dirs []string
	for _, pattern := range []string{"lib/python*/site-packages", "Lib/site-packages"} {
		found, _ := filepath.Glob(filepath.Join(globEscape(root), filepath.FromSlash(pattern)))
		dirs = append(dirs, found...)
	}
	return dirs
}

// sitePackages lists the distributions of the virtualenv at root.
func sitePackages(root string) []madeEgg {
	all := []madeEgg{}
	for _, site := range siteDirs(root) {
		found, _ := filepath.Glob(filepath.Join(globEscape(site), "*.dist-info"))
		for _, dir := range found {
			name, version, _ := strings.Cut(strings.TrimSuffix(filepath.Base(dir), ".dist-info"), "-")
			all = append(all, madeEgg{Name: name, Version: version, Path: site})
		}
	}
	return all
}
