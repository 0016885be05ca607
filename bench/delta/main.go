// Command delta writes the delta between two archives, for bench/delta.sh.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/archive"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: delta BASE ARCHIVE OUT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(base, next, out string) error {
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	if _, err := archive.WriteDelta(context.Background(), f, base, next, filepath.Base(next), ""); err != nil {
		return err
	}
	return f.Close()
}
