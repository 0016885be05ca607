package cli

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/plural"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
	"github.com/binary-buildout/binary-buildout/matrix"
	"github.com/binary-buildout/binary-buildout/release"
)

type releaseFlags struct {
	dir, plan, repo, server      string
	attestation, sbomAttestation string
	vex                          string
	prepare, step, json          bool
	expect                       int
	partSize                     byteSize
	options                      release.Options
}

func releaseCommand() command {
	return command{
		name: "release", args: "--tag TAG", group: groupRelease, summary: "attach the archives in dist/ to the release",
		examples: []string{
			"binary-buildout release --tag v1.0",
			"binary-buildout release --tag v1.0 --prepare",
		},
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			f := &releaseFlags{}
			f.register(fs)
			return func(ctx context.Context, args []string) error {
				if len(args) > 0 {
					return usageError("release takes no argument: "+args[0], "binary-buildout release --help lists its flags")
				}
				f.json = common.json
				f.complete(c.Getenv)
				return c.release(ctx, *f)
			}
		},
	}
}

func (f *releaseFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&f.options.Tag, "tag", "", "the release's `TAG` (default the tag that the workflow runs for)")
	fs.StringVar(&f.options.Title, "title", "", "the `TITLE` of a new release (default the tag)")
	fs.StringVar(&f.options.MakeLatest, "make-latest", "", "whether it is the `LATEST` release: true, false or legacy")
	fs.BoolVar(&f.options.Replace, "replace", false, "replace assets that differ")
	fs.BoolVar(&f.options.Draft, "draft", false, "leave the release a draft")
	fs.BoolVar(&f.options.Prerelease, "prerelease", false, "mark it as a prerelease")
	fs.StringVar(&f.repo, "repo", "", "the repository `OWNER/REPO` (default GITHUB_REPOSITORY)")
	fs.StringVar(&f.dir, "dir", "dist", "the `DIR` with the archives")
	fs.StringVar(&f.plan, "plan", "", "the plan's `FILE`")
	fs.StringVar(&f.attestation, "attestation", "", "the `FILE` of an attestation to attach: how the files were made")
	fs.StringVar(&f.sbomAttestation, "sbom-attestation", "", "the `FILE` of an attestation to attach: what the archives consist of")
	fs.StringVar(&f.vex, "vex", "", "the `FILE` of a VEX document to attach: which vulnerabilities concern the release")
	fs.BoolVar(&f.prepare, "prepare", false, "write the documents without releasing anything")
	fs.BoolVar(&f.step, "step", false, "attach one archive of several jobs")
	fs.Var(&f.partSize, "part-size", "split what is larger into parts of this `SIZE`, as 500MiB (default, and at most: a byte less than 2GiB, which is GitHub's limit)")
	fs.IntVar(&f.expect, "expect-archives", 0, "with --step: the `NUMBER` of archives that the release is made of")
}

// complete takes from GitHub's variables what no flag said.
func (f *releaseFlags) complete(getenv func(string) string) {
	if f.options.Tag == "" && getenv("GITHUB_REF_TYPE") == "tag" {
		f.options.Tag = getenv("GITHUB_REF_NAME")
	}
	if f.repo == "" {
		f.repo = getenv("GITHUB_REPOSITORY")
	}
	f.server = orElse(getenv("GITHUB_SERVER_URL"), "https://github.com")
	f.options.Commit = getenv("GITHUB_SHA")
	if f.repo != "" {
		f.options.Home = strings.TrimRight(f.server, "/") + "/" + f.repo
	}
}

// release gathers the archives, writes install.sh, install.ps1, SHA256SUMS,
// index.json and the SBOM beside them, and attaches all to the release.
func (c *Command) release(ctx context.Context, f releaseFlags) error {
	f.dir = c.abs(f.dir)
	for _, path := range []*string{&f.plan, &f.attestation, &f.sbomAttestation, &f.vex} {
		if *path != "" {
			*path = c.abs(*path)
		}
	}
	want, err := wantedArchives(f)
	if err != nil {
		return err
	}
	set, err := release.Gather(f.dir, want, f.partSize.orMost())
	if err != nil {
		return err
	}
	set.Tag, set.Home = f.options.Tag, f.options.Home
	installers, err := release.Installers(f.server, f.repo, f.options.Tag)
	if err != nil {
		return err
	}
	set.Extra = append(set.Extra, installers...)
	if f.vex != "" {
		if err := set.AddVEX(f.vex); err != nil {
			return err
		}
	}
	if err := addAttestations(&set, f); err != nil {
		return err
	}
	if f.prepare {
		return c.writeDocuments(f, set)
	}
	client, err := release.NewClient(release.Config{
		API: orElse(c.Getenv("GITHUB_API_URL"), "https://api.github.com"), Repo: f.repo, Token: orElse(c.Getenv("GITHUB_TOKEN"), c.Getenv("GH_TOKEN")),
		Generator: generator(), Job: workflowJob(c.Getenv), Log: func(format string, a ...any) { fmt.Fprintf(c.Stderr, format+"\n", a...) },
	})
	if err != nil {
		return err
	}
	res, err := attach(ctx, client, set, f)
	if err != nil {
		return err
	}
	return c.reportRelease(f, set, res)
}

// addAttestations takes bundles along that are of just these files. In step mode
// one is of this job's archive alone.
func addAttestations(set *release.Set, f releaseFlags) error {
	files, err := set.Files()
	if err != nil {
		return err
	}
	if f.attestation != "" {
		name, covered := release.AttestationName, files
		if f.step {
			name, covered = release.ArchiveAttestationName(set.Archives[0].File.Name), set.Archives[0].Own()
		}
		a, bundle, err := readAttestation(name, f.attestation)
		if err == nil {
			err = a.CheckProvenance(covered)
		}
		if err != nil {
			return err
		}
		if f.step {
			set.Archives[0].Attestation, set.Archives[0].Signer = bundle, &a.Signer
		} else {
			set.Extra, set.Signer = append(set.Extra, bundle), &a.Signer
		}
	}
	if f.sbomAttestation == "" {
		return nil
	}
	if f.step {
		return usageError("attaching the SBOM's attestation: the SBOM is of all archives, and a job of step mode has one", "attest it in the reusable workflow, or in one job that needs the others")
	}
	sbom, err := set.SBOM()
	if err != nil {
		return err
	}
	a, bundle, err := readAttestation(release.SBOMAttestationName, f.sbomAttestation)
	if err == nil {
		err = a.CheckSBOM(sbom, set.Archives)
	}
	set.Extra = append(set.Extra, bundle)
	return err
}

func readAttestation(name, path string) (*release.Attestation, release.File, error) {
	file, err := release.ReadFile(name, path)
	if err != nil {
		return nil, file, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, file, fmt.Errorf("reading the attestation: %w", err)
	}
	a, err := release.ReadAttestation(data)
	return a, file, err
}

func attach(ctx context.Context, client *release.Client, set release.Set, f releaseFlags) (release.Result, error) {
	if f.step {
		return client.Step(ctx, set.Archives[0], set.Extra, f.expect, f.options)
	}
	files, err := set.Files()
	if err != nil {
		return release.Result{}, err
	}
	f.options.Notes = set.Notes()
	return client.Publish(ctx, files, f.options)
}

// wantedArchives are the plan's; without a plan, all that lie there.
func wantedArchives(f releaseFlags) ([]string, error) {
	if f.plan != "" && !f.step {
		file, err := os.Open(f.plan)
		if err != nil {
			return nil, fault.Surroundings(fmt.Errorf("reading the plan: %w", err), "binary-buildout plan --json >plan.json writes it")
		}
		defer file.Close()
		p, err := matrix.ReadPlan(file)
		return p.Archives(), err
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, fault.Surroundings(fmt.Errorf("gathering archives: %w", err), "binary-buildout pack writes them into dist; name another directory with --dir DIR")
	}
	var names []string
	for _, e := range entries {
		if _, err := matrix.ParseArchiveName(e.Name()); err == nil {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 || f.step && len(names) != 1 {
		return nil, usageError(fmt.Sprintf("gathering archives: %s holds %s: %s", f.dir, plural.Of(len(names), "archive"), strings.Join(names, ", ")), "a step attaches the one archive of its job, a release at least one")
	}
	return names, nil
}

func (c *Command) writeDocuments(f releaseFlags, set release.Set) error {
	files, err := set.Files()
	if err != nil {
		return err
	}
	names := []string{}
	for _, file := range files {
		if file.Whole() {
			continue
		}
		if err := writeAsset(file, filepath.Join(f.dir, file.Name)); err != nil {
			return err
		}
		names = append(names, file.Name)
	}
	if f.json {
		return json.NewEncoder(c.Stdout).Encode(map[string]any{"written": names})
	}
	_, err = fmt.Fprintf(c.Stdout, "%s; written beside them: %s\n", plural.Of(len(set.Archives), "archive"), strings.Join(names, ", "))
	return err
}

// writeAsset writes an asset to a file.
func writeAsset(file release.File, to string) error {
	r, err := file.Open()
	if err == nil {
		defer r.Close()
		err = scratch.Fill(to, os.O_TRUNC, 0o644, r)
	}
	if err != nil {
		return fault.Surroundings(fmt.Errorf("writing %s: %w", file.Name, err), "")
	}
	return nil
}

func (c *Command) reportRelease(f releaseFlags, set release.Set, res release.Result) error {
	if c.underActions() {
		c.actions().SetOutput("release_url", res.URL)
	}
	did := fmt.Sprintf("%d uploaded, %d identical, %s", len(res.Uploaded), len(res.Skipped), releaseState(res))
	c.summary(fmt.Sprintf("### Release %s\n\n%s: %s\n\n%s", f.options.Tag, res.URL, did, set.Notes()))
	if f.json {
		return json.NewEncoder(c.Stdout).Encode(res)
	}
	_, err := fmt.Fprintf(c.Stdout, "%s\n%s\n", res.URL, did)
	return err
}

func releaseState(res release.Result) string {
	switch {
	case res.Missing > 0:
		return fmt.Sprintf("a draft, %s %s missing", plural.Of(res.Missing, "archive"), plural.Is(res.Missing))
	case !res.Published:
		return "a draft"
	}
	return "published"
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
