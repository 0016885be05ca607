package install

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
	"github.com/binary-buildout/binary-buildout/pack"
	"github.com/binary-buildout/binary-buildout/pack/treetest"
)

// packReal packs a small application with the bootstrap.py that travels in
// archives, and writes its sidecar.
func packReal(t *testing.T, dir, number string) string {
	t.Helper()
	return packAs(t, dir, number, archive.FormatTarGz, func(string) {})
}

// packAs is packReal in another format; more adds to the tree.
func packAs(t *testing.T, dir, number, format string, more func(stage string)) string {
	t.Helper()
	p := probed(t, installtest.Python(t, "3.13"))
	return packFor(t, dir, format, more, archive.Manifest{Name: "app", Version: number, Target: p.ABI + "-linux_" + p.Machine,
		Python: archive.Python{Version: p.Version, Implementation: "cpython", ABI: p.ABI, Libc: p.Libc, Bits: 64}})
}

// packFor packs for what a manifest says.
func packFor(t *testing.T, dir, format string, more func(stage string), m archive.Manifest) string {
	t.Helper()
	stage := filepath.Join(t.TempDir(), "stage")
	mkfile(t, filepath.Join(stage, "etc", "number"), m.Version)
	mkfile(t, filepath.Join(stage, "etc", "where"), stage+"\n")
	mkfile(t, filepath.Join(stage, "etc", "same"), strings.Repeat("the same in all\n", 1000))
	more(stage)
	var b bytes.Buffer
	d := treetest.Pack(t, &b, stage, m, pack.Origin{Root: stage, RealRoot: stage, Interpreter: "/nowhere/bin/python", Prefix: "/nowhere", LibDir: "/nowhere/lib"}, format)
	stem := filepath.Join(dir, m.Name+"-"+m.Version+"-"+m.Target)
	path := stem + "." + format
	mkfile(t, path, b.String())
	side, _ := json.Marshal(map[string]any{"format": 1, "archive": filepath.Base(path), "size": d.Size, "sha256": d.SHA256})
	mkfile(t, stem+".json", string(side))
	return path
}

// offerDelta writes a delta to the index's only asset into the index of a folder,
// and gives its digest.
func offerDelta(t *testing.T, dist, delta string) string {
	t.Helper()
	d, err := archive.ReadDelta(open(t, delta))
	if err != nil {
		t.Fatal(err)
	}
	x, err := archive.Document[fetch.Index](dist, fetch.IndexName)
	if err != nil {
		t.Fatal(err)
	}
	data := mustRead(t, delta)
	sum := digest.Of(data)
	x.Assets[0].Deltas = []fetch.DeltaAsset{{Name: filepath.Base(delta), Size: int64(len(data)), SHA256: sum, Base: d.Delta.Base}}
	writeIndex(t, dist, *x)
	return sum
}

// deltaBetween writes a delta beside the newer archive.
func deltaBetween(t *testing.T, old, new, version string) string {
	t.Helper()
	var b bytes.Buffer
	_, err := archive.WriteDelta(t.Context(), &b, old, new, filepath.Base(new), digest.Of(mustRead(t, new)))
	if err != nil {
		t.Fatal(err)
	}
	path := archive.DeltaName(new, version)
	mkfile(t, path, b.String())
	return path
}

func realOptions(t *testing.T, source, into string) UpdateOptions {
	o := options(source, into)
	o.Python = installtest.Python(t, "3.13")
	return UpdateOptions{Options: o}
}

func numberIn(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "etc", "number"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestUpdate goes from one version to another and back, by archive, delta and
// mirror; what is there already changes nothing.
func TestUpdate(t *testing.T) {
	dist := t.TempDir()
	one, two, three := packReal(t, dist, "1.0"), packReal(t, dist, "2.0"), packReal(t, dist, "3.0")
	into := filepath.Join(t.TempDir(), "app")
	if _, err := Install(t.Context(), realOptions(t, one, into).Options); err != nil {
		t.Fatal(err)
	}
	wrong := deltaBetween(t, two, three, "2.0")
	if _, err := Update(t.Context(), realOptions(t, wrong, into)); fault.CodeOf(err, 0) != 1 || !strings.Contains(err.Error(), "this delta is for app 2.0") || numberIn(t, into) != "1.0" {
		t.Errorf("a delta for another base: %v", err)
	}
	noIncoming(t, into)

	// A mirror: the delta whose base is here is taken, and no archive is needed.
	mirror := t.TempDir()
	delta := deltaBetween(t, one, two, "1.0")
	data, err := os.ReadFile(delta)
	if err != nil {
		t.Fatal(err)
	}
	mkfile(t, filepath.Join(mirror, filepath.Base(delta)), string(data))
	sum := digest.Of(mustRead(t, two))
	base, err := archive.ReadDelta(open(t, delta))
	if err != nil {
		t.Fatal(err)
	}
	writeIndex(t, mirror, fetch.Index{Format: 1, Name: "app", Version: "2.0", Assets: []fetch.Asset{{
		Target: strings.TrimSuffix(strings.TrimPrefix(filepath.Base(two), "app-2.0-"), ".tar.gz"), Name: filepath.Base(two), SHA256: sum,
		Deltas: []fetch.DeltaAsset{{Name: filepath.Base(delta), Size: int64(len(data)), SHA256: digest.Of(data), Base: base.Delta.Base}},
	}}})
	res, err := Update(t.Context(), realOptions(t, mirror, into))
	if err != nil || !res.Changed || res.From != "1.0" || res.Version != "2.0" || res.SHA256 != sum || numberIn(t, into) != "2.0" {
		t.Fatalf("%+v, %v, %s", res, err, numberIn(t, into))
	}
	noIncoming(t, into)
	// The source is remembered; the same again changes nothing.
	if res, err = Update(t.Context(), realOptions(t, "", into)); err != nil || res.Changed {
		t.Fatalf("%+v, %v", res, err)
	}
	if res, err := Install(t.Context(), realOptions(t, two, into).Options); err != nil || res.Changed {
		t.Errorf("install of what update brought: %+v, %v", res, err)
	}
	if res, err = Update(t.Context(), realOptions(t, three, into)); err != nil || numberIn(t, into) != "3.0" {
		t.Fatalf("%+v, %v", res, err)
	}
	if res, err = Rollback(t.Context(), realOptions(t, "", into)); err != nil || !res.Changed || res.Version != "2.0" || res.From != "3.0" || numberIn(t, into) != "2.0" {
		t.Fatalf("%+v, %v", res, err)
	}
	if _, err = Rollback(t.Context(), realOptions(t, "", into)); fault.CodeOf(err, 0) != 2 {
		t.Errorf("a second rollback: %v", err)
	}
	if _, err := Install(t.Context(), realOptions(t, three, into).Options); fault.CodeOf(err, 0) != 2 || !strings.HasPrefix(fault.HintOf(err, ""), "binary-buildout update ") {
		t.Errorf("install of another version: %v, hint %q", err, fault.HintOf(err, ""))
	}
}

// TestUpdateGoesForward: where the latest release is an older one, since the
// newer one is just being replaced, an update changes nothing; a tag that is
// named is followed, and the archive is that tag's, whatever is latest.
func TestUpdateGoesForward(t *testing.T) {
	dist := t.TempDir()
	one, two := packReal(t, dist, "1.9"), packReal(t, dist, "1.10")
	into := filepath.Join(t.TempDir(), "app")
	if _, err := Install(t.Context(), realOptions(t, two, into).Options); err != nil {
		t.Fatal(err)
	}
	digest := digest.Of(mustRead(t, one))
	writeIndex(t, dist, fetch.Index{Format: 1, Name: "app", Version: "1.9", Tag: "v1.9", Assets: []fetch.Asset{{
		Target: strings.TrimSuffix(strings.TrimPrefix(filepath.Base(one), "app-1.9-"), ".tar.gz"), Name: filepath.Base(one), SHA256: digest,
	}}})
	mux := http.NewServeMux()
	mux.Handle("/acme/site/releases/latest/download/index.json", http.StripPrefix("/acme/site/releases/latest/download", http.FileServer(http.Dir(dist))))
	mux.Handle("/acme/site/releases/download/v1.9/", http.StripPrefix("/acme/site/releases/download/v1.9", http.FileServer(http.Dir(dist))))
	srv := httptest.NewServer(mux)
	defer srv.Close()
	update := func(source string) (*Updated, error) {
		o := realOptions(t, source, into)
		o.Remote = fetch.Remote{Client: &http.Client{}, Server: srv.URL, Wait: func(context.Context, time.Duration) error { return nil }}
		o.Env = append(o.Env, "GH_TOKEN=", "GITHUB_TOKEN=")
		return Update(t.Context(), o)
	}
	_, err := update("acme/site")
	if fault.CodeOf(err, 0) != 3 || !strings.Contains(err.Error(), "has version 1.9, and 1.10 is installed") || !strings.Contains(fault.HintOf(err, ""), "acme/site@TAG") || numberIn(t, into) != "1.10" {
		t.Errorf("%v, hint %q, %s", err, fault.HintOf(err, ""), numberIn(t, into))
	}
	if res, err := update("acme/site@v1.9"); err != nil || numberIn(t, into) != "1.9" {
		t.Errorf("%+v, %v", res, err)
	}
	if res, err := update("acme/site"); err != nil || res.Changed {
		t.Errorf("the same again: %+v, %v", res, err)
	}
}

// TestUpdateByTarForgets: the archive that was installed isn't where newer
// versions come from, once a delta was unpacked over it.
func TestUpdateByTarForgets(t *testing.T) {
	dist := t.TempDir()
	one, two := packReal(t, dist, "1.0"), packReal(t, dist, "2.0")
	into := filepath.Join(t.TempDir(), "app")
	o := realOptions(t, one, into)
	if _, err := Install(t.Context(), o.Options); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.LayDelta(t.Context(), open(t, deltaBetween(t, one, two, "1.0")), into, ""); err != nil {
		t.Fatal(err)
	}
	if err := bootstrap(t.Context(), o.Options, into, into, o.Python); err != nil || numberIn(t, into) != "2.0" {
		t.Fatal(err)
	}
	if _, err := Update(t.Context(), realOptions(t, "", into)); fault.CodeOf(err, 0) != 2 || !strings.Contains(err.Error(), "its source isn't known") || numberIn(t, into) != "2.0" {
		t.Errorf("an update from the old archive: %v, %s", err, numberIn(t, into))
	}
	if res, err := Update(t.Context(), realOptions(t, two, into)); err != nil || res.Changed {
		t.Errorf("an update to what is there: %+v, %v", res, err)
	}
}

func noIncoming(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{archive.IncomingDir, archive.Dir + "/staged", transactionDir} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is there", name)
		}
	}
}

// TestUpdateRestarts: the commands run only where something changes, a start
// that fails goes back, and two at a time are told.
func TestUpdateRestarts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are for a POSIX shell")
	}
	dist := t.TempDir()
	one, two := packReal(t, dist, "1.0"), packReal(t, dist, "2.0")
	into, log := filepath.Join(t.TempDir(), "app"), filepath.Join(t.TempDir(), "log")
	if _, err := Install(t.Context(), realOptions(t, one, into).Options); err != nil {
		t.Fatal(err)
	}
	said := func(want string) {
		t.Helper()
		data, _ := os.ReadFile(log)
		if string(data) != want {
			t.Errorf("the commands said %q, want %q", data, want)
		}
		_ = os.Remove(log)
	}
	o := realOptions(t, one, into)
	o.Stop, o.Start = "echo stop $(cat etc/number) >> "+log, "echo start $(cat etc/number) >> "+log+"; grep -q 1.0 etc/number"
	if res, err := Update(t.Context(), o); err != nil || res.Changed {
		t.Fatalf("%+v, %v", res, err)
	}
	said("")
	o.Source = two
	if _, err := Update(t.Context(), o); fault.CodeOf(err, 0) != 1 || !strings.Contains(err.Error(), "app 1.0 is there again") || numberIn(t, into) != "1.0" {
		t.Errorf("a start that fails: %v", err)
	}
	said("stop 1.0\nstart 2.0\nstart 1.0\n")
	o.Stop = "exit 3"
	if _, err := Update(t.Context(), o); fault.CodeOf(err, 0) != 1 || numberIn(t, into) != "1.0" {
		t.Errorf("a stop that fails: %v", err)
	}
	said("")
	noIncoming(t, into)

	// bootstrap.py fails: the application is started again, and nothing waits to be applied.
	o.Stop, o.Start = "echo stop >> "+log, "echo start >> "+log
	failing := func(at string) func(context.Context, Call) error {
		return func(ctx context.Context, c Call) error {
			if c.Args[len(c.Args)-1] != at {
				return nil
			}
			_, _ = c.Out.Write([]byte("error: told to fail\n"))
			return errors.New("exit status 1")
		}
	}
	o.Run = failing(filepath.Join(into, archive.BootstrapPy))
	if _, err := Update(t.Context(), o); err == nil || !strings.Contains(err.Error(), "told to fail") || numberIn(t, into) != "1.0" {
		t.Errorf("a bootstrap.py that fails: %v", err)
	}
	said("stop\nstart\n")
	noIncoming(t, into)
	// What it refuses beforehand doesn't stop the application.
	o.Run = failing("--look")
	if _, err := Update(t.Context(), o); err == nil || !strings.Contains(err.Error(), "told to fail") || numberIn(t, into) != "1.0" {
		t.Errorf("a bootstrap.py that refuses: %v", err)
	}
	said("")
	noIncoming(t, into)

	l, err := scratch.Hold(filepath.Join(into, archive.Dir))
	if err != nil {
		t.Fatal(err)
	}
	for what, f := range map[string]func(context.Context, UpdateOptions) (*Updated, error){"update": Update, "rollback": Rollback} {
		if _, err := f(t.Context(), realOptions(t, two, into)); fault.CodeOf(err, 0) != 3 || !strings.Contains(fault.HintOf(err, ""), "wait for it") {
			t.Errorf("%s while another is at work: %v", what, err)
		}
	}
	l.Release()
	// Of two that start at once, one or both get there, and the other says so.
	errs := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := Update(context.Background(), realOptions(t, two, into))
			errs <- err
		}()
	}
	if err := errors.Join(<-errs, <-errs); err != nil && !strings.Contains(fault.HintOf(err, ""), "wait for it") || numberIn(t, into) != "2.0" {
		t.Errorf("two at a time: %v", err)
	}
}

// TestUpdateHoldsTheWayBack: a version that doesn't start leaves what there was,
// the way back too; one that does leaves one way back, and no more files.
func TestUpdateHoldsTheWayBack(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	if runtime.GOOS == "windows" {
		t.Skip("the commands are for a POSIX shell")
	}
	dist := t.TempDir()
	one, two, three := packReal(t, dist, "1.0"), packReal(t, dist, "2.0"), packReal(t, dist, "3.0")
	into := filepath.Join(t.TempDir(), "app")
	if _, err := Install(t.Context(), realOptions(t, one, into).Options); err != nil {
		t.Fatal(err)
	}
	there := func(name string) bool {
		_, err := os.Lstat(filepath.Join(into, filepath.FromSlash(name)))
		return err == nil
	}
	back := func(want string) {
		t.Helper()
		if _, err := Rollback(t.Context(), realOptions(t, "", into)); err != nil || numberIn(t, into) != want {
			t.Fatalf("rolled back to %s, want %s: %v", numberIn(t, into), want, err)
		}
	}
	for _, start := range []string{"grep -q 2.0 etc/number", "false"} {
		if _, err := Update(t.Context(), realOptions(t, two, into)); err != nil {
			t.Fatal(err)
		}
		o := realOptions(t, three, into)
		o.Start = start
		want := "app 2.0 is there again"
		if start == "false" {
			want += ", and didn't start either: running --start"
		}
		if _, err := Update(t.Context(), o); fault.CodeOf(err, 0) != 1 || !strings.Contains(err.Error(), want) || numberIn(t, into) != "2.0" {
			t.Fatalf("a start that fails: %v", err)
		}
		back("1.0")
	}
	for _, source := range []string{two, three} {
		if _, err := Update(t.Context(), realOptions(t, source, into)); err != nil {
			t.Fatal(err)
		}
	}
	if there(heldDir) || there(goneDir) {
		t.Error("what 1.0 left is there, and 3.0 works")
	}
	back("2.0")
	if _, err := Rollback(t.Context(), realOptions(t, "", into)); fault.CodeOf(err, 0) != 2 || there(path.Dir(previousPlan)) {
		t.Errorf("a second rollback: %v", err)
	}
}
