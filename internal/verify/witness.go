package verify

import (
	"bufio"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
	programs "github.com/binary-buildout/binary-buildout/target"
)

//go:embed witness/*.py
var witness embed.FS

// The environment of a build that is watched: InstallWitness gives both.
const (
	witnessLog = "BINARY_BUILDOUT_WITNESS"
	pythonPath = "PYTHONPATH"
)

// InstallWitness writes the build's witness into dir, which must not be in the
// tree, and gives the variables that a build has to have so that every setup.py
// of it, under pip's build isolation too, writes what it declares to the file
// logName. env is the build's environment without them: its PYTHONPATH is kept.
//
// The witness touches neither the interpreter nor the tree. It is a
// sitecustomize.py on PYTHONPATH that passes itself on to each Python started
// from there, so whoever starts the build must start its children with that
// PYTHONPATH: an interpreter started with -E or -I is not watched itself, but
// the pip and setup.py processes that zc.buildout starts are.
func InstallWitness(dir, logName string, env []string) ([]string, error) {
	entries, err := witness.ReadDir("witness")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	files := map[string][]byte{"binary_buildout_names.py": []byte(programs.Names())}
	for _, e := range entries {
		if files[e.Name()], err = witness.ReadFile("witness/" + e.Name()); err != nil {
			return nil, err
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return nil, fmt.Errorf("writing the build's witness: %w", err)
		}
	}
	path := dir
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, pythonPath+"="); ok && v != "" {
			path = dir + string(os.PathListSeparator) + v
		}
	}
	return []string{pythonPath + "=" + path, witnessLog + "=" + logName}, nil
}

// Declaration is what one build said of itself, all its lines of the log together.
type Declaration struct {
	Project   string              `json:"project"`
	Version   string              `json:"version"`
	Backend   string              `json:"backend"`
	Directory string              `json:"directory"`
	Modules   []string            `json:"modules"`
	Optional  []string            `json:"optional"`
	Built     []string            `json:"built"`
	Sources   map[string][]string `json:"sources"`
	Errors    []BuildError        `json:"errors"`
	// Outer is the project whose source tree the build ran in, where a setup.py that only
	// compiles calls itself something else.
	Outer string `json:"outer"`
	// Unbuilt are modules that its sources define and that it didn't declare, by the last part of
	// their names. Looked says that they were looked for.
	Unbuilt []string `json:"unbuilt"`
	Looked  bool     `json:"looked"`
	also    []string // further directories
	// How says of modules that no ext_modules declared how they are known.
	How map[string]string `json:"how"`
}

// BuildError is a compiler that failed.
type BuildError struct {
	Module  string   `json:"module"`
	Command []string `json:"command"`
	Lines   []string `json:"lines"`
}

// ReadDeclarations reads the witness's log. Lines of the same project and version add up.
func ReadDeclarations(r io.Reader) ([]Declaration, error) {
	var all []Declaration
	index := map[string]int{}
	err := eachLine(r, func(line []byte) error {
		var d Declaration
		if err := json.Unmarshal(line, &d); err != nil {
			return err
		}
		key := pydist.PlainName(d.Project) + " " + d.Version
		i, ok := index[key]
		if !ok {
			index[key] = len(all)
			all = append(all, d)
			return nil
		}
		all[i].merge(d)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading what builds declared: %w", err)
	}
	return all, nil
}

func (d *Declaration) merge(o Declaration) {
	d.Modules, d.Optional, d.Built = union(d.Modules, o.Modules), union(d.Optional, o.Optional), union(d.Built, o.Built)
	d.Errors = append(d.Errors, o.Errors...)
	d.Looked = d.Looked || o.Looked
	d.also = union(d.also, []string{o.Directory})
	d.Unbuilt, d.Outer = union(d.Unbuilt, o.Unbuilt), orDefault(d.Outer, o.Outer)
	for m, how := range o.How {
		if d.How == nil {
			d.How = map[string]string{}
		}
		if d.How[m] == "" { // the first one knew it before it was made
			d.How[m] = how
		}
	}
	for m, s := range o.Sources {
		if d.Sources == nil {
			d.Sources = map[string][]string{}
		}
		d.Sources[m] = union(d.Sources[m], s)
	}
}

// in says whether a path is the source tree of the build, or lies in it.
func (d *Declaration) in(path string) bool {
	for _, dir := range append([]string{d.Directory}, d.also...) {
		if dir != "" && (path == dir || strings.HasPrefix(path, dir+"/")) {
			return true
		}
	}
	return false
}

func union(a, b []string) []string {
	for _, v := range b {
		if !slices.Contains(a, v) {
			a = append(a, v)
		}
	}
	return a
}

// Compile is one line of a compiler wrapper's log.
type Compile struct {
	Argv   []string `json:"argv"`
	Cwd    string   `json:"cwd"`
	Build  string   `json:"build"` // the source tree that was built, if that is known
	Exit   int      `json:"exit"`
	Stderr string   `json:"stderr"`
}

// ReadCompiles reads a compiler wrapper's log, and keeps what failed.
func ReadCompiles(r io.Reader) ([]Compile, error) {
	var all []Compile
	err := eachLine(r, func(line []byte) error {
		var c Compile
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		if c.Exit != 0 {
			all = append(all, c)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the compilers' log: %w", err)
	}
	return all, nil
}

func eachLine(r io.Reader, f func([]byte) error) error {
	b := bufio.NewReader(r)
	for {
		line, err := b.ReadBytes('\n')
		if len(strings.TrimSpace(string(line))) > 0 {
			if err := f(line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// ReadLogs reads both logs; a file that isn't there is an empty one.
func ReadLogs(declared, compiles string) ([]Declaration, []Compile, error) {
	var ds []Declaration
	var cs []Compile
	err := open(declared, func(r io.Reader) (err error) { ds, err = ReadDeclarations(r); return })
	if err == nil {
		err = open(compiles, func(r io.Reader) (err error) { cs, err = ReadCompiles(r); return })
	}
	return ds, cs, err
}

func open(name string, f func(io.Reader) error) error {
	r, err := os.Open(name)
	if name == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	return f(r)
}
