package buildout

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/syspackages"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// What develop packages require is read in their own files, as far as it is written out there.
func TestDevelopRequires(t *testing.T) {
	linux := pydist.NewEnvironment("3.13.0", "cpython", "linux_x86_64")
	for _, c := range []struct {
		name, file, text string
		env              pydist.Environment
		want             []string
	}{
		{"pyproject.toml", "pyproject.toml", "[build-system]\nrequires = ['setuptools']\n[project]\nname = 'x'\ndependencies = [\n  \"python-ldap>=3\", # for the users\n  'lxml[html] ~= 5.0',\n]\n[project.optional-dependencies]\ntest = ['pycups']\n",
			nil, []string{"python-ldap>=3", "lxml[html] ~= 5.0"}},
		{"of another table", "pyproject.toml", "[tool.x]\ndependencies = ['pycups']\n[project]\nname = 'x'\n[tool.y]\ndependencies = ['pycups']\n", nil, nil},
		{"setup.cfg", "setup.cfg", "[metadata]\nname = x\n[options]\ninstall_requires =\n    python-ldap >= 3\n    # lxml\n    mysqlclient\n[options.extras_require]\ntest = pycups\n", nil, []string{"python-ldap >= 3", "mysqlclient"}},
		{"setup.py", "setup.py", "from setuptools import setup\nsetup(\n    name='x',\n    install_requires=[\n        'setuptools',\n        # -*- Extra requirements: -*-\n        \"python-ldap==3.4\",\n    ],\n    extras_require={'test': ['pycups']},\n)\n", nil, []string{"setuptools", "python-ldap==3.4"}},
		{"setup.py by a name", "setup.py", "requires = (\n    'mysqlclient',\n    'six'\n)\nsetup(name='x', install_requires=requires, tests_require=['pycups'])\n", nil, []string{"mysqlclient", "six"}},
		{"setup.py that makes it", "setup.py", "setup(install_requires=[l for l in open('requirements.txt')])\nsetup(install_requires=read('x'))\nsetup(install_requires=['a", nil, nil},
		{"markers", "setup.cfg", "[options]\ninstall_requires =\n    pycups; sys_platform == 'win32'\n    pyodbc ; python_version >= '3'\n", linux, []string{"pyodbc "}},
		{"markers without an interpreter", "setup.cfg", "[options]\ninstall_requires =\n    pycups; sys_platform == 'win32'\n    pyodbc ; python_version >= '3'\n", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := write(t, map[string]string{"src/a [b]/" + c.file: c.text, "other/" + c.file: c.text})
			for _, develop := range []string{"src/*", "${buildout:directory}/src/a [[]b]", "${buildout:here}", filepath.Join(globEscape(dir), "src", "*")} {
				cfg := config{Raw: sections{"buildout": {"develop": "missing\n" + develop, "here": "src/*"}}}
				if got := developRequires(cfg, dir, c.env); !slices.Equal(got, c.want) {
					t.Errorf("develop = %s: %q, want %q", develop, got, c.want)
				}
			}
		})
	}
}

// What such a package requires is looked for before the build, as what a part names is.
func TestMissingOfDevelop(t *testing.T) {
	cc := testtool.Program(t, "cc")
	dir := write(t, map[string]string{"include/none.h": "", "root/buildout.cfg": "[buildout]\ndevelop = src/*\nparts =\n", "root/src/site/setup.py": "setup(install_requires=['python-ldap>=3', 'SQLAlchemy[mysql]'])\n"})
	b := builder{s: stage{root: filepath.Join(dir, "root")}, tools: syspackages.Toolchain{Compiler: true, Headers: true},
		o: Options{OS: "linux", Env: []string{"CC=" + cc, "PATH=" + dir, "CPPFLAGS=-nostdinc -I" + dir + "/include"}}}
	cfg := config{Raw: sections{"buildout": {"develop": "src/*"}}, Buildout: map[string]string{"index": "http://127.0.0.1:9/simple"}}
	got := b.missing(context.Background(), toolmaker{}, cfg) // neither project has wheels to ask for
	if want := []string{"python-ldap needs ldap.h, lber.h and sasl/sasl.h, which aren't here: ", "mysqlclient needs mysql.h, "}; !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("%q, want %q", got, want)
	}
	wants := Wants(filepath.Join(dir, "root", "buildout.cfg"))
	if len(wants) != 2 || wants[0].Project != "python-ldap" || wants[0].Pinned {
		t.Errorf("before there is a zc.buildout: %+v", wants)
	}
}

func TestCustomEggs(t *testing.T) {
	got := customEggs(config{Raw: sections{
		"named": {"recipe": "zc.recipe.egg:custom", "egg": "ujson >= 1.35"}, "ujson": {"recipe": "zc.recipe.egg:custom"}, "by": {"<": "named"},
		"ref": {"recipe": "zc.recipe.egg:custom", "eggs": "${named:egg}"}, "scripts": {"recipe": "zc.recipe.egg", "eggs": "six"},
	}})
	want := map[string]string{"named": "ujson>=1.35", "ujson": "ujson", "by": "ujson>=1.35", "ref": "ujson>=1.35"}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
