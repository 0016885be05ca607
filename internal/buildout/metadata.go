package buildout

import "path/filepath"

// MetadataDirs are the places that may hold the metadata of an egg: its own
// directory or file, and since zc.buildout 5 that of the develop eggs.
func (t *Tree) MetadataDirs(e Egg) []string {
	path := e.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(t.Root, filepath.FromSlash(path))
	}
	if develop := t.dir("develop-eggs-directory"); e.Develop && develop != "" {
		return []string{path, develop}
	}
	return []string{path}
}
