// Command archive does to a built tree what pack does between its checks and
// its proof: it lists, hashes, relocates and compresses it. bench/speed.sh
// runs it against tar and pigz.
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
		Python: archive.Python{Version: "3.13", Implementation: "cpython", ABI: "cp313", Platform: "linux_x86_64"}}
	prefix := filepath.Dir(filepath.Dir(python))
	p, err := pack.Relocate(a, pack.Origin{
		Root: stage, RealRoot: stage, Interpreter: python, Prefix: prefix, LibDir: filepath.Join(prefix, "lib"), Home: os.Getenv("HOME"),
		Binaries: pack.Binaries{SetRunpath: binfmt.SetRunpath, DropNeeded: binfmt.DropNeeded},
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
	_, err = archive.Write(context.Background(), f, c, archive.FormatTarGz, time.Unix(archive.DefaultEpoch, 0), nil)
	return err
}
