// Package install puts an archive on a machine: it finds the archive that fits
// this system and its Pythons, checks it, unpacks it beside the directory it
// is for, runs its bootstrap.py, and renames it into place. Killed at any
// point it leaves the directory as it was.
//
// Nothing here rewrites a path: that is bootstrap.py's work, which travels in
// the archive.
package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/internal/ownership"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// Options say what is installed and where.
type Options struct {
	// Source is an archive file, OWNER/REPO[@TAG], the URL of an archive, or
	// the URL or folder of a mirror.
	Source string
	// Into is the directory; it must not exist, or be empty, or hold the same
	// archive already.
	Into string
	// Python is a path, a name on PATH, or a version ("3.13"); default: the
	// newest that fits.
	Python string
	// Interpreter is one that is known already, so that none is looked for;
	// Run has to find it.
	Interpreter *interpreter.Python
	// SHA256 is the digest that the archive must have, in hex; may be empty.
	SHA256 string
	// Label chooses between archives of one target, "debian12"; may be empty.
	Label string
	// Trust is what is asked of the attestation. An update asks what was asked
	// before too, but what TrustSaid names of it, as fetch.Trust.Over has it.
	fetch.Trust
	TrustSaid []string

	// Handed are files that are open already, by their paths, since this user
	// may not be able to open them; one that is nil isn't there.
	Handed map[string]*os.File

	// Env is the environment: PATH, PYENV_ROOT, proxies.
	Env []string
	// OS and Arch are runtime.GOOS and runtime.GOARCH.
	OS, Arch string

	// Run runs the interpreter; default: as a process of this system.
	Run Runner

	// Remote says how archives are fetched.
	Remote fetch.Remote

	// Progress is told what is being done; may be nil. It is called from one
	// goroutine at a time.
	Progress func(fetch.Event)
}

// Runner runs an interpreter with arguments in a directory, and writes both of
// its outputs to out. A command that ends otherwise than with 0 gives an error
// with a method ExitCode() int or ProcessState, as *exec.ExitError has.
type Runner func(ctx context.Context, c Call) error

// Call is a run of an interpreter.
type Call struct {
	Python string
	Args   []string
	Dir    string
	Env    []string
	Out    io.Writer
}

// Result says what is there now.
type Result struct {
	Changed bool   `json:"changed"`
	Dir     string `json:"dir"`
	Archive string `json:"archive"` // its file name
	SHA256  string `json:"sha256"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Target  string `json:"target"`
	Python  string `json:"python,omitempty"` // the interpreter that bootstrap.py ran with; empty if unchanged
	// Attestation is "verified", "none" or "" (not asked for: a local file, without the options for it).
	Attestation string `json:"attestation,omitempty"`
	// Signer is the workflow that signed the attestation, OWNER/REPO/PATH@REF.
	Signer   string   `json:"signer,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

// Next is the command that comes after an install.
func (r *Result) Next() string { return ShellWord(filepath.Join(r.Dir, "bin", "buildout")) }

// Install brings the archive into o.Into.
func Install(ctx context.Context, o Options) (*Result, error) {
	dir, err := finalDir(o.Into)
	if err != nil {
		return nil, err
	}
	if err := safePlace(dir); err != nil {
		return nil, err
	}
	if o.SHA256, err = fetch.ParseDigest(o.SHA256); err != nil {
		return nil, err
	}
	r := o.request(dir)
	a, err := fetch.Get(ctx, r.Request)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	if a.Unchanged {
		return r.unchanged(a), rememberHere(o, dir)
	}
	return installFile(ctx, o, a, dir)
}

// Choose gives the interpreter that Install would take for an archive with
// this manifest: o.Python, or the newest of this system that fits.
func Choose(ctx context.Context, o Options, m *archive.Manifest) (*interpreter.Python, error) {
	return interpreter.Choose(ctx, o.search(), interpreter.Required(m))
}

// installFile installs an archive that lies on disk.
func installFile(ctx context.Context, o Options, a *fetch.Archive, dir string) (*Result, error) {
	o.tell(fetch.Event{Step: "check", Text: "checking " + a.Name})
	digest, err := a.Sum(ctx)
	if err != nil {
		return nil, err
	}
	m, files, err := readArchive(a.File)
	if err != nil {
		return nil, &fault.Error{Err: fmt.Errorf("reading %s: %w", a.File.Name(), err), Code: fault.CodeOf(err, 1), Text: "the file is damaged, or isn't an archive of binary-buildout; fetch it again"}
	}
	if err := a.Holds(m.Name, m.Version, m.Target); err != nil {
		return nil, err
	}
	res := &Result{Dir: dir, Archive: a.Name, SHA256: digest, Name: m.Name, Version: m.Version, Target: m.Target,
		Attestation: a.Attestation, Signer: a.Signer, Warnings: a.Warnings}
	state, err := look(dir, m, files, digest)
	if err != nil {
		return nil, err
	}
	switch state {
	case sameHere:
		return res, rememberHere(o, dir)
	case otherHere:
		return nil, otherVersion(o, dir, m.Name+" "+m.Version)
	}
	py := o.Interpreter
	if m.BundledPython != nil {
		if py, err = bundled(ctx, o, m, dir); err != nil {
			return nil, err
		}
	}
	if py == nil && a.Python != nil && interpreter.Required(m).Fits(a.Python) {
		py = a.Python
	}
	if py == nil {
		if py, err = interpreter.Choose(ctx, o.search(), interpreter.Required(m)); err != nil {
			return nil, err
		}
	}
	res.Python = py.Executable
	if err := place(ctx, o, placing{archive: a.File, dir: dir, manifest: m, files: files, python: py, record: record{
		Format: recordFormat, Archive: res.Archive, SHA256: digest, Source: o.Source, Attestation: noted(o.Trust),
	}}); err != nil {
		return nil, err
	}
	res.Changed = true
	return res, nil
}

// finalDir gives the directory as an absolute path whose parent is real. If
// the directory is a link to one, that one is meant.
func finalDir(into string) (string, error) {
	if into == "" {
		return "", fault.Usage(errors.New("no directory to install into"), "give one with --into DIR")
	}
	abs, err := filepath.Abs(into)
	if err != nil {
		return "", fault.Surroundings(fmt.Errorf("finding %s: %w", into, err), "")
	}
	if fi, err := os.Lstat(abs); err == nil && fi.Mode()&os.ModeSymlink != 0 {
		real, err := ownership.RealPath(abs)
		var ours *fault.Error
		if errors.As(err, &ours) {
			return "", err
		}
		if err != nil {
			return "", fault.Usage(fmt.Errorf("following the link %s: %w", abs, err), "remove the link, or make what it points to")
		}
		return real, nil
	}
	parent, err := ownership.RealPath(filepath.Dir(abs))
	var ours *fault.Error
	if errors.As(err, &ours) {
		return "", err
	}
	if err != nil {
		return "", fault.Usage(fmt.Errorf("looking at %s: %w", filepath.Dir(abs), err), "make the parent directory first")
	}
	if filepath.Dir(abs) == abs {
		return "", fault.Usage(fmt.Errorf("%s is the root of the file system", abs), "")
	}
	return filepath.Join(parent, filepath.Base(abs)), nil
}

func otherVersion(o Options, dir, what string) error {
	old, _ := archive.TreeManifest(dir)
	have := "another version"
	if old != nil {
		have = old.Name + " " + old.Version
	}
	return fault.Usage(fmt.Errorf("installing %s into %s: %s is there", what, dir, have),
		"binary-buildout update "+ShellWord(dir)+" "+ShellWord(secrets.Shown(o.Source)))
}

func (o Options) tell(e fetch.Event) {
	if o.Progress != nil {
		o.Progress(e)
	}
}
