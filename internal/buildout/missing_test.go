package buildout

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/buildout/tools"
	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/syspackages"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// sections are a configuration's, as zc.buildout reads them.
type sections = map[string]map[string]string

// What projects that the configuration names lack on this machine is said before the build, by the compiler's own
// search, unless the index has a wheel of the version that fits.
func TestMissing(t *testing.T) {
	cc := testtool.Program(t, "cc") // without one nothing can be asked
	dir := write(t, map[string]string{
		"include/ldap.h": "", "include/sasl/sasl.h": "", "include/lber.h": "", "pg/libpq-fe.h": "",
		"find/Pillow-6.0.0-cp313-cp313-linux_x86_64.whl": "",
		"find/Pillow-6.0.0-cp313-cp313-macosx_11_0.whl":  "",
	})
	program := func(name, text string) {
		if err := os.MkdirAll(dir+"/bin", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/bin/"+name, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program("pg_config", "echo "+dir+"/pg")
	index := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		for _, file := range []string{
			"lxml-5.3.0-cp311-cp311-manylinux_2_28_x86_64.whl", "lxml-5.3.0-cp313-cp313-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
			"lxml-5.4.0-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "lxml-5.4.0-cp313-cp313-manylinux_2_17_aarch64.whl", "lxml-5.4.0.tar.gz",
			"cffi-1.17.1-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "cffi-1.17.1-cp313-cp313-manylinux_2_17_aarch64.whl",
		} {
			if project, _, _ := strings.Cut(file, "-"); r.URL.Path == "/simple/"+project+"/" {
				fmt.Fprintf(w, "<a href=%q>x</a>", "../../files/"+file)
			}
		}
	}
	server := httptest.NewServer(http.HandlerFunc(index))
	defer server.Close()
	python := testtool.PythonWith(t, "3.13", "pip") // which tags fit it says
	b := builder{s: stage{root: filepath.Join(dir, "root")}, tools: syspackages.Toolchain{Compiler: true, Headers: true},
		o: Options{OS: "linux", Env: []string{"CC=" + cc, "PATH=" + dir + "/bin", "CPPFLAGS=-nostdinc -I" + dir + "/include"}}}
	m := toolmaker{python: mustProbe(t, python), pip: tools.With(python, os.Environ()), root: dir}

	for _, c := range []struct {
		name     string
		raw      sections
		versions map[string]string
		buildout map[string]string
		version  string // zc.buildout's
		want     []string
	}{
		{name: "all is there", raw: sections{"app": {"eggs": "site\n    python_ldap[x] >=3"}}},
		{name: "where its own program says", raw: sections{"app": {"eggs": "psycopg2"}}},
		{name: "a wheel fits", raw: sections{"app": {"eggs": "lxml"}}, versions: map[string]string{"lxml": "5.4"}},
		{name: "any wheel fits", raw: sections{"app": {"eggs": "lxml >= 5.4"}}},
		{name: "a wheel of another version", raw: sections{"app": {"eggs": "lxml"}}, versions: map[string]string{"lxml": "5.3.0"}, want: []string{"lxml needs libxml/xmlversion.h and libxslt/xslt.h, which aren't here: before = "}},
		{name: "a part's own version", raw: sections{"app": {"eggs": "lxml == 5.3.0"}}, versions: map[string]string{"lxml": "5.4.0"}, want: []string{"lxml needs "}},
		{name: "built by custom", raw: sections{"app": {"recipe": "zc.recipe.egg:custom", "egg": "lxml"}}, want: []string{"lxml needs "}},
		{name: "with headers of another part", raw: sections{"pyyaml": {"recipe": "zc.recipe.egg:custom", "egg": "PyYAML", "<": "linked"}, "linked": {"include-dirs": "${libyaml:location}/include"}}},
		{name: "wheels aren't installed", raw: sections{"app": {"eggs": "lxml"}}, version: "2.10.0", want: []string{"lxml needs "}},
		{name: "by reference", raw: sections{"buildout": {"all": "lxml==5.3.0"}, "app": {"eggs": "${buildout:all}"}}, want: []string{"lxml needs "}},
		{name: "by an extra", raw: sections{"app": {"eggs": "RelStorage[mysql, x]"}}, want: []string{"mysqlclient needs mysql.h, which isn't here: "}},
		{name: "without its extension", raw: sections{"app": {"eggs": "PyYAML==3.13"}}, want: []string{"PyYAML is built without its extension, which needs yaml.h, which isn't here: "}},
		{name: "pins", versions: map[string]string{"lxml": "5.3.0", "mysqlclient": "2", "cffi": "1.17.1", "python-ldap": "3.4", "PyYAML": "3.13"},
			want: []string{"[versions] pins mysqlclient and lxml, of which no wheel is known to fit: if a part needs one of them, it is compiled here, and mysql.h, libxml/xmlversion.h and libxslt/xslt.h aren't here: before = "}},
		{name: "a program", raw: sections{"app": {"eggs": "pycurl ==7.43"}}, want: []string{"pycurl needs curl-config and curl/curl.h, which aren't here: before = "}},
		{name: "cargo", raw: sections{"app": {"eggs": "cryptography==41.0"}}, want: []string{"cryptography needs cargo and openssl/ssl.h, which aren't here: before = "}},
		{name: "no index", raw: sections{"app": {"eggs": "lxml==5.3.0\n python-ldap\n mysqlclient"}}, buildout: map[string]string{"index": "http://127.0.0.1:9/simple"}, want: []string{"mysqlclient needs "}},
		{name: "find-links", raw: sections{"app": {"eggs": "Pillow==6.0"}}, buildout: map[string]string{"find-links": "find"}, want: []string{"Pillow needs "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := config{Raw: c.raw, Versions: c.versions, Buildout: map[string]string{"index": server.URL + "/simple"}, Version: c.version}
			for key, value := range c.buildout {
				cfg.Buildout[key] = value
			}
			got := b.missing(context.Background(), m, cfg)
			if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	b.tools = syspackages.Toolchain{Headers: true, Command: "apt-get install -y gcc"}
	cfg := config{Raw: sections{"app": {"eggs": "uWSGI"}}}
	if got := b.missing(context.Background(), m, cfg); len(got) != 1 || got[0] != "uWSGI is compiled here, and a C compiler is missing; run: apt-get install -y gcc" {
		t.Errorf("without a compiler: %q", got)
	}
}

// A real build's log says it before zc.buildout begins, with the real index: what has a wheel isn't named.
func TestMissingInLog(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a buildout")
	}
	testtool.Program(t, "cc")
	dir := write(t, map[string]string{"buildout.cfg": "[buildout]\nparts =\n[versions]\nlxml = 4.6.5\nPillow = 11.0.0\n"})
	env := environ.Set(os.Environ(), "CPPFLAGS=-nostdinc")
	tree, err := Run(context.Background(), Options{Dir: dir, OS: "linux", Python: python(t, "3.13"), Stage: filepath.Join(t.TempDir(), "stage"), Launcher: launcher(t), Env: env})
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	data, err := os.ReadFile(tree.Log)
	if err != nil {
		t.Fatal(err)
	}
	want := "warning: [versions] pins lxml, of which no wheel is known to fit: if a part needs one of them, it is compiled here, and lib"
	if at := strings.Index(string(data), want); at < 0 || strings.Contains(string(data[:at]), "buildout") {
		t.Errorf("not said before the build:\n%s", data)
	}
}
