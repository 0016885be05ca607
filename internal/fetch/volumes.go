package fetch

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// A Volume is one of the assets that are an archive or a delta together, since a
// server takes none that is as large: NAME.part1, NAME.part2 and so on.
type Volume struct {
	Name   string `json:"volume"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// plainVolumes is whether there are none, or volumes of this size together.
func plainVolumes(all []Volume, size int64) bool {
	for _, v := range all {
		if !plainAsset(v.Name, v.SHA256, v.Size) || v.Size == 0 || v.Size > size {
			return false
		}
		size -= v.Size
	}
	return len(all) == 0 || size == 0
}

// assets are the files that an archive is on the release, with their places in it.
func (a Asset) assets() []wanted {
	if len(a.Volumes) == 0 {
		return []wanted{{name: a.Name, size: a.Size}}
	}
	var all []wanted
	var from int64
	for _, v := range a.Volumes {
		all = append(all, wanted{name: v.Name, size: v.Size, from: from})
		from += v.Size
	}
	return all
}

// archive downloads an archive, of which address gives the address of an asset by its
// name. Volumes are put together while they come, in the one file, and each is
// compared with its digest before the next is asked for.
func (r Remote) archive(ctx context.Context, o Request, a Asset, accept string, address func(name string) (string, error), to string) error {
	for i, w := range a.assets() {
		var err error
		if w.address, err = address(w.name); err != nil {
			return err
		}
		w.accept = accept
		if len(a.Volumes) == 0 {
			return r.download(ctx, o, w, to)
		}
		if err := r.volume(ctx, o, a, i, w, to); err != nil {
			return err
		}
	}
	return nil
}

// volume downloads one, unless an earlier run did.
func (r Remote) volume(ctx context.Context, o Request, a Asset, i int, w wanted, to string) error {
	f, err := os.OpenFile(to, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fault.Surroundings(fmt.Errorf("making a file to download to: %w", err), "")
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fault.Surroundings(fmt.Errorf("writing %s: %w", to, err), "")
	}
	if info.Size() <= w.from+w.size || info.Size() > a.Size {
		m := newMeter(o, fmt.Sprintf("%s, part %d of %d", a.Name, i+1, len(a.Volumes)), a.Size)
		if err := r.whole(ctx, f, w, m); err != nil {
			return err
		}
	}
	sum, _, err := digest.Read(&ctxReader{ctx, io.NewSectionReader(f, w.from, w.size)})
	if err != nil {
		return fault.Surroundings(fmt.Errorf("reading %s: %w", to, err), "")
	}
	if err := sameDigest(w.name, sum, a.Volumes[i].SHA256); err != nil {
		_ = f.Truncate(w.from)
		return err
	}
	return nil
}

// gather puts the volumes of a mirror on disk together, in a file.
func (f folder) gather(ctx context.Context, a Asset, to string) error {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.Surroundings(fmt.Errorf("making a file to copy to: %w", err), "")
	}
	defer out.Close()
	for _, v := range a.Volumes {
		if err := f.one(ctx, v, out); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return fault.Surroundings(fmt.Errorf("copying %s: %w", a.Name, err), "make room on that disk")
	}
	return nil
}

func (f folder) one(ctx context.Context, v Volume, out *os.File) error {
	in, err := os.Open(filepath.Join(f.dir, v.Name))
	if err != nil {
		return fault.Usage(fmt.Errorf("looking for %s: the mirror %s doesn't have it, though its index names it", v.Name, f.name()), incomplete)
	}
	defer in.Close()
	sum, _, err := digest.Read(io.TeeReader(&ctxReader{ctx, in}, out))
	if err != nil {
		return fault.Surroundings(fmt.Errorf("copying %s: %w", v.Name, err), "make room on that disk")
	}
	return sameDigest(v.Name, sum, v.SHA256)
}

// incomplete is what to do about a mirror without a file that its index names.
const incomplete = "copy it there too: a mirror is a copy of all assets of a release"
