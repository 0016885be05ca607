package cli

import "github.com/binary-buildout/binary-buildout/archive"

// imageVar names the image that a build runs in; action/run.sh sets it.
const imageVar = "BINARY_BUILDOUT_IMAGE"

// provenance is what a manifest says of how to build the archive again.
func (p *packing) provenance() *archive.Provenance {
	made := p.made
	made.Epoch = p.epoch.Unix()
	return &made
}
