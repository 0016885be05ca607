package buildout

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// takeParts puts the compiled parts into the stage, with a .installed.cfg that
// has them alone. All others are installed anew, which compiles nothing and
// leaves what a build from nothing leaves. It gives the parts that the archive
// has and that were made from files of the checkout that are others now.
func (l *last) takeParts(b *builder, tree *Tree) (touched []string, err error) {
	if err := l.findDevelop(b, tree); err != nil {
		return nil, err
	}
	var kept []Installed
	for _, i := range l.installed {
		if !l.unchangedInputs(b, tree, i) {
			touched = append(touched, i.Part)
			continue
		}
		if _, known := tree.config.Raw[i.Part]; !known || l.doubtful["part "+i.Part] || l.writesElsewhere(b, tree, i) || !l.worthKeeping(b, i) {
			continue
		}
		kept = append(kept, i)
	}
	for _, i := range kept {
		for _, path := range i.Paths {
			if _, err := l.take(b, path); err != nil {
				return nil, err
			}
		}
		l.kept = append(l.kept, i.Part)
	}
	for part, eggs := range l.eggParts() {
		for _, egg := range eggs {
			if slices.Contains(l.kept, part) {
				continue
			}
			if err := scratch.RemoveAll(egg); err != nil {
				return nil, err
			}
		}
	}
	if len(kept) == 0 {
		return touched, nil
	}
	full, err := os.ReadFile(filepath.Join(l.dir, ".installed.cfg"))
	if err != nil {
		return nil, err
	}
	text := installedOf(string(full), l.kept)
	for _, egg := range l.eggs { // what a part found in eggs on its second run
		text = strings.ReplaceAll(text, "\n\t"+egg+"\n", "\n")
	}
	return touched, os.WriteFile(tree.installedCfg(), []byte(text), 0o644)
}

// installedOf is a .installed.cfg with some of its parts.
func installedOf(text string, parts []string) string {
	options := []string{"installed_develop_eggs = \n", "parts = " + strings.Join(parts, " ") + "\n"}
	return withParts(options, sectionLines(text), parts)
}

// worthKeeping is whether a part has compiled files, or is a develop package
// whose compiled files are there.
func (l *last) worthKeeping(b *builder, i Installed) bool {
	found := false
	for _, path := range i.Paths {
		from := l.path(b, path)
		if from == "" || !there(from) {
			if !slices.Contains(l.eggs, path) { // those are in the stage already
				return false
			}
			continue
		}
		if strings.HasSuffix(path, ".egg-link") {
			if d := l.developOf(path); d != nil {
				d.Part, found = i.Part, true
			}
			continue
		}
		found = found || holdsCompiled(from)
	}
	return found
}

// holdsCompiled is whether there is something compiled at path or below it.
func holdsCompiled(path string) bool {
	found := false
	filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && isCompiled(name) {
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found
}

// isCompiled is whether a file is a program, a library or an archive of objects.
func isCompiled(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, binfmt.MagicLen)
	n, _ := f.Read(head)
	return n == len(head) && binfmt.Magic(head) != ""
}

// unchangedInputs is whether the files of the checkout that the part's options
// name are those that it was made from. One that the archive doesn't have
// counts if the part's options hold its digest.
func (l *last) unchangedInputs(b *builder, tree *Tree, i Installed) bool {
	for key, value := range i.Options {
		if strings.HasPrefix(key, "__buildout_") {
			continue
		}
		for _, word := range strings.Fields(value) {
			for _, path := range l.inputs(b, tree, word) {
				if !l.sameInput(b, i, path) {
					return false
				}
			}
		}
	}
	return true
}

// writesElsewhere is whether the part's options name a path of the tree that is
// neither buildout's nor there yet, as nginx's --conf-path: what it installs
// there it doesn't tell zc.buildout, so it can't be taken over.
func (l *last) writesElsewhere(b *builder, tree *Tree, i Installed) bool {
	for key, value := range i.Options {
		if strings.HasPrefix(key, "__buildout_") {
			continue
		}
		for _, word := range strings.Fields(value) {
			for _, rel := range inTree(b.s.root, word) {
				if path := filepath.Join(b.s.root, rel); path != b.s.root && !exists(path) && !ofBuildout(tree, path) {
					return true
				}
			}
		}
	}
	return false
}

// inTree are the paths below root that a word of an option names, relative to it.
func inTree(root, word string) []string {
	var found []string
	for _, m := range regexp.MustCompile(regexp.QuoteMeta(root)+`([/\\][^\s:;,'"]+)`).FindAllStringSubmatch(word, -1) {
		found = append(found, m[1])
	}
	return found
}

// inputs are the paths of the checkout that a word of an option names.
func (l *last) inputs(b *builder, tree *Tree, word string) []string {
	found := inTree(b.s.root, word)
	if len(found) == 0 && !filepath.IsAbs(word) && filepath.IsLocal(word) {
		found = append(found, word)
	}
	var out []string
	for _, rel := range found {
		path := filepath.Join(b.s.root, rel)
		if path != b.s.root && exists(path) && !ofBuildout(tree, path) {
			out = append(out, path)
		}
	}
	return out
}

// ofBuildout is whether a path is one of those that zc.buildout itself fills.
func ofBuildout(tree *Tree, path string) bool {
	for _, key := range []string{"bin-directory", "parts-directory", "eggs-directory", "develop-eggs-directory"} {
		if dir := tree.dir(key); within(path, dir) || within(dir, path) {
			return true
		}
	}
	return false
}

func (l *last) sameInput(b *builder, i Installed, path string) bool {
	if _, ok := l.develop[path]; ok {
		return true // compared as a develop package
	}
	old := l.path(b, path)
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	if info.IsDir() {
		extra, same := compareSources(path, old)
		return same && len(extra) == 0
	}
	if !there(old) {
		return pinnedByDigest(i, path)
	}
	return sameFile(path, old)
}

// pinnedByDigest is whether the part's options hold the file's digest.
func pinnedByDigest(i Installed, path string) bool {
	data, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	a, c, d, e := md5.Sum(data), sha1.Sum(data), sha256.Sum256(data), sha512.Sum512(data)
	for _, sum := range [][]byte{a[:], c[:], d[:], e[:]} {
		for _, value := range i.Options {
			if strings.Contains(strings.ToLower(value), hex.EncodeToString(sum)) {
				return true
			}
		}
	}
	return false
}

// reuseJob is what py/reuse.py reads.
type reuseJob struct {
	Eggs     []string                    `json:"eggs"`
	Compiled []string                    `json:"compiled"`
	Old      string                      `json:"old"`      // the last archive's whole .installed.cfg
	Touched  []string                    `json:"touched"`  // parts whose inputs changed
	Parts    []string                    `json:"parts"`    // those in the stage's .installed.cfg
	Libs     []string                    `json:"libs"`     // parts that others may have been linked to
	EggParts map[string][]string         `json:"eggparts"` // parts that are compiled eggs, with what the eggs directory has of them
	Shelf    string                      `json:"shelf"`
	Develop  map[string]*reusableDevelop `json:"develop"`
	Site     []string                    `json:"site"` // what the virtualenv has
	Report   string                      `json:"report"`
}

func (b *builder) reuseFile(name string) string { return filepath.Join(b.s.tools, name) }

// hook writes what the launcher runs before zc.buildout, and gives its path.
func (l *last) hook(b *builder, t toolset, touched []string) (string, error) {
	job := reuseJob{Eggs: append([]string{}, l.eggs...), Compiled: append([]string{}, l.compiled...), Old: filepath.Join(l.dir, ".installed.cfg"),
		Touched: append([]string{}, touched...), Parts: append([]string{}, l.kept...), Libs: []string{}, EggParts: l.eggParts(), Shelf: l.dir, Develop: l.develop, Site: []string{}, Report: b.reuseFile("reused.json")}
	for _, d := range t.Site {
		job.Site = append(job.Site, pydist.PlainName(d.Name))
	}
	for _, i := range l.installed {
		for _, path := range i.Paths {
			isEgg := strings.HasSuffix(path, ".egg") || strings.HasSuffix(path, ".egg-link")
			if !isEgg && (holdsCompiled(path) || holdsCompiled(l.path(b, path))) {
				job.Libs = append(job.Libs, i.Part)
				break
			}
		}
	}
	data, err := json.Marshal(job)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(b.reuseFile("reuse.json"), data, 0o600); err != nil {
		return "", err
	}
	source, err := scripts.ReadFile("py/reuse.py")
	if err != nil {
		return "", err
	}
	hook := b.reuseFile("reuse.py")
	return hook, os.WriteFile(hook, source, 0o600)
}

// eggParts are the parts whose work is a compiled egg, each with the eggs of
// the same name that came into the eggs directory: while one lies there,
// zc.recipe.egg:custom builds none.
func (l *last) eggParts() map[string][]string {
	project := func(path string) string {
		name, _ := eggFile(filepath.Base(path))
		return pydist.PlainName(name)
	}
	found := map[string][]string{}
	for _, i := range l.installed {
		for _, path := range i.Paths {
			if !strings.HasSuffix(path, ".egg") {
				continue
			}
			eggs := []string{}
			for _, egg := range l.eggs {
				if project(egg) == project(path) {
					eggs = append(eggs, egg)
				}
			}
			found[i.Part] = eggs
		}
	}
	return found
}
