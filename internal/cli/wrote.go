package cli

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/matrix"
	"github.com/binary-buildout/binary-buildout/release"
)

// wrote gives the names in dir that this program gave: archives, deltas,
// sidecars and reports, what an interrupted run left of them, and the documents
// of a release. A directory that isn't there has none.
func wrote(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	documents := releaseDocuments(dir)
	var own []string
	for _, e := range entries {
		name := e.Name()
		switch {
		case !e.IsDir() && (writtenByPack(strings.TrimSuffix(name, ".new")) || documents[name]),
			e.IsDir() && name == release.Unproved && holdsOnlyOwn(filepath.Join(dir, name)),
			e.IsDir() && writtenByPack(ofHidden(name)):
			own = append(own, name)
		}
	}
	return own
}

func holdsOnlyOwn(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(wrote(dir)) == len(entries)
}

// ofHidden is the archive whose directory this is while it is written: newDir
// calls it .ARCHIVE.RANDOM.
func ofHidden(name string) string {
	archive, hidden := strings.CutPrefix(name, ".")
	if i := strings.LastIndexByte(archive, '.'); hidden && i > 0 {
		return archive[:i]
	}
	return ""
}

// writtenByPack says whether a name is that of an archive, or of what lies beside one.
func writtenByPack(name string) bool {
	if stem, ok := strings.CutSuffix(name, ".delta."+matrix.FormatTarGz); ok {
		stem, _, _ = strings.Cut(stem, ".from-")
		name = stem + "." + matrix.FormatTarGz
	}
	for _, beside := range []string{".json", ".html"} {
		if stem, ok := strings.CutSuffix(name, beside); ok {
			name = stem + "." + matrix.FormatTarGz
		}
	}
	_, err := matrix.ParseArchiveName(name)
	return err == nil
}

// releaseDocuments are the files that a release was prepared with in dir: those
// that SHA256SUMS lists, if it lists an archive.
func releaseDocuments(dir string) map[string]bool {
	data, err := os.ReadFile(filepath.Join(dir, release.SumsName))
	if err != nil {
		return nil
	}
	own, names := false, map[string]bool{release.SumsName: true, release.AttestationName: true, release.SBOMAttestationName: true}
	for line := range strings.Lines(string(data)) {
		_, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		names[name] = true
		own = own || writtenByPack(name)
	}
	if !own {
		return nil
	}
	return names
}
