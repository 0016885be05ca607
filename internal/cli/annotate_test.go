package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/verify"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// annotating is a run in a checkout whose buildout is in the directory app.
func annotating(t *testing.T) (p *packing, stage string, said *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, dir+"/repo/app/buildout.cfg", "[buildout]\nextends = versions.cfg\nparts = web\n\n[web]\nrecipe = zc.recipe.egg\neggs = My.Pkg\n")
	writeFile(t, dir+"/repo/app/versions.cfg", "[versions]\nMarkupSafe = 3.0.3\nzope_interface = 7\n")
	writeFile(t, dir+"/repo/app/src/x/x.c", "int\n")
	said = &bytes.Buffer{}
	env := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": dir + "/repo"}
	c := &Command{Stderr: said, Dir: dir + "/repo", Getenv: func(k string) string { return env[k] }}
	return &packing{Command: c, dir: dir + "/repo/app", flags: &packFlags{config: "buildout.cfg"}}, dir + "/stage", said
}

func TestAnnotateFailure(t *testing.T) {
	const said = "In file included from src/x.c:1:\nx.c:7:5: error: expected ';'\n/usr/include/y.h:3:1: error: not ours\nx.c:9:1: warning: unused\n"
	for _, tt := range []struct {
		name, log, error string
		want             []string
	}{
		{"the compiler's line and the part's", fmt.Sprintf(`{"argv":["cc","x.c"],"cwd":"STAGE/src/x","exit":1,"stderr":%q}`+"\n", said), "While: Installing web.",
			[]string{"::error file=app/src/x/x.c,line=7,title=the compiler::x.c:7:5: error: expected ';'", "::error file=app/buildout.cfg,line=5,title=the build::building the parts"}},
		{"a header that is missing", `{"argv":["cc"],"cwd":"STAGE/src","exit":1,"stderr":"x/x.c:2:10: fatal error: ldap.h: No such file or directory\n"}`, "no part",
			[]string{"::error file=app/src/x/x.c,line=2,title=the compiler::", "::error file=app/buildout.cfg,line=1,"}},
		{"no log", "", "section web", []string{"::error file=app/buildout.cfg,line=5,"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, stage, out := annotating(t)
			e := &buildout.Error{Doing: "building the parts", Err: errors.New(tt.error), Log: stage + ".log/build.log"}
			writeFile(t, stage+".log/compiler.jsonl", strings.ReplaceAll(tt.log, "STAGE", stage))
			writeFile(t, stage+".log/build.log", strings.Repeat("Getting x.\n", 600)+"::add-path::/tmp\r\nfailed\n")
			if !p.annotateFailure(e) {
				t.Error("nothing was annotated")
			}
			for _, want := range append(tt.want, "::group::The last 500 lines of build.log\n| Getting x.\n", "| ::add-path::/tmp\n| failed\n::endgroup::\n") {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
			if n := strings.Count(out.String(), "::error"); n != len(tt.want) {
				t.Errorf("%d annotations:\n%s", n, out)
			}
		})
	}
	p, _, out := annotating(t)
	if p.annotateFailure(errors.New("not of the build")) || p.annotateFailure(nil) || out.Len() > 0 {
		t.Errorf("annotated: %s", out)
	}
}

// A finding stands at its file where the checkout has that, else where the
// configuration pins or names its egg.
func TestPlaceOf(t *testing.T) {
	p, _, _ := annotating(t)
	for _, tt := range []struct {
		a    verify.Annotation
		want place
	}{
		{verify.Annotation{File: "src/x/x.c"}, place{file: "app/src/x/x.c"}},
		{verify.Annotation{File: "eggs/MarkupSafe-3.0.3-py3.13.egg", Egg: "markupsafe"}, place{"app/versions.cfg", 2}},
		{verify.Annotation{Egg: "zope.interface"}, place{"app/versions.cfg", 3}},
		{verify.Annotation{Egg: "my.pkg"}, place{"app/buildout.cfg", 7}},
		{verify.Annotation{File: "../../etc/passwd", Egg: "other"}, place{}},
		{verify.Annotation{}, place{}},
	} {
		if got := p.placeOf(tt.a); got != tt.want {
			t.Errorf("%+v: %+v, want %+v", tt.a, got, tt.want)
		}
	}
}
