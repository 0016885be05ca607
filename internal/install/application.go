package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// application is a directory that an application of ours lies in, locked.
type application struct {
	dir      string
	manifest *archive.Manifest
	digest   string // of manifest.json
	state    *archive.State
	held     *scratch.Held
	// resumed is what was interrupted and is finished now, if anything was.
	resumed *change
}

// change is what this program has to know of bootstrap.py's plan.json.
type change struct {
	From        string `json:"from"` // digests of manifests
	To          string `json:"to"`
	FromVersion string `json:"from_version"`
	Keeps       bool   `json:"keeps"` // the version before: a rollback doesn't
}

const (
	previousPlan   = archive.Dir + "/previous/plan.json"
	heldDir        = archive.Dir + "/previous/before" // the way back that was there before, until release
	goneDir        = archive.Dir + "/previous.old"    // bootstrap.py removes it too
	transactionDir = archive.Dir + "/transaction"
)

// openTree locks a tree, and has what a killed update left in it finished or undone.
func openTree(ctx context.Context, o Options) (*application, error) {
	dir, err := finalDir(o.Into)
	if err != nil {
		return nil, err
	}
	if _, err := archive.TreeManifest(dir); err != nil {
		return nil, fault.Usage(fmt.Errorf("updating %s: it isn't an installation of binary-buildout (%w)", dir, err), "install one: binary-buildout install SOURCE --into "+ShellWord(dir))
	}
	for _, name := range []string{archive.BootstrapPy, archive.FilesName} {
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return nil, fault.Usage(fmt.Errorf("updating %s: the program that updates it is damaged: %w", dir, err),
				"install it again into another directory, and move var/ there: binary-buildout install SOURCE --into "+ShellWord(dir+".new"))
		}
	}
	held, err := scratch.Hold(filepath.Join(dir, archive.Dir))
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil, fault.Surroundings(fmt.Errorf("updating %s: %w", dir, err), "run it as the user that it belongs to")
		}
		return nil, fault.Surroundings(fmt.Errorf("locking %s: %w", dir, err), "another update or rollback is running there; wait for it to end")
	}
	t := &application{dir: dir, held: held}
	if err := t.read(ctx, o); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *application) close() { t.held.Release() }

func (t *application) read(ctx context.Context, o Options) error {
	state, err := archive.Document[archive.State](t.dir, archive.StateName)
	if err != nil || state.Root == "" {
		return fault.Usage(fmt.Errorf("updating %s: bootstrap.py has not run there", t.dir), "run: python "+ShellWord(filepath.Join(t.dir, archive.BootstrapPy)))
	}
	var interrupted *change
	if _, err := os.Lstat(filepath.Join(t.dir, transactionDir)); err == nil {
		if interrupted, err = archive.Document[change](t.dir, path.Join(transactionDir, "plan.json")); err != nil {
			return fault.Surroundings(fmt.Errorf("looking at what was interrupted: %w", err), "")
		}
		o.tell(fetch.Event{Step: "bootstrap", Text: "finishing what was interrupted"})
		python := state.Interpreter
		if _, err := os.Stat(python); err != nil && starter(t.dir, o.OS) == nil { // it went with its version
			if python, err = anyPython(ctx, o); err != nil {
				return err
			}
		}
		if err := runBootstrap(ctx, o, t.dir, python, "--recover"); err != nil {
			return err
		}
	}
	data, err := os.ReadFile(filepath.Join(t.dir, archive.ManifestName))
	if err == nil {
		t.manifest, err = archive.TreeManifest(t.dir)
	}
	if err == nil {
		t.state, err = archive.Document[archive.State](t.dir, archive.StateName)
	}
	if err != nil {
		return fault.Surroundings(fmt.Errorf("looking at %s: %w", t.dir, err), "")
	}
	t.digest = digest.Of(data)
	if interrupted != nil && interrupted.To == t.digest {
		t.resumed = interrupted
	}
	return nil
}

// python is the interpreter that bootstrap.py is run with: the one that the tree
// has, if the new version takes it too.
func (t *application) python(ctx context.Context, o Options, n *interpreter.Needs) (string, error) {
	if n.Bundled && o.Python != "" {
		return "", fault.Usage(fmt.Errorf("updating %s with --python %s: the new version has an interpreter of its own", t.dir, o.Python), "leave --python out")
	}
	if n.Bundled {
		// The new version refuses a system itself, before anything is changed.
		if _, err := os.Stat(t.state.Interpreter); err != nil && starter(t.dir, o.OS) == nil {
			return anyPython(ctx, o)
		}
		return t.state.Interpreter, nil
	}
	if o.Python == "" && t.manifest.BundledPython == nil {
		if p, err := interpreter.Probe(ctx, t.state.Interpreter, interpreter.CleanEnv(o.Env)); err == nil && n.Fits(p) {
			return t.state.Interpreter, nil
		}
	}
	p, err := interpreter.Choose(ctx, o.search(), *n)
	if err != nil {
		return "", err
	}
	return p.Executable, nil
}

// anyPython is an interpreter that can run bootstrap.py.
func anyPython(ctx context.Context, o Options) (string, error) {
	all, err := interpreter.Here(ctx, o.search())
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", fault.Usage(errors.New("running bootstrap.py: there is no Python here, and that of this version is gone"), "install one, or name one with --python")
	}
	return all[0].Executable, nil
}

// forget removes what was laid for bootstrap.py.
func (t *application) forget() error {
	return scratch.RemoveAll(filepath.Join(t.dir, filepath.FromSlash(archive.IncomingDir)))
}

// release removes what the version before the last one left, which bootstrap.py
// held for the case that the new one doesn't start: whole, or not at all.
func (t *application) release() error {
	held, gone := filepath.Join(t.dir, filepath.FromSlash(heldDir)), filepath.Join(t.dir, filepath.FromSlash(goneDir))
	if _, err := os.Lstat(held); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := scratch.RemoveAll(gone)
	if err == nil {
		err = os.Rename(held, gone)
	}
	if err == nil {
		err = scratch.RemoveAll(gone)
	}
	if err != nil {
		return fault.Surroundings(fmt.Errorf("removing an older version's files: %w", err), "the new version runs; the next update removes them")
	}
	return nil
}

// patiently does something again for two minutes as long as a bin/buildout that
// another runs, by cron say, is at work: the application stands still until it is done.
func patiently(ctx context.Context, o Options, do func() error) error {
	pause := o.Remote.Wait
	if pause == nil {
		pause = fetch.Wait
	}
	for try := 0; ; try++ {
		err := do()
		var said saidError
		if err == nil || try == 240 || !errors.As(err, &said) || !said.Busy {
			return err
		}
		if try == 0 {
			o.tell(fetch.Event{Step: "wait", Text: "waiting for another bin/buildout"})
		}
		if werr := pause(ctx, 500*time.Millisecond); werr != nil {
			return errors.Join(err, werr)
		}
	}
}
