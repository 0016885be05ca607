package machinecode

import (
	"errors"
	"io/fs"
)

// Reader reads a tree again and again. What was read before isn't opened again if
// it is the same file: by device, inode and size, by the time of its content, and
// by that of its inode, which only the system sets.
type Reader struct {
	Skip  string          // the name of directories of which nothing is read
	Named map[string]bool // files that are read whatever they are, by path

	known map[string]known
}

// known is a file as it was read.
type known struct {
	stamp stamp
	file  File
	code  bool
}

// Read reads all ELF, Mach-O and PE files below root, and those that are named.
func (r *Reader) Read(root string) (Files, error) {
	earlier := r.known
	r.known = map[string]known{}
	return walk(root, r.Skip, func(rel, path string, d fs.DirEntry) (File, bool, error) {
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) { // of something that runs
			return File{}, false, nil
		}
		if err != nil {
			return File{}, false, err
		}
		now, sure := stampOf(info)
		if was, ok := earlier[rel]; ok && sure && was.stamp == now {
			r.known[rel] = was
			return was.file, was.code, nil
		}
		file, code, err := read(path, r.Named[rel])
		if err == nil && sure {
			r.known[rel] = known{now, file, code}
		}
		return file, code, err
	})
}
