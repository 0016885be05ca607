package buildout

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// settleRecords takes the digests of files that name a place of the build out
// of RECORD: those differ from build to build, and are wrong as soon as the
// files are relocated. These are scripts, which begin with the interpreter's
// path and lie outside of their distribution (zc.buildout writes others), what
// an editable install leaves in develop-eggs, and of an egg the direct_url.json,
// if it came from a file of the tree, and what was compiled against the tree's
// libraries. A file may be listed without digest and size (PyPA, "Recording
// installed projects"). What somebody else built stays as it is: nobody builds
// that again.
func (t *Tree) settleRecords() error {
	if t.options.InPlace {
		return nil
	}
	doing := "writing RECORD without digests of what names the build's paths"
	for _, dir := range []string{t.dir("eggs-directory"), t.dir("develop-eggs-directory")} {
		if err := settleRecordsIn(dir, true, t.namesRoot); err != nil {
			return surroundings(doing, "", err)
		}
	}
	for _, dir := range siteDirs(t.Root) {
		if err := settleRecordsIn(dir, false, t.namesRoot); err != nil {
			return surroundings(doing, "", err)
		}
	}
	return nil
}

// settleSite does that in a virtualenv before buildout runs: zc.buildout 2.x
// takes site-packages for a develop directory and hashes all in it, so that a
// RECORD that is changed afterwards has each part installed again.
func settleSite(root string) error {
	for _, dir := range siteDirs(root) {
		if err := settleRecordsIn(dir, false, nil); err != nil {
			return surroundings("writing RECORD of the virtualenv without digests of scripts", "", err)
		}
	}
	return nil
}

// settleRecordsIn does it in a directory of distributions, "" for none.
func settleRecordsIn(dir string, all bool, names func(path string) bool) error {
	if dir == "" {
		return nil
	}
	for _, below := range []string{"*.dist-info", filepath.Join("*.egg", "*.dist-info")} {
		infos, err := filepath.Glob(filepath.Join(globEscape(dir), below))
		if err != nil {
			return err
		}
		for _, info := range infos {
			if err := settleRecord(info, all, names); err != nil {
				return err
			}
		}
	}
	return nil
}

// settleRecord takes the digests of scripts out of a dist-info's RECORD, and
// those of direct_url.json, with all of any file, if names says it of it; nil
// says it of none.
func settleRecord(info string, all bool, names func(path string) bool) error {
	return editRecord(info, func(line string) string {
		fields, err := csv.NewReader(strings.NewReader(line)).Read()
		if err != nil || len(fields) != 3 || fields[1] == "" {
			return line
		}
		outside := strings.HasPrefix(fields[0], "../")
		asked := names != nil && (all || strings.HasSuffix(fields[0], ".dist-info/direct_url.json"))
		if !outside && !(asked && names(recorded(info, fields[0]))) {
			return line
		}
		return strings.TrimSuffix(strings.TrimRight(line, "\r\n"), fields[1]+","+fields[2]) + ",\n"
	})
}

// recorded is the file that RECORD lists by name. zc.buildout 6 gives the
// dist-info of a wheel that it builds the egg's name, with Python and platform;
// RECORD still has the name of before.
func recorded(info, name string) string {
	if own, file, ok := strings.Cut(name, "/"); ok && strings.HasSuffix(own, ".dist-info") {
		return filepath.Join(info, filepath.FromSlash(file))
	}
	return filepath.Join(filepath.Dir(info), filepath.FromSlash(name))
}

// namesRoot is whether a file holds the tree's path, plain or as in a URL. One
// that isn't there may have: zc.buildout 6 leaves out the loader of an editable
// install by meson-python, which names the tree.
func (t *Tree) namesRoot(path string) bool {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if err != nil {
		return false
	}
	plain := filepath.ToSlash(t.Root)
	return bytes.Contains(data, []byte(t.Root)) || bytes.Contains(data, []byte((&url.URL{Path: plain}).EscapedPath()))
}
