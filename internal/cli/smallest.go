package cli

import (
	"context"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/zstdtool"
)

// findCompressor finds what --smallest compresses with, before anything is built.
func (p *packing) findCompressor(ctx context.Context) error {
	switch {
	case !p.flags.smallest:
		return nil
	case p.format() == archive.FormatZip:
		p.ui.say("a zip is as small as it gets without --smallest, which is about tar.zst")
		return nil
	}
	z, err := zstdtool.Find(ctx)
	if err != nil {
		return err
	}
	p.compress = z.Writer
	p.made.Compressor = "zstd " + z.Version
	return nil
}
