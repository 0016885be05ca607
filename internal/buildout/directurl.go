package buildout

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// forgetDownloads removes the direct_url.json (PEP 610) of eggs that pip
// installed from a file in the build's temporary directory: zc.buildout
// downloads to a random name there and lets pip install that, so the record
// names a file that is gone, another one in each build.
func (t *Tree) forgetDownloads() error {
	dirs := append(eggDirs(t.dir("eggs-directory")), eggDirs(t.dir("develop-eggs-directory"))...)
	for _, egg := range dirs {
		infos, err := filepath.Glob(filepath.Join(globEscape(egg), "*.dist-info"))
		if err != nil {
			return surroundings("reading "+egg, "", err)
		}
		for _, info := range infos {
			if err := t.forgetDownload(info); err != nil {
				return surroundings("reading "+info, "", err)
			}
		}
	}
	return nil
}

func (t *Tree) forgetDownload(info string) error {
	path := filepath.Join(info, "direct_url.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var direct struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(data, &direct); err != nil {
		return err
	}
	from, ok := fileOf(direct.URL)
	if !ok || !within(from, t.stage.tmp) {
		return nil
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return editRecord(info, func(line string) string {
		if strings.Contains(line, "/direct_url.json,") {
			return ""
		}
		return line
	})
}

// drivePath is what url.Parse makes of file:///C:/x.
var drivePath = regexp.MustCompile(`^/[A-Za-z]:/`)

// fileOf gives the path that a file URL names.
func fileOf(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "file" {
		return "", false
	}
	path := u.Path
	if drivePath.MatchString(path) {
		path = path[1:]
	}
	return filepath.FromSlash(path), true
}

// editRecord writes the RECORD of a dist-info anew, line by line; an empty line
// goes. There may be none.
func editRecord(info string, edit func(line string) string) error {
	record := filepath.Join(info, "RECORD")
	data, err := os.ReadFile(record)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var out strings.Builder
	for line := range strings.Lines(string(data)) {
		out.WriteString(edit(line))
	}
	return os.WriteFile(record, []byte(out.String()), 0o644)
}
