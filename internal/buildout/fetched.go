package buildout

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
	"github.com/binary-buildout/binary-buildout/target"
)

// The environment of a build whose downloads are written down, by py/downloads.py
// and by the witness of internal/verify.
const (
	hooksVar     = "BINARY_BUILDOUT_HOOKS" // programs that the launcher runs before zc.buildout
	downloadsVar = "BINARY_BUILDOUT_DOWNLOADS"
	heldVar      = "BINARY_BUILDOUT_HELD"
)

// fetchLog is where a build's downloads are written down, one JSON object a line.
func (b *builder) fetchLog() string { return filepath.Join(b.s.logs, "downloads.jsonl") }

// watchDownloads has everything that the build fetches written down, and held
// to the digests of o.Held.
func (b *builder) watchDownloads() error {
	doing := "watching the downloads"
	if err := os.Remove(b.fetchLog()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return surroundings(doing, "", err) // an earlier build's
	}
	b.env = environ.Set(b.env, downloadsVar+"="+b.fetchLog(), heldVar)
	if err := b.hook("downloads.py"); err != nil {
		return surroundings(doing, "", err)
	}
	if len(b.o.Held) == 0 {
		return nil
	}
	file := filepath.Join(b.s.tools, "held.json")
	if err := writeJSON(file, heldDigests(b.o.Held)); err != nil {
		return surroundings(doing, "", err)
	}
	b.env = environ.Set(b.env, heldVar+"="+file)
	return nil
}

// hook has the launcher run a program of py/ before zc.buildout, with plain_name in it.
func (b *builder) hook(names ...string) error {
	program := []byte(target.Names())
	for _, name := range names {
		source, err := scripts.ReadFile("py/" + name)
		if err != nil {
			return err
		}
		program = append(program, source...)
	}
	path := filepath.Join(b.s.tools, names[len(names)-1])
	if err := os.WriteFile(path, program, 0o600); err != nil {
		return err
	}
	b.addHook(path)
	return nil
}

// addHook has the launcher run a program before zc.buildout, after those that
// are there already.
func (b *builder) addHook(path string) {
	hooks := environ.Get(b.env, hooksVar)
	if hooks != "" {
		hooks += string(os.PathListSeparator)
	}
	b.env = environ.Set(b.env, hooksVar+"="+hooks+path)
}

// held is what py/downloads.py and the witness hold downloads to.
type held struct {
	Files map[string]map[string]string `json:"files"` // project, file: digest
	URLs  map[string]string            `json:"urls"`
}

func heldDigests(list []archive.Download) held {
	h := held{Files: map[string]map[string]string{}, URLs: map[string]string{}}
	for _, d := range list {
		switch name := projectName(d.Project); {
		case name != "":
			if h.Files[name] == nil {
				h.Files[name] = map[string]string{}
			}
			h.Files[name][d.File] = d.SHA256
		case d.URL != "":
			h.URLs[d.URL] = d.SHA256
		}
	}
	return h
}

// projectName is a project's name by PEP 503.
func projectName(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune("-_.", r) }), "-")
}

// downloads are what the build of the tree fetched, sorted, each once. What a
// reused archive had fetched for what is taken over counts as fetched: the list
// is the same whether a build reused something or not.
func (b *builder) downloads(t *Tree, tools []archive.Download, l *last) ([]archive.Download, error) {
	all, err := readDownloads(b.fetchLog())
	if err != nil {
		return nil, surroundings("reading what was fetched", "", err)
	}
	all = append(all, tools...)
	for i := range all {
		all[i] = portable(all[i])
	}
	if t.Reused != nil && t.Reused.Why == "" {
		all = append(all, l.downloads(t, all)...)
	}
	slices.SortFunc(all, compareDownloads)
	all = slices.Compact(all)
	return all, heldTo(b.o.Held, all)
}

// readDownloads reads a log of downloads; one that isn't there is empty.
func readDownloads(path string) ([]archive.Download, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []archive.Download
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var d archive.Download
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, lines.Err()
}

// portable leaves out of a download what is this machine's: a URL that is a
// path, and a password. Projects are named by PEP 503, since each zc.buildout
// spells them in another way.
func portable(d archive.Download) archive.Download {
	d.URL, d.Project = secrets.Published(d.URL), projectName(d.Project)
	if name, version, ok := strings.Cut(d.Owner, " "); ok && d.Use == archive.BuildDownload && !strings.HasPrefix(name, "./") {
		d.Owner = projectName(name) + " " + version
	}
	return d
}

func compareDownloads(a, b archive.Download) int {
	return cmp.Or(strings.Compare(string(a.Use), string(b.Use)), strings.Compare(projectName(a.Project), projectName(b.Project)),
		strings.Compare(a.Version, b.Version), strings.Compare(a.Owner, b.Owner), strings.Compare(a.File, b.File),
		strings.Compare(a.URL, b.URL), strings.Compare(a.SHA256, b.SHA256))
}

// downloads are the last archive's for eggs, parts, develop packages and tools
// that a build took over, and fetched nothing for.
func (l *last) downloads(t *Tree, fetched []archive.Download) []archive.Download {
	have := map[string]bool{}
	for _, d := range fetched {
		have[ownerOf(d)] = true
	}
	taken := map[string]bool{}
	for _, e := range t.Eggs {
		taken[projectName(e.Name)+" "+e.Version] = true
	}
	for _, part := range t.Reused.Parts {
		taken["part "+part] = true
	}
	for _, folder := range t.Reused.Develop {
		taken["./"+folder] = true
	}
	var all []archive.Download
	for _, d := range l.manifest.Downloads {
		owner := ownerOf(d)
		if !have[owner] && (taken[owner] || d.Use == archive.ToolDownload) {
			all = append(all, d)
		}
	}
	return all
}

// ownerOf names what a download was for, as Owner does; "" for a tool.
func ownerOf(d archive.Download) string {
	switch d.Use {
	case archive.EggDownload:
		return d.Project + " " + d.Version
	case archive.BuildDownload:
		return d.Owner
	case archive.PartDownload:
		return "part " + d.Owner
	}
	return ""
}

// heldTo refuses a download that has another digest than the one of the same
// name that was noted. py/downloads.py and the witness refuse it before it
// is run; this is for what they couldn't look into.
func heldTo(held, got []archive.Download) error {
	digests := heldDigests(held)
	for _, d := range got {
		name, want := d.File, digests.Files[projectName(d.Project)][d.File]
		if d.Project == "" {
			name, want = d.URL, digests.URLs[d.URL]
		}
		if want != "" && want != d.SHA256 {
			return failed("checking the digests of the downloads", "the index or the server has another file under this name now",
				"%s has the SHA-256 %s, and the archive was built with one that has %s", name, d.SHA256, want)
		}
	}
	return nil
}

// toolDownloads are the files that zc.buildout and what it needs are made of,
// compared with the digests that they have to have.
func toolDownloads(files []string, held []archive.Download) ([]archive.Download, error) {
	var all []archive.Download
	for _, file := range files {
		d, err := toolDownload(file)
		if err != nil {
			return nil, surroundings("reading "+filepath.Base(file), "", err)
		}
		all = append(all, d)
	}
	return all, heldTo(held, all)
}

// toolDownload is a wheel or an sdist that pip downloaded for zc.buildout's sake.
func toolDownload(path string) (archive.Download, error) {
	sum, _, err := digest.File(path)
	if err != nil {
		return archive.Download{}, err
	}
	d := archive.Download{Use: archive.ToolDownload, File: filepath.Base(path), SHA256: sum}
	d.Project, d.Version = distributionOf(d.File)
	return d, nil
}

// distributionOf is the project and the version that the name of a wheel or an
// sdist says (PEP 427, PEP 625).
func distributionOf(file string) (project, version string) {
	if rest, ok := strings.CutSuffix(file, ".whl"); ok {
		project, rest, _ = strings.Cut(rest, "-")
		version, _, _ = strings.Cut(rest, "-")
		return project, version
	}
	for _, end := range []string{".tar.gz", ".tar.bz2", ".tgz", ".zip"} {
		if rest, ok := strings.CutSuffix(file, end); ok {
			if at := strings.LastIndex(rest, "-"); at > 0 {
				return rest[:at], rest[at+1:]
			}
		}
	}
	return "", ""
}

// pinned are the versions that the tools of a held build had, as constraints.
func pinned(held []archive.Download) string {
	var lines strings.Builder
	for _, d := range held {
		if d.Use == archive.ToolDownload && d.Project != "" && d.Version != "" {
			fmt.Fprintf(&lines, "%s==%s\n", projectName(d.Project), d.Version)
		}
	}
	return lines.String()
}
