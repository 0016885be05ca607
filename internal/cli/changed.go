package cli

import (
	"html/template"
	"strconv"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/changes"
)

// shownEggs is how many eggs of an account stand in a text that isn't all about it.
const shownEggs = 20

// summaryEggs is how many eggs of an account a job's summary names.
const summaryEggs = 100

// sideOf is what an account of changes is made of.
func sideOf(m *archive.Manifest, files []archive.Entry) changes.Side {
	s := changes.Side{
		Version: m.Version, Python: m.Python.Version, Buildout: m.Buildout,
		Floors: map[string]string{}, Parts: map[string]string{},
	}
	for _, f := range m.Floors {
		s.Floors[f.Kind] = f.Version
	}
	for _, l := range m.SystemLibraries {
		s.Libraries = append(s.Libraries, l.Name)
	}
	for _, p := range m.Parts {
		s.Parts[p.Name] = p.Recipe
	}
	for _, e := range files {
		if e.Type != archive.TypeDir {
			s.Files = append(s.Files, changes.File{Path: e.Path, Size: e.Size, Content: e.Type + e.SHA256 + strconv.FormatUint(uint64(e.Mode), 8) + e.Link})
		}
	}
	return s
}

// sideOfArchive reads an archive's documents.
func sideOfArchive(file string) (changes.Side, error) {
	r, err := archive.Open(file)
	if err != nil {
		return changes.Side{}, err
	}
	defer r.Close()
	m := r.Manifest()
	return sideOf(&m, r.Files()), nil
}

// sideOfTree reads the documents of an installed tree; nil where they can't be
// read, since nothing hangs on an account.
func sideOfTree(dir string) *changes.Side {
	m, err := archive.TreeManifest(dir)
	if err != nil {
		return nil
	}
	files, err := archive.Document[archive.Files](dir, archive.FilesName)
	if err != nil {
		return nil
	}
	s := sideOf(m, files.Files)
	return &s
}

// account says what changed between two archives.
func account(a, b string) (*changes.Account, error) {
	was, err := sideOfArchive(a)
	if err != nil {
		return nil, err
	}
	is, err := sideOfArchive(b)
	if err != nil {
		return nil, err
	}
	return changes.Between(was, is), nil
}

// account says what changed since the last archive, which --since or --reuse
// name; nil without one of an earlier version.
func (p *packing) account() (*changes.Account, error) {
	last := p.last()
	if last == "" {
		return nil, nil
	}
	m, err := archive.ReadManifest(last)
	if err != nil || m.Name != p.id.name || m.Version == p.id.version {
		return nil, err
	}
	return account(last, p.result.Path)
}

// changesHTML and changesMarkdown are the account for the report and the job's
// summary, empty without one.
func (p *packing) changesHTML() (template.HTML, error) {
	if p.changed == nil {
		return "", nil
	}
	return p.changed.HTML()
}

func (p *packing) changesMarkdown() string {
	if p.changed == nil {
		return ""
	}
	return p.changed.Markdown(summaryEggs) + "\n"
}
