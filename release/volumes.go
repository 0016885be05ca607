package release

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"

	"github.com/binary-buildout/binary-buildout/internal/digest"
)

// A file that is larger than the server takes is released in volumes: NAME.part1,
// NAME.part2 and so on, which are its bytes in this order. Each is an asset with a
// digest of its own. Whoever puts them together has the file.

// volumeEnding is what follows a file's name in that of a volume.
var volumeEnding = regexp.MustCompile(`\.part[1-9][0-9]*$`)

func volumeName(file string, n int) string { return file + ".part" + strconv.Itoa(n) }

// volumes are what a file is released in, at most limit bytes each; none if the
// file is no larger, and is an asset itself.
func (f File) volumes(limit int64) ([]File, error) {
	if f.Size <= limit {
		return nil, nil
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("splitting %s: %w", f.Name, err)
	}
	defer r.Close()
	var all []File
	for from := int64(0); from < f.Size; from += limit {
		v := File{Name: volumeName(f.Name, len(all)+1), Path: f.Path, from: from, Size: min(limit, f.Size-from), of: f.Name + " " + f.SHA256}
		sum, n, err := digest.Read(io.LimitReader(r, v.Size))
		if err == nil && n != v.Size {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, fmt.Errorf("splitting %s: %w", f.Name, err)
		}
		v.SHA256 = sum
		all = append(all, v)
	}
	return all, nil
}

// section is the part of a file on the disk that a volume is.
type section struct {
	*io.SectionReader
	file *os.File
}

func (s section) Close() error { return s.file.Close() }

// assets are what is uploaded of a file: its volumes, or else itself.
func assets(f File, volumes []File) []File {
	if len(volumes) > 0 {
		return volumes
	}
	return []File{f}
}

// split gives an archive and its deltas their volumes.
func (a *Archive) split(limit int64) (err error) {
	if a.Volumes, err = a.File.volumes(limit); err != nil {
		return err
	}
	for i, d := range a.Deltas {
		if a.Deltas[i].Volumes, err = d.File.volumes(limit); err != nil {
			return err
		}
	}
	return nil
}

// wholes are the files that are released in volumes alone. SHA256SUMS has their
// digests too, for those who have put one together, and so has an attestation.
func (s Set) wholes() []File {
	var all []File
	for _, a := range s.Archives {
		if len(a.Volumes) > 0 {
			all = append(all, a.File)
		}
		for _, d := range a.Deltas {
			if len(d.Volumes) > 0 {
				all = append(all, d.File)
			}
		}
	}
	return all
}

// collect finds the volumes of a file among a release's assets. They are complete
// if they have size bytes together.
func collect(name string, size int64, there map[string]Asset) (volumes []Asset, complete bool) {
	var sum int64
	for n := 1; sum < size; n++ {
		a, ok := there[volumeName(name, n)]
		if !ok || a.Size <= 0 {
			return nil, false
		}
		sum += a.Size
		volumes = append(volumes, a)
	}
	return volumes, sum == size
}
