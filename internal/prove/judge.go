package prove

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/machinecode"
	"github.com/binary-buildout/binary-buildout/pack"
)

// buildout runs bin/buildout with flags, and judges what it says and does.
func (r *run) buildout(ctx context.Context, code machinecode.Files, flags ...string) (ok bool, err error) {
	name := strings.Join(append([]string{"bin/buildout"}, flags...), " ")
	if ok, err := r.step(ctx, name, r.buildoutPath(), flags...); !ok {
		return false, err
	}
	s := &r.proof.Steps[len(r.proof.Steps)-1]
	said := readOutput(s.Output)
	updated := 0
	for _, p := range said.problems(r.manifest.Parts, r.o.Volatile) {
		r.proof.fail("every part must only be updated on the target: see docs/design.md on signatures, or list it in volatile", "%s: %s", name, p)
	}
	for _, part := range r.manifest.Parts {
		if slices.Contains(said.updating, part.Name) {
			updated++
		}
	}
	r.proof.Parts = updated
	r.proof.Notes = append(r.proof.Notes, said.notes(name)...)
	now, err := r.machineCode()
	if err != nil {
		return false, err
	}
	for _, c := range code.Changes(now) {
		r.proof.fail("bin/buildout must not touch what was compiled", "%s: %s", name, c)
	}
	return true, nil
}

// buildoutPath is the tree's bin/buildout.
func (r *run) buildoutPath() string {
	path := filepath.Join(r.tree, "bin", "buildout")
	if r.o.OS == "windows" {
		path += ".exe"
	}
	return path
}

// machineCode reads all files of machine code, and those that the manifest calls so.
func (r *run) machineCode() (machinecode.Files, error) {
	if r.code == nil {
		r.code = &machinecode.Reader{Skip: archive.Dir, Named: map[string]bool{}}
		for _, e := range r.manifest.Extensions {
			r.code.Named[e.Path] = true
		}
	}
	found, err := r.code.Read(r.tree)
	if err != nil {
		return nil, fmt.Errorf("reading the extensions: %w", err)
	}
	return found, nil
}

// said is what a run of buildout printed of its parts.
type said struct {
	installing, uninstalling, updating []string
	fetching                           []string // lines that ask for something of the network
	generated                          []string
}

var partLine = regexp.MustCompile(`^(Installing|Uninstalling|Updating) (.+)\.$`)

// readOutput reads the lines that zc.buildout 1.7 to 6 logs.
func readOutput(out string) said {
	var s said
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\r\n")
		if m := partLine.FindStringSubmatch(line); m != nil {
			list := map[string]*[]string{"Installing": &s.installing, "Uninstalling": &s.uninstalling, "Updating": &s.updating}[m[1]]
			*list = append(*list, m[2])
			continue
		}
		switch {
		case strings.HasPrefix(line, "Getting distribution for "), strings.HasPrefix(line, "Got "), strings.HasPrefix(line, "Upgraded:"),
			strings.HasPrefix(line, "Getting section "), strings.HasPrefix(line, "Downloading "):
			s.fetching = append(s.fetching, line)
		case strings.HasPrefix(line, "Generated script "), strings.HasPrefix(line, "Generated interpreter "):
			s.generated = append(s.generated, line)
		}
	}
	return s
}

// problems compares what was printed with the parts.
func (s said) problems(parts []archive.Part, volatile []string) []string {
	var out []string
	may := func(name string) bool { return slices.Contains(volatile, name) }
	for _, name := range s.uninstalling {
		if !may(name) {
			out = append(out, fmt.Sprintf("part %s is uninstalled", name))
		}
	}
	for _, name := range s.installing {
		if !may(name) {
			out = append(out, fmt.Sprintf("part %s is installed again", name))
		}
	}
	for _, p := range parts {
		if !slices.Contains(s.updating, p.Name) && !slices.Contains(s.installing, p.Name) {
			out = append(out, fmt.Sprintf("part %s isn't updated", p.Name))
		}
	}
	for _, line := range s.fetching {
		out = append(out, "it says: "+line)
	}
	return out
}

func (s said) notes(name string) []string {
	var out []string
	for _, line := range s.generated {
		out = append(out, name+": "+line)
	}
	return out
}

// leftover is a path of the build in a file of the tree.
type leftover struct{ file, path string }

// leftovers looks for the build's places in contents and links of the tree,
// in each form that they are looked for while packing, but not in
// .binary-buildout: relocation lists have to name them. Nor in the files that
// packing has left as they are by a rule, and listed.
func leftovers(ctx context.Context, tree string, places *pack.Finder, excepted map[string]bool) ([]leftover, error) {
	var files []string
	var found []leftover
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(tree, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case d.IsDir() && name == archive.Dir:
			return filepath.SkipDir
		case excepted[name]:
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			p, err := places.Find(strings.NewReader(link))
			if p != "" {
				found = append(found, leftover{name, p})
			}
			return err
		case d.Type().IsRegular():
			files = append(files, rel)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for the build's paths: %w", err)
	}
	more, err := searchFiles(ctx, tree, files, places)
	found = append(found, more...)
	slices.SortFunc(found, func(a, b leftover) int { return strings.Compare(a.file, b.file) })
	return found, err
}

// searchFiles reads the files on all cores.
func searchFiles(ctx context.Context, tree string, files []string, places *pack.Finder) ([]leftover, error) {
	var mu sync.Mutex
	var found []leftover
	var firstErr error
	next := make(chan string)
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() {
			for rel := range next {
				p, err := searchFile(filepath.Join(tree, rel), places)
				mu.Lock()
				if err != nil && firstErr == nil {
					firstErr = fmt.Errorf("looking for the build's paths: %w", err)
				}
				if p != "" {
					found = append(found, leftover{filepath.ToSlash(rel), p})
				}
				mu.Unlock()
			}
		})
	}
	for _, f := range files {
		if ctx.Err() != nil {
			break
		}
		next <- f
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return found, firstErr
}

func searchFile(path string, places *pack.Finder) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return places.Find(f)
}
