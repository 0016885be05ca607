package install

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// fetched is an archive on this disk. It is opened once: what is hashed, and
// held against its attestation, is what is read and unpacked, whatever its name
// leads to meanwhile.
type fetched struct {
	file        *os.File
	name        string // its file name
	want        string // the digest it should have, "" if nothing says
	digest      string // the one that it has, once it is known
	python      *Python
	attestation string
	warnings    []string
	unchanged   *Result // set if it needn't be fetched: the directory has it
	remove      func()
}

func (f *fetched) close() {
	if f.file != nil {
		f.file.Close()
	}
	if f.remove != nil {
		f.remove()
	}
}

// sum computes the digest, and holds it against the one that it should have.
func (f *fetched) sum(ctx context.Context) (string, error) {
	if f.digest == "" {
		var err error
		if f.digest, err = digestOf(ctx, f.file); err != nil {
			return "", err
		}
	}
	return f.digest, sameDigest(f.file.Name(), f.digest, f.want)
}

// openLocal opens an archive that lies on this disk for the directory. One whose
// content another user could change while it is looked at is copied first.
func openLocal(ctx context.Context, o Options, dir, path, want string) (*fetched, error) {
	file, err := o.open(path)
	if err != nil {
		return nil, usage(fmt.Errorf("opening the archive: %w", err), "")
	}
	f := &fetched{file: file, name: filepath.Base(path), want: want}
	info, err := file.Stat()
	if err != nil {
		f.close()
		return nil, surroundings(fmt.Errorf("opening the archive: %w", err), "")
	}
	if ours(info) {
		return f, nil
	}
	defer file.Close()
	f.file = nil
	if err := f.copy(ctx, dir, file, info.Size()); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// copy makes the archive a copy that is this user's.
func (f *fetched) copy(ctx context.Context, dir string, from *os.File, size int64) error {
	at, err := downloadDir(dir)
	if err != nil {
		return err
	}
	held, err := scratch.Hold(at)
	if err != nil {
		return surroundings(fmt.Errorf("locking %s: %w", at, err), "another install into the same directory is running; wait for it to end")
	}
	f.remove = held.Remove
	_ = held.Clear()
	to := filepath.Join(at, f.name)
	if err := roomFor(to, size); err != nil {
		return err
	}
	if f.file, err = os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err == nil {
		_, err = io.Copy(f.file, &ctxReader{ctx, io.NewSectionReader(from, 0, math.MaxInt64)})
	}
	if err != nil {
		return surroundings(fmt.Errorf("copying %s: %w", from.Name(), err), "make room on that disk")
	}
	return nil
}

// checkDigest is digestOf a file by its path, held against want, if that isn't empty.
func checkDigest(ctx context.Context, path, want string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", usage(fmt.Errorf("opening the archive: %w", err), "")
	}
	defer f.Close()
	got, err := digestOf(ctx, f)
	if err != nil {
		return "", err
	}
	return got, sameDigest(path, got, want)
}

// digestOf computes the digest of an open file, from its start.
func digestOf(ctx context.Context, f *os.File) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, &ctxReader{ctx, io.NewSectionReader(f, 0, math.MaxInt64)}); err != nil {
		return "", surroundings(fmt.Errorf("reading %s: %w", f.Name(), err), "")
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func sameDigest(path, got, want string) error {
	if want == "" || got == want {
		return nil
	}
	return failed(fmt.Errorf("checking %s: its SHA-256 is %s, and should be %s", path, got, want),
		"the file was altered or cut short: fetch it again")
}
