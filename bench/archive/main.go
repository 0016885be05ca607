// Command archive does to a built tree what pack does between its checks and
// its proof: it lists, hashes, relocates and compresses it, and looks for the
// build's credentials. bench/speed.sh runs it against tar and pigz. On Linux it
// says how many bytes were read for each byte of the tree.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/pack"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: archive STAGE PYTHON OUT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(stage, python, out string) error {
	a, err := pack.Scan(stage, pack.Rules{})
	if err != nil {
		return err
	}
	m := archive.Manifest{Format: archive.Format, Name: "bench", Version: "1", Target: "cp313-linux_x86_64",
		Python: archive.Python{Version: "3.13", Implementation: "cpython", ABI: "cp313", Platform: "linux_x86_64", Bits: 64}}
	size, before := int64(0), read()
	for _, f := range a.Files {
		size += f.Size
	}
	prefix := filepath.Dir(filepath.Dir(python))
	p, err := pack.Relocate(a, pack.Origin{
		Root: stage, RealRoot: stage, Interpreter: python, Prefix: prefix, LibDir: filepath.Join(prefix, "lib"), Home: os.Getenv("HOME"),
		Binaries: pack.Binaries{SetRunpath: binfmt.SetRunpath, DropNeeded: binfmt.DropNeeded, RenewBuildID: binfmt.RenewBuildID},
		Secrets:  []pack.Secret{{Kind: "a password", Value: "not in any tree, 4242"}},
	}, m.Python.Version)
	if err == nil {
		err = p.Report.Err()
	}
	if err != nil {
		return err
	}
	if m, err = p.Manifest(m); err != nil {
		return err
	}
	c, err := p.Seal(m)
	if err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	planned := read()
	_, err = archive.Write(context.Background(), f, c, archive.FormatTarGz, time.Unix(archive.DefaultEpoch, 0), nil)
	if all := read(); all > 0 && size > 0 {
		fmt.Fprintf(os.Stderr, "read for each byte of the tree: %.2f before writing, %.2f in all\n",
			float64(planned-before)/float64(size), float64(all-before)/float64(size))
	}
	return err
}

// read is how many bytes this process has read; 0 where the system doesn't say.
func read() int64 {
	data, _ := os.ReadFile("/proc/self/io")
	var n int64
	_, _ = fmt.Sscanf(string(data), "rchar: %d", &n)
	return n
}
