package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/job"
	"github.com/binary-buildout/binary-buildout/internal/plural"
	"github.com/binary-buildout/binary-buildout/release"
)

// A delta is the file, and what it says of itself.
type delta struct {
	job.File
	base *archive.Incoming
}

// checkSince refuses before the build what no delta can be made from.
func (p *packing) checkSince() error {
	versions := map[string]string{}
	for _, since := range p.flags.since {
		m, err := archive.ReadManifest(p.abs(since))
		if err != nil {
			return err
		}
		if m.Name != p.id.name || m.Version == p.id.version {
			return usageError(fmt.Sprintf("pack --since %s: it is %s %s, and %s %s is packed", since, m.Name, m.Version, p.id.name, p.id.version),
				"give the archive of an earlier version")
		}
		if other := versions[m.Version]; other != "" {
			return usageError(fmt.Sprintf("pack --since %s: its version is %s, and so is that of %s", since, m.Version, other), "give one archive of each version")
		}
		versions[m.Version] = since
	}
	return nil
}

// makeDeltas writes what the archive has and those of --since don't.
func (p *packing) makeDeltas(ctx context.Context) ([]delta, error) {
	var made []delta
	for _, since := range p.flags.since {
		d, err := p.makeDelta(ctx, p.abs(since))
		if err != nil {
			return nil, err
		}
		made = append(made, d)
		p.ui.say("%s, %s, sha256 %s", filepath.Base(d.Path), plural.Bytes(d.Digest.Size), d.Digest.SHA256)
	}
	return made, nil
}

func (p *packing) makeDelta(ctx context.Context, since string) (delta, error) {
	m, err := archive.ReadManifest(since)
	if err != nil {
		return delta{}, err
	}
	name := filepath.Base(p.result.Path)
	file, err := writeArchive(filepath.Dir(p.result.Path), archive.DeltaName(name, m.Version), func(w io.Writer) (archive.Digest, error) {
		return archive.WriteDelta(ctx, w, since, p.result.Path, name, p.result.Digest.SHA256)
	})
	if err != nil {
		return delta{}, err
	}
	written, err := os.Open(file.Path)
	if err != nil {
		return delta{}, err
	}
	defer written.Close()
	base, err := archive.ReadDelta(written)
	return delta{file, base}, err
}

// indexed is what the sidecar says of the deltas.
func (p *packing) indexed() []release.IndexDelta {
	var out []release.IndexDelta
	for _, d := range p.deltas {
		out = append(out, release.IndexDelta{Delta: filepath.Base(d.Path), Size: d.Digest.Size, SHA256: d.Digest.SHA256,
			Base: d.base.Delta.Base, BaseVersion: d.base.Delta.BaseVersion})
	}
	return out
}
