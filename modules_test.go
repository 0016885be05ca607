package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/modules.md anew")

// docs/modules.md names the modules whose packages are in the binary of any
// system, and which of those that we import brings each.
func TestModules(t *testing.T) {
	brought := map[string]map[string]bool{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		for module, by := range listPackages(t, system).brought() {
			if brought[module] == nil {
				brought[module] = map[string]bool{}
			}
			maps.Copy(brought[module], by)
		}
	}
	want := modulesPage(brought)
	const page = "docs/modules.md"
	if *update {
		if err := os.WriteFile(page, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s isn't what go list says, which go test -run TestModules -update . writes: %v\n%s", page, err, want)
	}
}

// modulesPage is docs/modules.md.
func modulesPage(brought map[string]map[string]bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# The modules in the binary

The %d modules that the program is linked from, on Linux, macOS or Windows, and what brings each. Their versions are
go.mod's, and why each of ours is there says [design.md](design.md#dependencies). `+"`go version -m binary-buildout`"+` says the same
of one binary. A test writes this page (`+"`go test -run TestModules -update .`"+`) and compares it with `+"`go list -deps`"+`.

| module | brought by |
| --- | --- |
`, len(brought))
	for _, module := range slices.Sorted(maps.Keys(brought)) {
		by := strings.Join(slices.Sorted(maps.Keys(brought[module])), ", ")
		fmt.Fprintf(&b, "| %s | %s |\n", module, by)
	}
	return b.Bytes()
}

// listed is what go list says of one package.
type listed struct {
	ImportPath string
	Imports    []string
	Module     *struct {
		Path string
		Main bool
	}
}

// packages are the packages of a binary, by their import path.
type packages map[string]listed

// listPackages lists what the binary for a system is linked from, but for the
// standard library.
func listPackages(t *testing.T, system string) packages {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Module", ".")
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := packages{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Module != nil {
			all[p.ImportPath] = p
		}
	}
}

// brought gives for each module those that a package of ours imports and that
// import it, at whatever distance; "binary-buildout" where one of ours does.
func (all packages) brought() map[string]map[string]bool {
	by := map[string]map[string]bool{}
	var follow func(path, bringer string, seen map[string]bool)
	follow = func(path, bringer string, seen map[string]bool) {
		p, ok := all[path]
		if !ok || seen[path] {
			return
		}
		seen[path] = true
		if by[p.Module.Path] == nil {
			by[p.Module.Path] = map[string]bool{}
		}
		if p.Module.Path != bringer {
			by[p.Module.Path][bringer] = true
		}
		for _, next := range p.Imports {
			follow(next, bringer, seen)
		}
	}
	reached := map[string]map[string]bool{}
	for _, p := range all {
		if !p.Module.Main {
			continue
		}
		for _, path := range p.Imports {
			q, ok := all[path]
			if !ok || q.Module.Main {
				continue
			}
			bringer := q.Module.Path
			if reached[bringer] == nil {
				reached[bringer] = map[string]bool{}
			}
			follow(path, bringer, reached[bringer])
			by[bringer]["binary-buildout"] = true
		}
	}
	return by
}
