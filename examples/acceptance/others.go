//go:build linux

package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// inhabit gives the server what servers have of their own: other versions of
// zc.buildout, setuptools and the application's eggs in the interpreter (with
// the .pth files that they bring) and on PYTHONPATH, a default.cfg with a
// shared eggs-directory, and a pip.conf. From now on each command of the server
// runs amid all of it.
func (s *server) inhabit(others []string) {
	s.t.Helper()
	library := filepath.Join(s.python.prefix, "lib", "python"+s.python.minor, "site-packages")
	s.pip(library, others)
	s.sees(others)

	home := s.mkdir("home")
	s.write("home/.pydistutils.cfg", "[install]\nprefix = "+home+"/elsewhere\n[easy_install]\nfind_links = "+home+"/links\n")
	s.write("home/.config/pip/pip.conf", "[global]\nindex-url = http://127.0.0.1:9/simple\ntarget = "+home+"/elsewhere\nrequire-virtualenv = true\n")
	s.write("home/.buildout/default.cfg", strings.ReplaceAll(`[buildout]
eggs-directory = HOME/shared/eggs
develop-eggs-directory = HOME/shared/develop-eggs
parts-directory = HOME/shared/parts
bin-directory = HOME/shared/bin
download-cache = HOME/shared/downloads
extends-cache = HOME/shared/extends
index = http://127.0.0.1:9/simple
find-links = HOME/links
newest = true
unzip = false
allow-picked-versions = false
versions = others
[others]
zc.recipe.egg = 0.1
`, "HOME", home))
	path := s.mkdir("path")
	s.pip(path, others)
	s.write("path/setuptools/__init__.py", "raise ImportError('the server\\'s own setuptools is imported')\n")
	s.ownEnv = []string{
		"PIP_INDEX_URL=http://127.0.0.1:9/simple", "PIP_TARGET=" + home + "/elsewhere",
		"BUILDOUT_HOME=" + home + "/.buildout", "PYTHONPATH=" + path,
	}
}

// uninhabited fails the test if anything was written where the server's own
// configuration points to.
func (s *server) uninhabited() {
	s.t.Helper()
	for _, name := range []string{"shared", "elsewhere", "links"} {
		if _, err := os.Lstat(filepath.Join(s.work, "home", name)); err == nil {
			s.t.Errorf("the server's own configuration counted: there is a %s in HOME", name)
		}
	}
}

// pip puts distributions into a directory, with the network, which the server hasn't.
func (s *server) pip(directory string, requirements []string) {
	s.t.Helper()
	args := append([]string{"-m", "pip", "-q", "--disable-pip-version-check", "install", "--no-deps", "--target", directory}, requirements...)
	cmd := exec.Command(s.python.original, args...)
	if said, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("pip install --target %s: %v\n%s", directory, err, said)
	}
	if said, err := exec.Command("chmod", "-R", "go+rX", directory).CombinedOutput(); err != nil {
		s.t.Fatalf("chmod %s: %v\n%s", directory, err, said)
	}
}

// sees makes sure that the interpreter really has these distributions.
func (s *server) sees(requirements []string) {
	s.t.Helper()
	for _, requirement := range requirements {
		name, version, _ := strings.Cut(requirement, "==")
		pattern := filepath.Join(s.python.prefix, "lib", "python*", "site-packages",
			strings.NewReplacer(".", "[._]", "-", "[-_]").Replace(name)+"-"+version+"*-info")
		if found, err := filepath.Glob(pattern); err != nil || len(found) != 1 {
			s.t.Fatalf("%s isn't in the server's interpreter: %v %v", requirement, found, err)
		}
	}
}

// write makes a file below work that the server's user can read.
func (s *server) write(name, content string) {
	s.t.Helper()
	path := filepath.Join(s.work, name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(content), 0o644)
	}
	if err != nil {
		s.t.Fatal(fmt.Errorf("making the server's %s: %w", name, err))
	}
}
