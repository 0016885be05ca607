package buildout

import (
	"path/filepath"
)

// DownloadCache is the directory of the tree that zc.buildout keeps downloads
// in, relative and with slashes, and the directories in it or around it that
// the target needs. Empty where there is none: nothing is fetched there.
func (t *Tree) DownloadCache() (cache string, needed []string) {
	dir := t.dir("download-cache")
	if dir == "" {
		return "", nil
	}
	if !within(dir, t.Root) { // overrides has put it there
		dir = filepath.Join(t.Root, "downloads")
	}
	for _, d := range directories {
		if d.key != "download-cache" && t.dir(d.key) != "" {
			needed = append(needed, t.rel(t.dir(d.key)))
		}
	}
	needed = append(needed, extendsCache(t.Root, t.config))
	needed = append(needed, t.DevelopFolders()...)
	for _, i := range t.Installed {
		for _, path := range i.Paths {
			needed = append(needed, t.rel(path))
		}
	}
	return t.rel(dir), needed
}
