package cli

import (
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/internal/plural"
	"github.com/binary-buildout/binary-buildout/pack"
)

// leftDownloads says how much of the download-cache was left out; "" for nothing.
func leftDownloads(a *pack.List, cache string) string {
	files, size := 0, int64(0)
	for _, o := range a.Omitted {
		if o.Reason != pack.ReasonDownloads {
			continue
		}
		// What can't be read is not counted; nothing hangs on the number.
		_ = filepath.WalkDir(filepath.Join(a.Root, filepath.FromSlash(o.Path)), func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				if info, err := d.Info(); err == nil {
					files, size = files+1, size+info.Size()
				}
			}
			return nil
		})
	}
	if files == 0 {
		return ""
	}
	return fmt.Sprintf("the download-cache is left out: %s, %s, %s (--include %s packs it)", cache, plural.Of(files, "file"), plural.Bytes(size), cache)
}
