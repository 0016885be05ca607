package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
)

// UpdateOptions say how an installed application becomes another version.
type UpdateOptions struct {
	// Options say where from, where to and with what. Source may be empty:
	// then it is what the last install or update was given.
	Options
	// Stop and Start are shell commands, run in the directory; may be empty.
	// They are run only if something changes.
	Stop, Start string
	// AllowDowngrade lets the update go to a lower version. A Source that names a
	// version, by its tag or its archive, does too.
	AllowDowngrade bool
	// Hook runs Stop or Start, as "stop" or "start"; default: as a process of
	// this system, in the directory.
	Hook func(ctx context.Context, what string) error
}

// Updated says what update or rollback did.
type Updated struct {
	Result
	From   string   `json:"from,omitempty"`   // the version that was there
	Config string   `json:"config,omitempty"` // what bin/buildout was run with
	Report []string `json:"report,omitempty"` // edits that were kept, in sentences
}

// Update makes the application in o.Into the version that o.Source has. The
// tree's own bootstrap.py does it, all or nothing; then bin/buildout runs with
// the configuration that it was last run with. If that fails, or Start, all
// goes back to what it was.
func Update(ctx context.Context, o UpdateOptions) (*Updated, error) {
	t, err := openTree(ctx, o.Options)
	if err != nil {
		return nil, err
	}
	defer t.close()
	if o.SHA256, err = fetch.ParseDigest(o.SHA256); err != nil {
		return nil, err
	}
	back := o.AllowDowngrade || fetch.NamesVersion(o.Source)
	if o.Source == "" {
		if o.Source = t.remembered(); o.Source == "" {
			return nil, fault.Usage(fmt.Errorf("updating %s: its source isn't known", t.dir), "name the archive, OWNER/REPO[@TAG] or a mirror: binary-buildout update DIR SOURCE")
		}
	}
	if o.Trust, err = asked(o.Options, t.dir); err != nil {
		return nil, err
	}
	r := o.request(t.dir)
	r.Base, r.Application, r.Installed, r.Back = t.digest, t.manifest.Name, t.manifest.Version, back
	a, chain, err := t.fetch(ctx, o, r)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	if err := remember(t.dir, o.Trust); err != nil {
		return nil, err
	}
	if a.Unchanged {
		return &Updated{Result: *r.unchanged(a)}, nil
	}
	in, res, err := t.lay(ctx, o, r, a, chain)
	if chain != nil {
		err = errors.Join(err, chain.Close()) // what it has in the tree isn't the tree's
	}
	if err != nil || !res.Changed {
		return res, err
	}
	py, err := t.python(ctx, o.Options, in)
	if err != nil {
		return nil, errors.Join(err, t.forget())
	}
	res.Python = py
	if in.Bundled || t.manifest.BundledPython != nil {
		defer func() {
			if s, err := archive.Document[archive.State](t.dir, archive.StateName); err == nil {
				res.Python = s.Interpreter
			}
		}()
	}
	if err := t.apply(ctx, o, res); err != nil {
		return res, err
	}
	return res, remember(t.dir, o.Trust) // an older bootstrap.py wrote install.json without it
}

// remembered is the source of the last install or update. The archive of a
// version that is no longer here, since a delta was unpacked over it, is none.
func (t *application) remembered() string {
	r, err := readRecord(t.dir)
	if err != nil {
		return ""
	}
	base := path.Base(filepath.ToSlash(r.Source))
	for _, format := range []string{archive.FormatTarGz, archive.FormatTarZst, archive.FormatZip} {
		if strings.HasSuffix(base, "."+format) && !strings.HasSuffix(base, ".delta."+format) && base != r.Archive {
			return ""
		}
	}
	return r.Source
}

// lay brings what is new into the tree, where nothing sees it yet.
func (t *application) lay(ctx context.Context, o UpdateOptions, r *request, a *fetch.Archive, chain *archive.Chain) (*interpreter.Needs, *Updated, error) {
	o.tell(fetch.Event{Step: "check", Text: "checking " + a.Name})
	digest, err := a.Sum(ctx)
	if err != nil {
		return nil, nil, err
	}
	res := &Updated{From: t.manifest.Version, Result: Result{
		Dir: t.dir, Archive: a.Name, SHA256: digest, Name: t.manifest.Name, Target: t.manifest.Target,
		Attestation: a.Attestation, Signer: a.Signer, Warnings: a.Warnings,
	}}
	if chain != nil {
		return t.layChain(ctx, o, r, a, chain, res)
	}
	if in, err := archive.ReadDelta(a.File); err == nil {
		return t.layDelta(ctx, o, r, a, in, res)
	}
	m, _, err := readArchive(a.File)
	if err != nil {
		return nil, nil, &fault.Error{Err: fmt.Errorf("reading %s: %w", a.File.Name(), err), Code: fault.CodeOf(err, 1), Text: fault.HintOf(err, "it is neither an archive nor a delta of binary-buildout")}
	}
	if m.Name != t.manifest.Name {
		return nil, nil, t.another(m.Name + " " + m.Version)
	}
	if err := shortEnough(o.OS, "updating", t.dir, units(t.dir), m); err != nil {
		return nil, nil, err
	}
	if err := r.version(a, m.Name, m.Version, m.Target, res); err != nil {
		return nil, nil, err
	}
	res.Version, res.Target = m.Version, m.Target
	if r, err := readRecord(t.dir); err == nil && r.SHA256 == digest {
		return nil, res, nil
	}
	o.tell(fetch.Event{Step: "unpack", Text: "unpacking what differs of " + res.Archive})
	in, err := archive.LayArchive(ctx, a.File, res.Archive, digest, t.dir, o.Source)
	if err != nil {
		return nil, nil, &fault.Error{Err: fmt.Errorf("unpacking %s: %w", a.File.Name(), err), Code: fault.CodeOf(err, 3), Text: fault.HintOf(err, "")}
	}
	if in.Digest == t.digest { // the same, in another file
		return nil, res, t.forget()
	}
	res.Changed = true
	n := interpreter.Required(m)
	return &n, res, nil
}

func (t *application) layDelta(ctx context.Context, o UpdateOptions, r *request, a *fetch.Archive, in *archive.Incoming, res *Updated) (*interpreter.Needs, *Updated, error) {
	d := in.Delta
	res.Version, res.Archive, res.SHA256 = d.Version, d.Archive, d.SHA256
	switch {
	case d.Name != t.manifest.Name:
		return nil, nil, t.another(d.Name + " " + d.Version)
	case in.Digest == t.digest:
		return nil, res, nil
	case d.Base != t.digest:
		return nil, nil, fault.Failed(fmt.Errorf("updating %s: this delta is for %s %s (%.12s), and %s (%.12s) is here", t.dir, d.Name, d.BaseVersion, d.Base, t.manifest.Version, t.digest),
			"take the delta from "+t.manifest.Version+", or the whole archive")
	}
	if err := r.version(a, d.Name, d.Version, t.manifest.Target, res); err != nil {
		return nil, nil, err
	}
	o.tell(fetch.Event{Step: "unpack", Text: "unpacking the delta from " + d.BaseVersion + " to " + d.Version})
	if _, err := archive.LayDelta(ctx, a.File, t.dir, o.Source); err != nil {
		return nil, nil, &fault.Error{Err: fmt.Errorf("unpacking %s: %w", a.File.Name(), err), Code: fault.CodeOf(err, 3), Text: fault.HintOf(err, "")}
	}
	res.Changed = true
	n := interpreter.Required(t.manifest) // a delta is between archives of one target
	// Whether the new version has an interpreter too is known to bootstrap.py, which
	// gives one that has none the Python that was named.
	n.Bundled = n.Bundled && o.Python == ""
	return &n, res, nil
}

func (t *application) another(what string) error {
	return fetch.OtherApplication(t.dir, t.manifest.Name, what)
}

// apply stops the application, changes it, and starts it again. What can be
// refused is before it is stopped.
func (t *application) apply(ctx context.Context, o UpdateOptions, res *Updated) error {
	if o.Stop != "" {
		o.tell(fetch.Event{Step: "look", Text: "checking whether it can become " + res.Name + " " + res.Version})
		if err := runBootstrap(ctx, o.Options, t.dir, res.Python, "--look"); err != nil {
			return errors.Join(err, t.forget())
		}
	}
	if err := t.shell(ctx, o, "stop", o.Stop); err != nil {
		return errors.Join(err, t.forget())
	}
	// From here on the application has to be started again, whatever happens.
	o.tell(fetch.Event{Step: "bootstrap", Text: "changing it to " + res.Name + " " + res.Version + " with " + res.Python})
	changed, err := t.change(ctx, o, res.Python)
	if !changed {
		// Left there, the next bootstrap.py would apply it unasked.
		return errors.Join(err, t.forget(), t.shell(context.WithoutCancel(ctx), o, "start", o.Start))
	}
	res.Report = t.report()
	if err == nil {
		err = t.buildout(ctx, o, res)
	}
	if err == nil {
		err = t.shell(ctx, o, "start", o.Start)
	}
	if err == nil {
		return t.release()
	}
	back := context.WithoutCancel(ctx)
	if rollback := t.back(back, o, res.Python); rollback != nil {
		// What is there is better than nothing.
		return errors.Join(err, rollback, t.shell(back, o, "start", o.Start))
	}
	there := fmt.Errorf("%w; %s %s is there again", err, res.Name, res.From)
	if start := t.shell(back, o, "start", o.Start); start != nil {
		there = fmt.Errorf("%w, and didn't start either: %w", there, start)
	}
	return &fault.Error{Err: there, Code: 1, Text: fault.HintOf(err, "")}
}

// buildout runs bin/buildout as it was run last.
func (t *application) buildout(ctx context.Context, o UpdateOptions, res *Updated) error {
	program := filepath.Join(t.dir, "bin", "buildout")
	if o.OS == "windows" {
		program += ".exe"
	}
	if _, err := os.Lstat(program); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var args []string
	if s, err := archive.Document[archive.State](t.dir, archive.StateName); err == nil && s.Config != "" {
		res.Config = s.Config
		args = []string{"-c", s.Config}
	}
	o.tell(fetch.Event{Step: "buildout", Text: strings.Join(append([]string{"running bin/buildout"}, args...), " ")})
	return patiently(ctx, o.Options, func() error {
		var out bytes.Buffer
		if err := o.run(ctx, Call{Python: program, Args: args, Dir: t.dir, Env: o.Env, Out: &out}); err != nil {
			said := lastError(out.String())
			return &fault.Error{Err: fmt.Errorf("running bin/buildout: %w (%w)", said, err), Code: fault.CodeOf(err, 1), Text: said.Hint}
		}
		return nil
	})
}

// change has bootstrap.py apply what was laid, and tells whether the new version
// is there then. A bootstrap.py that was killed, as by a person who interrupts
// this, is finished first, or undone: nothing is started between two versions.
func (t *application) change(ctx context.Context, o UpdateOptions, python string) (bool, error) {
	err := bootstrap(ctx, o.Options, t.dir, t.dir, python)
	if err == nil {
		return true, nil
	}
	was := t.digest
	if rerr := t.read(context.WithoutCancel(ctx), o.Options); rerr != nil {
		return false, errors.Join(err, rerr)
	}
	if t.digest == was {
		return false, err
	}
	if ctx.Err() != nil {
		return true, err
	}
	return true, t.forget()
}

// shell runs a command of the administrator's.
func (t *application) shell(ctx context.Context, o UpdateOptions, what, command string) error {
	if command == "" {
		return nil
	}
	o.tell(fetch.Event{Step: what, Text: command})
	if o.Hook != nil {
		return o.Hook(ctx, what)
	}
	return RunHook(ctx, o.Options, what, command, t.dir)
}

// RunHook runs a shell command of --stop or --start in a directory.
func RunHook(ctx context.Context, o Options, what, command, dir string) error {
	name, flag := "/bin/sh", "-c"
	if o.OS == "windows" {
		name, flag = "cmd", "/C"
	}
	cmd := exec.CommandContext(ctx, name, flag, command)
	cmd.Dir, cmd.Env = dir, o.Env
	// A file, not a pipe: what it leaves running must not keep this waiting.
	out, err := os.CreateTemp("", "binary-buildout-"+what+"-")
	if err != nil {
		return fault.Surroundings(fmt.Errorf("running --%s: %w", what, err), "")
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		if last := lastError(string(said)); last.Text != "" {
			err = fmt.Errorf("%w: %s", err, last.Text)
		}
		return fault.Failed(fmt.Errorf("running --%s %s: %w", what, ShellWord(command), err), "")
	}
	return nil
}

// report are the sentences that bootstrap.py left about edits.
func (t *application) report() []string {
	plan, err := archive.Document[struct {
		Report [][3]string `json:"report"`
	}](t.dir, previousPlan)
	if err != nil {
		return nil
	}
	var out []string
	for _, line := range plan.Report {
		out = append(out, line[2])
	}
	return out
}
