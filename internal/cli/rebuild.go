package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/internal/job"
	"github.com/binary-buildout/binary-buildout/internal/rebuild"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// rebuildFlags are the settings of rebuild, beside those of whose archive it must be.
type rebuildFlags struct {
	checkout, image, defaultCfg string
	before                      []string
	out, predicate, statement   string
	trust                       *trustFlags
}

func rebuildCommand() command {
	return command{
		name: "rebuild", args: "SOURCE", group: groupRelease, summary: "build an archive again as its manifest says, and compare the bytes",
		examples: []string{"binary-buildout rebuild acme/site@v1.0 --checkout ."},
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			o, f := install.Options{}, &rebuildFlags{}
			fs.StringVar(&o.Python, "python", "", "the `PATH` of the interpreter, or its version (default the newest that fits)")
			fs.StringVar(&o.SHA256, "sha256", "", "the `DIGEST` that the archive must have")
			fs.StringVar(&o.Label, "label", "", "the `LABEL` that chooses between archives of one target")
			f.trust = registerTrust(fs)
			fs.StringVar(&f.checkout, "checkout", "", "the `DIR` of a git repository that has the commit (default the working directory, else it is cloned)")
			fs.StringVar(&f.image, "image", "", "the container's `IMAGE` that this runs in, as REFERENCE@sha256:DIGEST (default "+imageVar+")")
			fs.StringVar(&f.defaultCfg, "default-cfg", "", "the default.cfg `FILE` that it was built with, if that isn't in the checkout")
			fs.Var(lines(&f.before), "before", "a shell `CMD` that was run before the build, if [binary-buildout] doesn't have it; repeatable")
			fs.StringVar(&f.out, "out", "", "the `DIR` to keep the rebuilt archive in; without it, the archive is removed")
			fs.StringVar(&f.predicate, "predicate", "", "write what actions/attest signs, of type "+rebuild.PredicateType+", to `FILE`")
			fs.StringVar(&f.statement, "statement", "", "write the whole in-toto statement to `FILE`, for other signers")
			return func(ctx context.Context, args []string) error {
				if len(args) != 1 {
					return usageError("rebuild takes one archive or release", "binary-buildout rebuild OWNER/REPO@TAG, or rebuild dist/site-1.0-cp313-linux_x86_64.tar.gz")
				}
				return c.rebuild(ctx, o, f, common, args[0])
			}
		},
	}
}

// rebuilding is one run of rebuild: the archive, and the run of pack that
// builds it again.
type rebuilding struct {
	*packing
	work *scratch.Dir
	o    install.Options
	f    *rebuildFlags

	file     *fetch.Copied
	was      archive.Manifest
	compared rebuild.Result
}

func (c *Command) rebuild(ctx context.Context, o install.Options, f *rebuildFlags, common *common, source string) (err error) {
	settleUmask()
	own, err := scratch.New(os.TempDir(), "binary-buildout-rebuild-")
	if err != nil {
		return err
	}
	defer own.Close()
	ui := c.surround(&o, common, filepath.Join(own.Path, "release"))
	o.Source = c.source(source)
	if err := f.trust.settle(c, &o, ui); err != nil {
		return err
	}
	r := &rebuilding{work: own, o: o, f: f, packing: &packing{Command: c, ui: ui, flags: &packFlags{}}}
	defer r.close()
	if err := r.fetch(ctx); err != nil {
		return err
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	w, err := r.archived(ctx, "Building "+r.id.name+" "+r.id.version+" again")
	if was := r.was.Provenance.Compressor; r.compressAfter && err == nil && r.made.Compressor != was {
		r.ui.warn(rebuild.Mismatch{What: "compressor", Was: was, Is: r.made.Compressor}.String())
	}
	if err == nil {
		_, err = step(ctx, r.packing, "Comparing", func() (rebuild.Result, error) { return r.compareBytes(w) })
	}
	var ended *interrupted
	if err != nil && !errors.As(err, &ended) {
		err = ifFull(err, own.Path)
	}
	if err != nil {
		return err
	}
	return r.show(common)
}

// fetch brings the archive, and reads what it says.
func (r *rebuilding) fetch(ctx context.Context) error {
	var err error
	if r.file, err = fetch.Copy(ctx, r.o.Request(r.o.Into), filepath.Join(r.work.Path, "copy")); err != nil {
		return err
	}
	for _, w := range r.file.Warnings {
		r.ui.warn(w)
	}
	if r.was, err = archive.ReadManifest(r.file.Path); err != nil {
		return err
	}
	switch p := r.was.Provenance; {
	case p == nil:
		return usageError("rebuilding "+filepath.Base(r.file.Path)+": "+r.was.Generator+", which built it, didn't record how", "pack it again with this binary-buildout")
	case p.Parameters["in-place"] != nil:
		return usageError("rebuilding "+filepath.Base(r.file.Path)+": it was packed with --in-place, from a tree that somebody else built", "only what pack built itself can be built again")
	}
	return nil
}

// prepare settles everything that pack would take from its flags, its
// surroundings and the clock.
func (r *rebuilding) prepare(ctx context.Context) error {
	m := r.was
	r.id, r.held, r.noted = identity{m.Name, m.Version}, m.Downloads, m.Toolchain
	if r.id.name == "" || !namePattern.MatchString(r.id.name) || !namePattern.MatchString(r.id.version) {
		return usageError("rebuilding: the archive has the name "+m.Name+" "+m.Version, "")
	}
	r.epoch = time.Unix(m.Provenance.Epoch, 0)
	if err := r.checkout(ctx); err != nil {
		return err
	}
	if err := r.settle(); err != nil {
		return err
	}
	if err := r.findCompressor(ctx); err != nil {
		return err
	}
	py, err := r.interpreter(ctx)
	if err != nil {
		return err
	}
	r.flags.python = py.Executable
	r.made.Image = orElse(orElse(r.f.image, r.Getenv(imageVar)), m.Provenance.Image)
	if r.made.Image != "" && r.f.image == "" && r.Getenv(imageVar) == "" {
		r.ui.warn("it was built in the image " + r.made.Image + "; nothing says whether this is that image (--image)")
	}
	if m.Provenance.Source != nil && m.Provenance.Source.Changed {
		r.ui.warn("the checkout that it was built in was changed: commit " + m.Provenance.Source.Commit + " doesn't have all of it")
	}
	is := m
	is.Generator, is.Python.Version = generator(), py.Version
	made := r.made
	if r.compressAfter {
		made.Compressor = m.Provenance.Compressor // not known yet
	}
	is.Provenance = &made
	for _, mismatch := range rebuild.Surroundings(m, is) {
		r.ui.warn(mismatch.String())
	}
	return nil
}

// interpreter is the one that was asked for, else one of the very version that
// the archive was built with, else the newest that fits.
func (r *rebuilding) interpreter(ctx context.Context) (*interpreter.Python, error) {
	if r.o.Python == "" {
		o := r.o
		o.Python = r.was.Python.Version
		if py, err := install.Choose(ctx, o, &r.was); err == nil {
			return py, nil
		}
	}
	return install.Choose(ctx, r.o, &r.was)
}

// formatOf is the format that an archive's name says.
func formatOf(name string) string {
	for _, format := range matrix.Formats() {
		if strings.HasSuffix(name, "."+format) {
			return format
		}
	}
	return ""
}

// checkout makes the checkout, in a directory of its own: what the working
// directory or --checkout has is only read.
func (r *rebuilding) checkout(ctx context.Context) error {
	source := r.was.Provenance.Source
	if source == nil {
		if r.f.checkout == "" {
			return usageError("rebuilding: the archive names no commit, since it was built outside of git", "give the directory of the buildout with --checkout DIR")
		}
		r.dir = r.abs(r.f.checkout)
		return nil
	}
	dir, err := rebuild.Checkout(ctx, *source, r.abs(r.f.checkout), filepath.Join(r.work.Path, "checkout"))
	if err != nil {
		return err
	}
	r.dir = dir
	made := *source
	made.Changed = false
	r.made.Source = &made
	return nil
}

// settle sets the flags of pack to what they were.
func (r *rebuilding) settle() error {
	m := r.was
	fs := flag.NewFlagSet("pack", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	r.flags.register(fs)
	if err := rebuild.Apply(fs, m.Provenance.Parameters); err != nil {
		return err
	}
	r.flags.before = slices.Clone(r.f.before)
	for name, value := range map[string]string{"name": m.Name, "version": m.Version, "target": m.Target, "label": m.Label, "format": formatOf(r.file.Path),
		"out": filepath.Join(r.work.Path, "rebuilt")} {
		if err := fs.Set(name, value); err != nil {
			return err
		}
	}
	if p := m.Prove; p != nil {
		r.flags.smoke, r.flags.volatile = p.Smoke, p.Volatile
	}
	r.made.Parameters = m.Provenance.Parameters
	if file := r.flags.defaultCfg; file != "" {
		r.flags.defaultCfg = filepath.Join(r.dir, file)
		if r.f.defaultCfg != "" {
			r.flags.defaultCfg = r.abs(r.f.defaultCfg)
		}
	}
	// What was run before the build is the checkout's own, never the archive's.
	if err := applySection(fs, filepath.Join(r.dir, r.flags.config), planFlagSet()); err != nil {
		return err
	}
	r.flags.reuse, r.flags.since, r.flags.inPlace = "", nil, false
	return r.flags.check()
}

// compareBytes compares the two archives, and writes what can be attested.
func (r *rebuilding) compareBytes(w *job.Written) (rebuild.Result, error) {
	var err error
	if r.compared, err = rebuild.Compare(r.file.Path, r.file.SHA256, w.File.Path, w.File.Digest.SHA256); err != nil {
		return r.compared, err
	}
	statement := rebuild.Attest(r.compared, w.Contents.Manifest, r.runURL())
	for path, document := range map[string]any{r.f.predicate: statement.Predicate, r.f.statement: statement} {
		if path == "" {
			continue
		}
		if err := writeDocument(r.abs(path), document); err != nil {
			return r.compared, err
		}
	}
	if r.f.out == "" {
		return r.compared, nil
	}
	if err := os.MkdirAll(r.abs(r.f.out), 0o755); err != nil {
		return r.compared, err
	}
	return r.compared, scratch.Copy(w.File.Path, filepath.Join(r.abs(r.f.out), filepath.Base(w.File.Path)), os.O_TRUNC, 0o644)
}

// runURL is the address of the workflow's run, or "".
func (c *Command) runURL() string {
	server, repo, id := c.Getenv("GITHUB_SERVER_URL"), c.Getenv("GITHUB_REPOSITORY"), c.Getenv("GITHUB_RUN_ID")
	if server == "" || repo == "" || id == "" {
		return ""
	}
	return server + "/" + repo + "/actions/runs/" + id
}

func writeDocument(path string, document any) error {
	data, err := json.MarshalIndent(document, "", " ")
	if err == nil {
		err = os.WriteFile(path, append(data, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return nil
}

// show says what came of it, what the surroundings explain first. 1 is the exit
// code if the bytes aren't the same.
func (r *rebuilding) show(common *common) error {
	if common.json {
		if err := r.writeJSON(r.compared); err != nil {
			return err
		}
	} else if err := r.showText(); err != nil {
		return err
	}
	if !r.compared.Same {
		return &reported{exitFailed}
	}
	return nil
}

func (r *rebuilding) showText() error {
	w := tabwriter.NewWriter(plainWriter{r.Stdout}, 0, 0, 2, ' ', 0)
	for _, m := range r.compared.Surroundings {
		fmt.Fprintf(w, "surroundings\t%s\n", m)
	}
	switch {
	case r.compared.Same:
		fmt.Fprintf(w, "the same bytes: %s, sha256 %s\n", r.compared.Archive, r.compared.SHA256)
	case len(r.compared.Differences) == 0:
		fmt.Fprintf(w, "the same files, compressed in another way: %s, sha256 %s, rebuilt %s\n", r.compared.Archive, r.compared.SHA256, r.compared.RebuiltSHA256)
	default:
		fmt.Fprintf(w, "different bytes: %s, sha256 %s, rebuilt %s\n", r.compared.Archive, r.compared.SHA256, r.compared.RebuiltSHA256)
	}
	for _, d := range r.compared.Differences {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", d.Owner, d.What, d.Path, shorten(d.A), shorten(d.B))
	}
	return w.Flush()
}
