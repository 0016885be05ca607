package fetch

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/internal/ownership"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// Archive is an archive on this disk. It is opened once: what is hashed, and
// checked against its attestation, is what is read and unpacked, whatever its name
// leads to meanwhile.
type Archive struct {
	File        *os.File
	Name        string // its file name
	want        string // the digest it should have, "" if nothing says
	digest      string // the one that it has, once it is known
	Python      *interpreter.Python
	Attestation string
	Signer      string // the workflow that signed the attestation, OWNER/REPO/PATH@REF
	Warnings    []string
	index       *Index // that named it; nil without one
	target      string // as the index says
	Unchanged   bool   // it needn't be fetched: the directory has it
	// Before are, where this is the last of several deltas, those before it, in the
	// order in which they are applied. Close closes them too.
	Before []*Archive
	remove func()
}

func (f *Archive) Close() {
	for _, before := range f.Before {
		before.Close()
	}
	if f.File != nil {
		f.File.Close()
	}
	if f.remove != nil {
		f.remove()
	}
}

// Indexed says whether an index named it, which may name others too.
func (f *Archive) Indexed() bool { return f.index != nil }

// Sum computes the digest, and compares it with the one that it should have.
func (f *Archive) Sum(ctx context.Context) (string, error) {
	if f.digest == "" {
		var err error
		if f.digest, err = digestOf(ctx, f.File); err != nil {
			return "", err
		}
	}
	return f.digest, sameDigest(f.File.Name(), f.digest, f.want)
}

// openLocal opens an archive that lies on this disk. One whose
// content another user could change while it is looked at is copied first.
func openLocal(ctx context.Context, o Request, path, want string) (*Archive, error) {
	file, err := o.open(path)
	if err != nil {
		return nil, fault.Usage(fmt.Errorf("opening the archive: %w", err), "")
	}
	f := &Archive{File: file, Name: filepath.Base(path), want: want}
	info, err := file.Stat()
	if err != nil {
		f.Close()
		return nil, fault.Surroundings(fmt.Errorf("opening the archive: %w", err), "")
	}
	if ownership.Ours(info) {
		return f, nil
	}
	defer file.Close()
	f.File = nil
	if err := f.copy(ctx, o, file, info.Size()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// copy makes the archive a copy that is this user's.
func (f *Archive) copy(ctx context.Context, o Request, from *os.File, size int64) error {
	at, err := o.Dir()
	if err != nil {
		return err
	}
	held, err := scratch.Hold(at)
	if err != nil {
		return fault.Surroundings(fmt.Errorf("locking %s: %w", at, err), "another install into the same directory is running; wait for it to end")
	}
	f.remove = held.Remove
	_ = held.Clear()
	to := filepath.Join(at, f.Name)
	if err := roomFor(to, size); err != nil {
		return err
	}
	if f.File, err = os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err == nil {
		_, err = io.Copy(f.File, &ctxReader{ctx, io.NewSectionReader(from, 0, math.MaxInt64)})
	}
	if err != nil {
		return fault.Surroundings(fmt.Errorf("copying %s: %w", from.Name(), err), "make room on that disk")
	}
	return nil
}

// copyLocal copies an archive that lies on this disk to a new file.
func copyLocal(ctx context.Context, o Request, path, to string) error {
	file, err := o.open(path)
	if err != nil {
		return fault.Usage(fmt.Errorf("opening the archive: %w", err), "")
	}
	if o.Handed[path] == nil {
		defer file.Close()
	}
	if err := scratch.Fill(to, os.O_TRUNC, 0o600, &ctxReader{ctx, io.NewSectionReader(file, 0, math.MaxInt64)}); err != nil {
		return fault.Surroundings(fmt.Errorf("copying %s: %w", path, err), "make room on that disk")
	}
	return nil
}

// checkDigest is digestOf a file by its path, compared with want, if that isn't empty.
func checkDigest(ctx context.Context, path, want string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fault.Usage(fmt.Errorf("opening the archive: %w", err), "")
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
	sum, _, err := digest.Read(&ctxReader{ctx, io.NewSectionReader(f, 0, math.MaxInt64)})
	if err != nil {
		return "", fault.Surroundings(fmt.Errorf("reading %s: %w", f.Name(), err), "")
	}
	return sum, nil
}

func sameDigest(path, got, want string) error {
	if want == "" || got == want {
		return nil
	}
	return fault.Failed(fmt.Errorf("checking %s: its SHA-256 is %s, and should be %s", path, got, want),
		"the file was altered or cut short: fetch it again")
}
