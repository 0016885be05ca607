package buildout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/plural"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// Reused says what a build took over from the last archive.
type Reused struct {
	Archive string   `json:"archive"`           // its file name
	Version string   `json:"version"`           // of the application in it
	Why     string   `json:"why,omitempty"`     // nothing was taken over: why
	Eggs    []string `json:"eggs,omitempty"`    // relative paths
	Parts   []string `json:"parts,omitempty"`   // names
	Develop []string `json:"develop,omitempty"` // relative paths of packages that were not built again
}

// last is the last archive, unpacked beside the stage and fitted to it: its
// files name the stage's paths, so that what is moved there is right as it is.
type last struct {
	dir       string
	manifest  archive.Manifest
	reused    *Reused
	doubtful  map[string]bool // "egg NAME" and "part NAME" that something was missing of
	installed []Installed     // what its .installed.cfg says
	eggs      []string        // paths in the stage that came from it
	compiled  []string        // those of them that were compiled where it was built
	kept      []string        // parts in the stage's .installed.cfg
	develop   map[string]*reusableDevelop

	// fitted waits until the archive is fitted, and gives why it could not be.
	// Before that its files can be read, and none is to be moved.
	fitted func() error
}

// path is where the fitted archive has what lies at a path of the stage.
func (l *last) path(b *builder, inStage string) string {
	rel, err := filepath.Rel(b.s.root, inStage)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.Join(l.dir, rel)
}

// take moves a file or directory of the archive to its place in the stage,
// unless something is there.
func (l *last) take(b *builder, inStage string) (bool, error) {
	from := l.path(b, inStage)
	if from == "" || !there(from) || there(inStage) {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(inStage), 0o755); err != nil {
		return false, err
	}
	return true, os.Rename(from, inStage)
}

// there is whether something lies at path, a broken link too.
func there(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// reuse puts into the stage what the last archive has of this configuration,
// and tells the build (py/reuse.py) what it is.
func (b *builder) reuse(l *last, t toolset, c config) error {
	if l == nil {
		return nil
	}
	doing := "reusing " + b.reused.Archive
	if l.manifest.Buildout != t.Buildout {
		b.buildAll("it was built by zc.buildout " + l.manifest.Buildout + ", and this is " + t.Buildout)
		return nil
	}
	if was, is := l.manifest.Toolchain[toolsKey], b.made[toolsKey]; was != is {
		b.buildAll(fmt.Sprintf("it was built with %s, and this is %s", was, is))
		return nil
	}
	tree := &Tree{Root: b.s.root, config: c}
	if err := l.takeEggs(b, tree, t); err != nil {
		return surroundings(doing, "", err)
	}
	touched, err := l.takeParts(b, tree)
	if err != nil {
		return surroundings(doing, "", err)
	}
	hook, err := l.hook(b, t, touched)
	if err != nil {
		return surroundings(doing, "", err)
	}
	b.addHook(hook)
	return nil
}

// takeEggs moves the eggs into the stage. Those of zc.buildout and what it
// needs were chosen anew, whatever the last archive has. Where a virtualenv has
// a distribution, zc.buildout gets the egg all the same, and later runs take the
// virtualenv's: so the egg has to be missing.
func (l *last) takeEggs(b *builder, tree *Tree, t toolset) error {
	tool := map[string]bool{}
	for _, e := range t.all() {
		tool[pydist.PlainName(e.Name)] = true
	}
	built := map[string]bool{}
	for _, d := range l.manifest.Builds {
		built[pydist.PlainName(d.Project)] = true
	}
	dir := tree.dir("eggs-directory")
	for _, egg := range eggDirs(l.path(b, dir)) {
		e := (&Tree{Root: l.dir}).egg(egg, false)
		if tool[pydist.PlainName(e.Name)] || l.doubtful["egg "+pydist.PlainName(e.Name)] {
			continue
		}
		place := filepath.Join(dir, filepath.Base(egg))
		if ok, err := l.take(b, place); err != nil {
			return err
		} else if !ok {
			continue
		}
		l.eggs = append(l.eggs, place)
		if built[pydist.PlainName(e.Name)] {
			l.compiled = append(l.compiled, place)
		}
	}
	return nil
}

// finishReuse removes what a build from nothing would not have, and notes what
// was taken over.
func (b *builder) finishReuse(l *last, t *Tree) error {
	if l == nil || b.reused.Why != "" {
		return nil
	}
	doing := "reusing " + b.reused.Archive
	var said struct{ Used, Develop, Installed []string }
	data, err := os.ReadFile(b.reuseFile("reused.json"))
	if err == nil {
		err = json.Unmarshal(data, &said)
	}
	if err != nil {
		return surroundings(doing, "", err)
	}
	for _, egg := range l.eggs {
		if !exists(egg) {
			continue
		}
		if !slices.Contains(said.Used, egg) {
			if err := scratch.RemoveAll(egg); err != nil {
				return surroundings(doing, "", err)
			}
			continue
		}
		b.reused.Eggs = append(b.reused.Eggs, t.rel(egg))
	}
	for _, part := range l.kept {
		if !slices.Contains(said.Installed, part) {
			b.reused.Parts = append(b.reused.Parts, part)
		}
	}
	for _, folder := range said.Develop {
		b.reused.Develop = append(b.reused.Develop, t.rel(folder))
	}
	t.Reused = b.reused
	if err := l.witnesses(b, t); err != nil {
		return surroundings(doing, "", err)
	}
	b.event(ReuseEvent, fmt.Sprintf("reusing from %s: %s, %s and %s", b.reused.Archive,
		plural.Of(len(b.reused.Eggs), "egg"), plural.Of(len(b.reused.Parts), "part"), plural.Of(len(b.reused.Develop), "develop package")))
	return scratch.RemoveAll(l.dir)
}

// witnesses adds what the builds of the reused distributions declared to the
// log of this build's: a missing extension is missed whoever built it.
func (l *last) witnesses(b *builder, t *Tree) error {
	have := map[string]bool{}
	for _, path := range b.reused.Eggs {
		e := t.egg(filepath.Join(t.Root, filepath.FromSlash(path)), false)
		have[pydist.PlainName(e.Name)+" "+e.Version] = true
	}
	for _, i := range l.installed {
		for _, path := range i.Paths {
			if slices.Contains(b.reused.Parts, i.Part) && strings.HasSuffix(path, ".egg") {
				e := t.egg(path, false)
				have[pydist.PlainName(e.Name)+" "+e.Version] = true
			}
		}
	}
	file, err := os.OpenFile(b.declared(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	for _, d := range l.manifest.Builds {
		if !have[pydist.PlainName(d.Project)+" "+d.Version] && !slices.Contains(b.reused.Develop, d.Directory) {
			continue
		}
		if d.Directory != "" {
			d.Directory = filepath.Join(t.Root, filepath.FromSlash(d.Directory))
		}
		line, merr := json.Marshal(d)
		if merr != nil {
			return errors.Join(merr, file.Close())
		}
		if _, err := fmt.Fprintf(file, "%s\n", line); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	return file.Close()
}

// sameFile is whether two files have the same content.
func sameFile(a, b string) bool {
	x, err := os.Open(a)
	if err != nil {
		return false
	}
	defer x.Close()
	y, err := os.Open(b)
	if err != nil {
		return false
	}
	defer y.Close()
	p, q := make([]byte, 1<<16), make([]byte, 1<<16)
	for {
		n, err := io.ReadFull(x, p)
		m, err2 := io.ReadFull(y, q)
		if n != m || !bytes.Equal(p[:n], q[:m]) {
			return false
		}
		if err != nil || err2 != nil {
			return errors.Is(err, io.EOF) && errors.Is(err2, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && errors.Is(err2, io.ErrUnexpectedEOF)
		}
	}
}

// reusedTools are zc.buildout and what it needs in the last archive, if every
// one of them is pinned to the version that it has: no index need then be asked.
func (m toolmaker) reusedTools(pins []pin) (toolset, bool) {
	var t toolset
	if m.last == nil {
		return t, false
	}
	data, err := os.ReadFile(filepath.Join(m.last.dir, filepath.FromSlash(archive.LaunchName)))
	var launch archive.Launch
	if err != nil || json.Unmarshal(data, &launch) != nil {
		return t, false
	}
	for _, path := range launch.Path {
		egg := filepath.Join(m.last.dir, filepath.FromSlash(path))
		e := (&Tree{Root: m.last.dir}).egg(egg, false)
		if v := exactly(pins, strings.ReplaceAll(pydist.PlainName(e.Name), "-", ".")); v == "" || v != e.Version || !exists(egg) {
			return toolset{}, false
		}
		t.Eggs = append(t.Eggs, madeEgg{Name: e.Name, Version: e.Version, Path: egg})
		if pydist.PlainName(e.Name) == "zc-buildout" {
			t.Buildout = e.Version
		}
	}
	return t, t.Buildout != ""
}
