package cli

import (
	"strconv"

	"github.com/binary-buildout/binary-buildout/internal/job"
)

// bundlePython is the value of --bundle-python: empty for no interpreter in the
// archive, job.BundleBuilds, or a directory. As a flag it may stand alone.
type bundlePython string

func (b *bundlePython) String() string {
	if b == nil {
		return ""
	}
	return string(*b)
}

func (b *bundlePython) Set(value string) error {
	yes, err := strconv.ParseBool(value)
	switch {
	case err != nil:
		*b = bundlePython(value)
	case yes:
		*b = job.BundleBuilds
	default:
		*b = ""
	}
	return nil
}

// IsBoolFlag lets the flag stand without a value.
func (b *bundlePython) IsBoolFlag() bool { return true }
