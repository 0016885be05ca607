//go:build unix

package install

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// TestVerified: an archive whose attestation is right is installed without a
// warning, and says so. It is a bundle that GitHub made, so the directory has
// to be believed to have that file already; every check runs all the same.
func TestVerified(t *testing.T) {
	dir, x := release(t)
	o := remoteOptions(t, dir)
	if _, err := Install(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	const digest = "49a3aa6075e0f49f82843e74b5baa614ad2a588e6675612bf108a0a008c5ac25"
	r, err := readRecord(o.Into)
	if err != nil {
		t.Fatal(err)
	}
	r.SHA256 = digest
	if err := writeJSON(filepath.Join(o.Into, recordName), r); err != nil {
		t.Fatal(err)
	}
	x.Assets = x.Assets[1:2]
	x.Assets[0].Name, x.Assets[0].SHA256 = "github_provenance_demo-0.0.0-py3-none-any.whl", digest
	writeIndex(t, dir, x)
	mkfile(t, filepath.Join(dir, attestationName), string(readBundle(t, "reusable-workflow.sigstore.json")))
	o.RequireAttestation, o.SignerRepo = true, "malancas/attest-demo"
	// A folder gives the path; a server would be asked for nothing.
	mkfile(t, filepath.Join(dir, x.Assets[0].Name), "")
	_, err = Install(t.Context(), o)
	wantError(t, err, 1, "its SHA-256 is e3b0c442", "should be "+digest)

	at, err := attest(t.Context(), o, evidence{dir, "", folder{dir}.document}, x.Assets[0])
	if err != nil || at.state != attestationVerified || len(at.warnings) > 0 {
		t.Errorf("%+v, %v", at, err)
	}
	o.SignerRepo = "malancas/other"
	_, err = Install(t.Context(), o)
	wantError(t, err, 1, "it was signed by a workflow of https://github.com/malancas/attest-demo")
	x.Assets[0].SHA256 = strings.Repeat("ab", 32)
	writeIndex(t, dir, x)
	o.SignerRepo = "malancas/attest-demo"
	_, err = Install(t.Context(), o)
	wantError(t, err, 1, "checking the attestation", "digest")
}

// TestNoDownloadLeft: a download that failed is left where the next run finds it,
// and nothing of it where that can't be.
func TestNoDownloadLeft(t *testing.T) {
	dir, x := release(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if filepath.Base(r.URL.Path) == x.Assets[1].Name {
			w.Header().Set("Content-Length", strconv.FormatInt(x.Assets[1].Size, 10))
			_, _ = w.Write([]byte("x"))
			return
		}
		http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
	}))
	defer srv.Close()
	o := remoteOptions(t, srv.URL)
	o.Remote.Attempts = 1
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	_, err := Install(t.Context(), o)
	wantError(t, err, 3, "resumes the download")
	at := filepath.Join(filepath.Dir(o.Into), ".app.binary-buildout.download")
	onlyThese(t, at, scratch.LockName, x.Assets[1].SHA256+".part")
	if err := os.RemoveAll(at); err != nil {
		t.Fatal(err)
	}
	mkfile(t, at, "a file is in its place")
	_, err = Install(t.Context(), o)
	wantError(t, err, 3, at+" is there: it isn't ours", "remove it")
	onlyThese(t, temporary)
}

// TestMeter: a download tells how fast it is, and how long it takes yet, of
// what this run fetches.
func TestMeter(t *testing.T) {
	var events []Event
	m := newMeter(Options{Progress: func(e Event) { events = append(events, e) }}, "a", 4000)
	m.start(1000)
	m.began = time.Now().Add(-2 * time.Second)
	m.add(1000)
	m.add(10) // too soon to tell
	if len(events) != 2 || events[0].Done != 1000 || events[0].Total != 4000 {
		t.Fatalf("%+v", events)
	}
	e := events[1]
	if e.Done != 2000 || e.Rate < 400 || e.Rate > 500 || e.Left < 4*time.Second || e.Left > 5*time.Second {
		t.Errorf("%+v", e)
	}
	m.add(1990)
	if last := events[len(events)-1]; last.Done != 4000 || last.Left != 0 {
		t.Errorf("%+v", last)
	}
}

// TestOwnerWhole: as root, each file and directory belongs to whom it shall
// belong to, who can run it, and who has to be able to run its interpreter.
func TestOwnerWhole(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("only root can give files away; TestOwner sees that nobody else tries")
		return
	}
	a, p := hello(t, "1.0")
	parent, err := os.MkdirTemp("/var/tmp", "binary-buildout-owner-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(parent)
	chmod(t, parent, 0o755)
	// This machine's may lie in root's home. The one that runs as somebody else
	// only describes itself.
	python := filepath.Join(parent, "python3.13")
	described := *p
	described.Executable = python
	data, err := json.Marshal(described)
	if err != nil {
		t.Fatal(err)
	}
	mkfile(t, python, fmt.Sprintf("#!/bin/sh\nif [ $(id -u) = 0 ]; then exec %s \"$@\"; fi\nprintf '%%s\\n' '%s'\n", p.Executable, data))
	chmod(t, python, 0o755)
	o := options(installtest.Make(t, t.TempDir(), a), filepath.Join(parent, "app"))
	o.Owner, o.Python = "nobody:daemon", python
	res, err := Install(t.Context(), o)
	if err != nil || !res.Changed {
		t.Fatalf("%+v, %v", res, err)
	}
	who, err := lookupOwner(o.Owner)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for path := range snapshot(t, o.Into) {
		fi, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if st := fi.Sys().(*syscall.Stat_t); int(st.Uid) != who.uid || int(st.Gid) != who.gid {
			t.Errorf("%s belongs to %d:%d", path, st.Uid, st.Gid)
		}
		n++
	}
	if n < 8 {
		t.Errorf("%d files", n)
	}
	cmd := exec.Command(filepath.Join(o.Into, "bin", "hello"))
	cmd.Dir = "/"
	who.run(cmd)
	if out, err := cmd.Output(); err != nil || !strings.HasPrefix(string(out), "1.0 "+o.Into+" ") {
		t.Errorf("%q, %v", out, err)
	}
	// The same again, by the owner's name alone and by numbers.
	for _, owner := range []string{"nobody", fmt.Sprintf("%d:%d", who.uid, who.gid)} {
		o.Owner = owner
		if res, err := Install(t.Context(), o); err != nil || res.Changed {
			t.Errorf("%s: %+v, %v", owner, res, err)
		}
	}
	// One that only root can run.
	o.Into, o.Owner = filepath.Join(parent, "other"), "nobody"
	chmod(t, python, 0o700)
	_, err = Install(t.Context(), o)
	wantError(t, err, 2, "permission denied", "that nobody can run")
	onlyThese(t, parent, "app", "python3.13")
}
