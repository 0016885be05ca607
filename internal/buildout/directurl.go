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
	return dropRecord(filepath.Join(info, "RECORD"), "/direct_url.json,")
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

// dropRecord takes the lines that name a removed file out of RECORD.
func dropRecord(record, name string) error {
	data, err := os.ReadFile(record)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var kept []string
	for line := range strings.Lines(string(data)) {
		if !strings.Contains(line, name) {
			kept = append(kept, line)
		}
	}
	return os.WriteFile(record, []byte(strings.Join(kept, "")), 0o644)
}
