package action

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The binary: by digest of the sources, or built; a wrong download is fatal.
func TestBinary(t *testing.T) {
	const released = "#!/bin/sh\necho released\n"
	sum := sha256.Sum256([]byte(released))
	body := released
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v9/binary-buildout-linux-amd64" && r.URL.Path != "/v9/binary-buildout-darwin-arm64" && r.URL.Path != "/v9/binary-buildout-windows-arm64.exe" || body == "" {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte(body))
	}))
	defer s.Close()
	for name, shell := range shells(t) {
		for _, tt := range []struct {
			name   string
			source string // empty: the tree's
			body   string
			path   string // "go": with a go that builds; "macOS ARM64": of that runner
			want   string // what the binary says, or the error
			code   int
		}{
			{"released", "", released, "", "released", 0},
			{"released for macOS", "", released, "macOS ARM64", "released", 0},
			{"released for Windows", "", released, "Windows ARM64", "released", 0},
			{"changed for macOS", "", "#!/bin/sh\necho evil\n", "macOS ARM64", "darwin-arm64 has SHA-256 ", 3},
			{"another system", "", released, "FreeBSD X64", "does not run on FreeBSD", 3},
			{"another architecture", "", released, "Linux ARM", "no released binary for linux-other", 3},
			{"other sources are built", "0000", released, "go", "built", 0},
			{"not there is built", "", "", "go", "built", 0},
			{"a wrong digest is fatal", "", "#!/bin/sh\necho evil\n", "go", "should have " + hex.EncodeToString(sum[:]), 3},
			{"no Go", "0000", released, "", "use the action at its last release, v9.1", 3},
		} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				dir := t.TempDir()
				tree := copyTree(t, dir)
				body = tt.body
				source := strings.TrimSpace(script(t, shell, dir, tree+"/action/digest.sh", nil).out)
				if tt.source != "" {
					source = tt.source
				}
				write(t, tree+"/action/binaries.json", "{\n  \"format\": 1,\n  \"version\": \"9.1\",\n  \"url\": \""+s.URL+"/v9/\",\n  \"source\": \""+source+"\",\n  \"binaries\": {\n    \"linux-amd64\": \""+hex.EncodeToString(sum[:])+"\",\n    \"darwin-arm64\": \""+hex.EncodeToString(sum[:])+"\",\n    \"windows-arm64\": \""+hex.EncodeToString(sum[:])+"\"\n  }\n}\n", 0o644)
				env := map[string]string{"RUNNER_TEMP": dir + "/temp", "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64", "GITHUB_OUTPUT": dir + "/output", "PATH": tools(t, dir, tt.path == "go")}
				if runner, arch, ok := strings.Cut(tt.path, " "); ok {
					env["RUNNER_OS"], env["RUNNER_ARCH"] = runner, arch
				}
				name := "binary-buildout"
				switch env["RUNNER_OS"] {
				case "macOS": // has shasum and no sha256sum
					shasum, err := exec.LookPath("shasum")
					if err != nil || os.Symlink(shasum, dir+"/tools/shasum") != nil || os.Remove(dir+"/tools/sha256sum") != nil {
						t.Fatal(err)
					}
				case "Windows":
					name += ".exe"
				}
				got := script(t, shell, dir, tree+"/action/binary.sh", env)
				if got.code != tt.code {
					t.Fatalf("%+v", got)
				}
				bin := dir + "/temp/binary-buildout/" + name
				if tt.code != 0 {
					if !strings.Contains(got.stderr, tt.want) || !strings.Contains(got.out, "::error::") {
						t.Errorf("%+v", got)
					}
					if _, err := os.Stat(bin); err == nil {
						t.Error("there is a binary all the same")
					}
					return
				}
				out, err := exec.Command(bin).Output()
				if err != nil || string(out) != tt.want+"\n" || read(t, dir+"/output") != "path="+bin+"\n" {
					t.Errorf("%s %v %s", out, err, read(t, dir+"/output"))
				}
			})
		}
	}
}

func TestBinaryGiven(t *testing.T) {
	dir := t.TempDir()
	bin := write(t, dir+"/x", "", 0o755)
	got := script(t, []string{"/bin/sh"}, dir, "binary.sh", map[string]string{"BB_BINARY": bin, "GITHUB_OUTPUT": dir + "/o"})
	if got.code != 0 || read(t, dir+"/o") != "path="+bin+"\n" {
		t.Errorf("%+v", got)
	}
	if got := script(t, []string{"/bin/sh"}, dir, "binary.sh", map[string]string{"BB_BINARY": bin + "y"}); got.code != 3 {
		t.Errorf("%+v", got)
	}
}

// The digest is over sources alone: not tests, nor what Python leaves.
func TestDigest(t *testing.T) {
	sh := []string{"/bin/sh"}
	dir := t.TempDir()
	tree := copyTree(t, dir)
	digest := func() string { return script(t, sh, dir, tree+"/action/digest.sh", nil).out }
	first := digest()
	if len(first) != 65 {
		t.Fatal(first)
	}
	write(t, tree+"/pack/x_test.go", "package pack", 0o644)
	write(t, tree+"/pack/__pycache__/a.pyc", "x", 0o644)
	write(t, tree+"/target/cases/x.json", "[]", 0o644)
	write(t, tree+"/release/testdata/x", "x", 0o644)
	write(t, tree+"/target/src/tests/test_x.py", "x", 0o644)
	write(t, tree+"/target/updatetest/x.go", "package updatetest", 0o644)
	if digest() != first {
		t.Error("tests count")
	}
	write(t, tree+"/target/src/tree.py", "changed", 0o644)
	if digest() == first {
		t.Error("an embedded file doesn't count")
	}
	// The scripts say the same in every shell.
	for name, shell := range shells(t) {
		if got := script(t, shell, dir, tree+"/action/digest.sh", nil).out; got != digest() {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// sources are what action/digest.sh counts: files, and directories with all in them.
func sources(t *testing.T) []string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^files=\$\(find (.+) -type f`).FindStringSubmatch(read(t, "digest.sh"))
	if m == nil {
		t.Fatal("digest.sh finds no files")
	}
	return strings.Fields(m[1])
}

// copySources copies them, and more of this repository, into a tree.
func copySources(t *testing.T, tree string, more ...string) {
	t.Helper()
	args := append([]string{"-r"}, sources(t)...)
	sh(t, "..", "cp", append(append(args, more...), tree)...)
}

// TestSources: each package that go build reads lies in what digest.sh counts.
func TestSources(t *testing.T) {
	const module = "github.com/binary-buildout/binary-buildout/"
	out, err := exec.Command("go", "list", "-deps", "..").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		dir, ok := strings.CutPrefix(name, module)
		if top, _, _ := strings.Cut(dir, "/"); ok && !slices.Contains(sources(t), top) {
			t.Errorf("digest.sh doesn't count %s", dir)
		}
	}
}

// copyTree makes a small tree with the action's scripts.
func copyTree(t *testing.T, dir string) string {
	tree := dir + "/tree with space"
	for _, name := range []string{"binary.sh", "digest.sh"} {
		write(t, tree+"/action/"+name, read(t, name), 0o644)
	}
	for _, name := range []string{"main.go", "go.mod", "go.sum", "archive/a.go", "pack/a.go", "matrix/a.go", "target/src/tree.py", "release/a.go", "internal/cli/a.go"} {
		write(t, tree+"/"+name, "// "+name+"\n", 0o644)
	}
	return tree
}

// tools is a PATH of what the scripts may use, with or without a go.
func tools(t *testing.T, dir string, withGo bool) string {
	for _, name := range []string{"sh", "dirname", "sed", "head", "cut", "tr", "find", "sort", "sha256sum", "mkdir", "rm", "mv", "chmod", "curl", "uname", "cat"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir+"/tools", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, dir+"/tools/"+name); err != nil {
			t.Fatal(err)
		}
	}
	if withGo {
		write(t, dir+"/tools/go", "#!/bin/sh\nwhile [ $# -gt 1 ]; do if [ \"$1\" = -o ]; then out=$2; fi; shift; done\nprintf '#!/bin/sh\\necho built\\n' >\"$out\"\nchmod 755 \"$out\"\n", 0o755)
	}
	return dir + "/tools"
}
