package launchertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestLauncherLazy: zc.buildout's modules of pip are imported when an index is read,
// and not before, and the copies of the configuration aren't made piece by piece. What
// it says and leaves, and how it ends, is the same as with neither.
func TestLauncherLazy(t *testing.T) {
	index := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if strings.HasSuffix(r.URL.Path, "/absent/") { // pip's rule alone keeps this one out
			fmt.Fprint(w, `<a href="/absent-1.0.tar.gz" data-requires-python="&gt;=99">absent-1.0.tar.gz</a>`)
		}
	}))
	t.Cleanup(index.Close) // after the lines, which run at the same time
	for _, l := range packtest.Lines() {
		switch l.String() {
		case "3.13-6.0.1", "3.12-5.2.0", "3.11-4.2.0":
			t.Run(l.String(), func(t *testing.T) { t.Parallel(); lazy(t, l, index.URL) })
		}
	}
}

func lazy(t *testing.T, l packtest.Line, index string) {
	if testing.Short() {
		t.Skip("builds a real buildout")
	}
	in := packtest.Install(t, l)
	in.Env = append(in.Env, "LC_ALL=C.UTF-8", "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
	in.Buildout(t).Must(t, "bin/buildout")
	whole := packtest.ReadFile(t, in.Path(".binary-buildout/launcher.py"))
	eager := strings.NewReplacer("with LazyPip(reads_index):", "with LazyPip(True):", "    copy_quickly(buildout.buildout)\n", "").Replace(whole)
	if len(whole)-len(eager) < 20 {
		t.Fatal("the launcher does it in another way")
	}
	other := strings.Replace(packtest.ReadFile(t, in.Path("buildout.cfg")), "    pure\n", "    pure\n    absent\n", 1)
	packtest.WriteFile(t, in.Path("other.cfg"), other)
	for _, run := range []struct {
		args  string
		says  string
		reads bool
	}{
		{args: "-N -vvv", says: "Configuration data:"},
		{args: "-N annotate", says: "Annotated sections"},
		{args: "-N -c other.cfg buildout:index=" + index, says: "absent", reads: true},
	} {
		before := packtest.ReadFile(t, in.Path(".installed.cfg"))
		plain, often := counted(t, in, eager, strings.Fields(run.args))
		want := in.Buildouts(t)
		packtest.WriteFile(t, in.Path(".installed.cfg"), before)
		ours, once := counted(t, in, whole, strings.Fields(run.args))
		packtest.SameMap(t, want, in.Buildouts(t))
		if ours != plain {
			t.Errorf("%s: exit %d\n%s%s\nand with all of pip %d\n%s%s", run.args, ours.Code, ours.Out, ours.Err, plain.Code, plain.Out, plain.Err)
		}
		if !strings.Contains(ours.Out+ours.Err, run.says) {
			t.Errorf("%s: it doesn't say %q:\n%s%s", run.args, run.says, ours.Out, ours.Err)
		}
		if often["pip"] < 50 || (once["pip"] >= 50) != run.reads {
			t.Errorf("%s: %d modules of pip, and with all of pip %d", run.args, once["pip"], often["pip"])
		}
		if once["_reconstruct"] >= often["_reconstruct"] {
			t.Errorf("%s: %d values taken apart for a copy, and otherwise %d", run.args, once["_reconstruct"], often["_reconstruct"])
		}
	}
}
