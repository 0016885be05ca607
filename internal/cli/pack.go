package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/changes"
	"github.com/binary-buildout/binary-buildout/internal/job"
	"github.com/binary-buildout/binary-buildout/internal/outcome"
	"github.com/binary-buildout/binary-buildout/internal/prove"
	"github.com/binary-buildout/binary-buildout/internal/rebuild"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
	"github.com/binary-buildout/binary-buildout/internal/verify"
)

func packCommand() command {
	return command{
		name: "pack", args: "[DIR]", group: groupBuild, summary: "build, verify, archive and prove a buildout: the main job",
		examples: []string{
			"binary-buildout pack",
			`binary-buildout pack site --python python3.13 --smoke "bin/instance --help"`,
			"binary-buildout pack --reuse last/site-1.0-cp313-linux_x86_64.tar.gz --since last/site-1.0-cp313-linux_x86_64.tar.gz",
		},
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			flags := &packFlags{}
			flags.register(fs)
			return func(ctx context.Context, args []string) error {
				return c.pack(ctx, fs, flags, common, args)
			}
		},
	}
}

// packing is one run of pack: what was asked for, and what became known on the way.
type packing struct {
	*Command
	ui    *ui
	flags *packFlags
	dir   string
	id    identity

	made archive.Provenance // what decides about the archive's bytes, but for the epoch
	held []archive.Download // of the archive that is rebuilt
	// noted is what that archive says of its compilers.
	noted map[string]string

	epoch time.Time
	// compress is what --smallest compresses with; nil for this program.
	compress archive.Compressor
	// compressAfter is whether it is looked for again after the build.
	compressAfter bool

	// What became known on the way, for the reports; nil where a run ended before.
	built   *job.Built
	report  *verify.Report
	planned *job.Planned
	own     *scratch.Dir // where the archive lies until it is proved
	result  job.File
	deltas  []delta          // one for each --since
	changed *changes.Account // since the last archive
	proof   *prove.Proof
	times   []outcome.Step
	known   *materials
}

// pack is the way of the data: build, verify, archive, prove, report.
func (c *Command) pack(ctx context.Context, fs *flag.FlagSet, flags *packFlags, common *common, args []string) error {
	dir, err := c.directory(args)
	if err != nil {
		return err
	}
	if err := applySection(fs, filepath.Join(dir, flags.config), planFlagSet()); err != nil {
		return err
	}
	if err := flags.check(); err != nil {
		return err
	}
	id, err := c.identify(ctx, dir, flags.name, flags.version)
	if err != nil {
		return err
	}
	p := &packing{Command: c, ui: c.ui(common), flags: flags, dir: dir, id: id}
	p.made = archive.Provenance{Source: buildout.Source(ctx, dir), Parameters: rebuild.Parameters(fs, dir), Image: c.Getenv(imageVar)}
	if err := p.findCompressor(ctx); err != nil {
		return err
	}
	if err := p.checkSince(); err != nil {
		return err
	}
	if flags.reuse != "" && flags.inPlace {
		return usageError("pack --reuse and --in-place exclude each other", "an in-place tree is built already: leave out --reuse")
	}
	if p.epoch, err = c.epoch(); err != nil {
		return err
	}
	if err := writable(p.abs(flags.out)); err != nil {
		return err
	}
	settleUmask()
	defer p.close()
	err = p.steps(ctx)
	if werr := p.writeReports(err); werr != nil && err == nil {
		err = werr
	}
	if p.annotateFailure(err) {
		return &annotated{err}
	}
	if err != nil {
		return err
	}
	return p.show(ctx, common)
}

// steps are the steps in their order; each one's result is the next one's input.
func (p *packing) steps(ctx context.Context) error {
	w, err := p.archived(ctx, "Building "+p.id.name+" "+p.id.version)
	if err == nil {
		_, err = step(ctx, p, "Proving the archive elsewhere", func() (*prove.Proof, error) { return p.prove(ctx, w) })
	}
	if err == nil && len(p.flags.since) > 0 {
		p.deltas, err = step(ctx, p, "Writing the deltas", func() ([]delta, error) { return p.makeDeltas(ctx) })
	}
	if err == nil {
		p.changed, err = p.account()
	}
	var ended *interrupted
	if err == nil || errors.As(err, &ended) {
		return err
	}
	return p.keepUnproved(ifFull(err, p.places()...))
}

// step runs one step under its title.
func step[T any](ctx context.Context, p *packing, title string, run func() (T, error)) (done T, err error) {
	took, err := p.ui.timed(title, func() error {
		done, err = run()
		return err
	})
	p.times = append(p.times, outcome.Step{Title: title, Seconds: took.Seconds(), Failed: err != nil})
	if err != nil && ctx.Err() != nil {
		err = stopped(title, err)
	}
	return done, err
}

// places are the directories that a run writes to.
func (p *packing) places() []string {
	stage := p.flags.stage
	if stage == "" && p.OS != "windows" {
		stage = "/var/tmp"
	}
	return []string{p.abs(stage), p.abs(p.flags.out), os.TempDir()}
}

// close leaves the stage to the next run.
func (p *packing) close() {
	if p.own != nil {
		_ = p.own.Close() // what is left, the next run sweeps
	}
	if p.built != nil {
		p.built.Close()
	}
}

// epoch is the one mtime of the archive: SOURCE_DATE_EPOCH, else 1980, the
// first that zip can hold.
func (c *Command) epoch() (time.Time, error) {
	text := c.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Unix(archive.DefaultEpoch, 0), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < archive.DefaultEpoch {
		return time.Time{}, usageError("SOURCE_DATE_EPOCH="+text+" isn't a number of seconds from "+strconv.Itoa(archive.DefaultEpoch)+" (1980) on",
			"unset it, or set it to the time of the last commit: git log -1 --format=%ct")
	}
	return time.Unix(seconds, 0), nil
}

func (p *packing) format() string {
	switch {
	case p.flags.format != "":
		return p.flags.format
	case p.OS == "windows":
		return archive.FormatZip
	case p.flags.smallest:
		return archive.FormatTarZst
	}
	return archive.FormatTarGz
}

// prove proves the archive, which only then gets its place.
func (p *packing) prove(ctx context.Context, w *job.Written) (*prove.Proof, error) {
	if err := p.forgetCredentials(); err != nil {
		return nil, err
	}
	o := w.ProofOptions(p.dir, p.abs(p.flags.out))
	o.RequireIsolation = p.flags.requireIsolation
	proof, err := p.runProof(ctx, o, p.ui)
	p.proof = proof
	if err != nil {
		return nil, err
	}
	p.ui.say("%s", grades(proof))
	if err := proof.Err(); err != nil {
		return nil, err
	}
	return proof, p.place()
}

// show ends with what a person needs next.
func (p *packing) show(ctx context.Context, common *common) error {
	if common.json {
		sidecar, err := p.sidecar()
		if err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		data, err := json.MarshalIndent(sidecar, "", " ")
		if err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		_, err = fmt.Fprintf(p.Stdout, "%s\n", plainJSON(data))
		return err
	}
	file := p.shown(p.result.Path)
	in := p.built.Tree.Interpreter
	lines := tryLines(runtime.GOOS, p.result.Path, p.id.name+"-"+p.id.version, pythonCommand(ctx, runtime.GOOS, in.Minor(), p.built.Tree.Python.ABI, in.Executable))
	if p.changed != nil {
		fmt.Fprintf(p.Stdout, "\n%s\n", plain(strings.Join(p.changed.Lines(shownEggs), "\n")))
	}
	if p.planned.Bundled != nil {
		lines[1] = ownLine(runtime.GOOS)
	}
	_, err := fmt.Fprintf(p.Stdout, `
Archive: %s
Report:  %s

On a server, unpack it and run the second of these lines there. To try it here, in another directory:

    %s
    %s
`, file, p.reportPath(file, ".html"), lines[0], lines[1])
	return err
}
