package cli

import (
	"context"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/job"
	"github.com/binary-buildout/binary-buildout/internal/zstdtool"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// checkSmallest refuses a format that --smallest doesn't make.
func checkSmallest(command string, smallest bool, format string) error {
	if smallest && format == matrix.FormatTarGz {
		return usageError(command+": --smallest makes a tar.zst, and --format says tar.gz", "leave --format out")
	}
	return nil
}

// findCompressor finds what --smallest compresses with, before anything is built. Where
// it isn't there, the commands of --before may install it.
func (p *packing) findCompressor(ctx context.Context) error {
	switch {
	case !p.flags.smallest:
		return nil
	case p.format() == archive.FormatZip:
		p.ui.say("a zip is as small as it gets without --smallest, which is about tar.zst")
		return nil
	}
	err := p.useZstd(ctx)
	if err != nil && len(p.flags.before) > 0 && !p.flags.inPlace {
		p.compressAfter = true
		p.ui.say("zstd isn't here: it is looked for again after the commands of before")
		return nil
	}
	return err
}

// findCompressorAgain finds what wasn't there before the build.
func (p *packing) findCompressorAgain(ctx context.Context, b *job.Built) error {
	if !p.compressAfter {
		return nil
	}
	err := p.useZstd(ctx)
	b.Provenance.Compressor = p.made.Compressor
	return err
}

func (p *packing) useZstd(ctx context.Context) error {
	z, err := zstdtool.Find(ctx)
	if err != nil {
		return err
	}
	p.compress = z.Writer
	p.made.Compressor = "zstd " + z.Version
	return nil
}
