package release

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// GitHub's limits: an asset is smaller than 2 GiB, and a release has at most 1,000
// of them (docs.github.com, About releases, 2026-11).
const (
	MaxAssetSize = 2<<30 - 1 // bytes
	maxAssets    = 1000
)

// The names of what goes with the archives. SBOM's name is SBOMName's.
const (
	IndexName       = "index.json"
	SumsName        = "SHA256SUMS"
	AttestationName = "attestation.sigstore.json"

	SBOMAttestationName = "sbom.sigstore.json"
)

// The names that GitHub keeps as they are: it renames an asset with any other
// character, or with a dot at an end (docs.github.com, Upload a release asset, 2026-11).
var assetName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]*[A-Za-z0-9_+-]$`)

// Archives that no plan named are surplus; the endings are matrix.Formats'.
var archiveEnding = regexp.MustCompile(`\.(tar\.gz|tar\.zst|zip)$`)

// File is one asset: Data, or else the file at Path.
type File struct {
	Name   string
	Path   string
	Data   []byte
	Size   int64  // in bytes
	SHA256 string // in lower-case hex

	from int64  // of a volume: where in the file at Path it begins
	of   string // and the file, as an attestation has it: "NAME DIGEST"
}

// Open gives the file's bytes from the start. An upload that is tried again
// opens it again.
func (f File) Open() (io.ReadSeekCloser, error) {
	if f.Path == "" {
		return nopCloser{strings.NewReader(string(f.Data))}, nil
	}
	file, err := os.Open(f.Path)
	if err != nil || f.of == "" {
		return file, err
	}
	return section{io.NewSectionReader(file, f.from, f.Size), file}, nil
}

// Whole says whether it is a file that lies on the disk: it is neither written here
// nor a volume of another one.
func (f File) Whole() bool { return f.Path != "" && f.of == "" }

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

// NewFile is an asset made of bytes.
func NewFile(name string, data []byte) File {
	return File{Name: name, Data: data, Size: int64(len(data)), SHA256: digest.Of(data)}
}

// ReadFile is an asset of that name that lies at path; its digest is taken now.
func ReadFile(name, path string) (File, error) {
	sum, size, err := digest.File(path)
	if err != nil {
		return File{}, fmt.Errorf("reading %s: %w", name, err)
	}
	return File{Name: name, Path: path, Size: size, SHA256: sum}, nil
}

// Unproved is the directory, below that of the archives, in which pack keeps
// one whose proof failed. Nothing in it is ever released.
const Unproved = "unproved"

// Archive is an archive, its sidecar, and what the sidecar says.
type Archive struct {
	File    File
	Sidecar File
	Info    Sidecar
	Volumes []File  // what File is released in; none if it is an asset itself
	Deltas  []Delta // by name; may be none
	// Attestation is of this archive alone, with its deltas and sidecar: a job of
	// step mode brings it. It may be none.
	Attestation File
	Signer      *Signer // who signed it
}

// Set is what a release holds.
type Set struct {
	Tag      string    // the release's; empty: unknown
	Home     string    // the repository's page, https://github.com/OWNER/REPO; empty: unknown
	Archives []Archive // by name
	Extra    []File    // install.sh, attestations: in the order given
	Signer   *Signer   // who signed; nil: nobody did
}

// Gather finds the archives that the plan wants, by name, and their sidecars,
// in dir and below (artifacts may each have their own directory), and the
// deltas that lead to them. What is
// missing, surplus, there twice, or unlike its sidecar is named in the error,
// all of it at once. Documents of an earlier Gather in dir don't count. What is
// larger than largest bytes, which is at most MaxAssetSize, gets volumes.
func Gather(dir string, want []string, largest int64) (Set, error) {
	found, twice, err := walk(dir)
	if err != nil {
		return Set{}, err
	}
	var set Set
	var wrong problems
	for _, name := range twice {
		wrong.add("surplus", name+" (there twice)")
	}
	known := map[string]bool{}
	for _, name := range slices.Sorted(slices.Values(want)) {
		sidecar := sidecarName(name)
		known[name], known[sidecar], known[reportName(name)] = true, true, true
		if found[name] == "" || found[sidecar] == "" {
			for _, n := range []string{name, sidecar} {
				if found[n] == "" {
					wrong.add("missing", n)
				}
			}
			continue
		}
		a, err := readArchive(name, found[name], found[sidecar])
		if err != nil {
			wrong.add("wrong", err.Error())
			continue
		}
		if a.Deltas, err = readDeltas(a, found); err != nil {
			wrong.add("wrong", err.Error())
		}
		if err := a.split(largest); err != nil {
			wrong.add("wrong", err.Error())
		}
		for _, d := range a.Deltas {
			known[d.File.Name] = true
		}
		set.Archives = append(set.Archives, a)
	}
	for name := range found {
		if !known[name] && !isDocument(name) && !known[volumeEnding.ReplaceAllString(name, "")] {
			wrong.add("surplus", name)
		}
	}
	if err := wrong.err(dir); err != nil {
		return Set{}, err
	}
	return set, set.check()
}

func walk(dir string) (found map[string]string, twice []string, err error) {
	found = map[string]string{}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != dir && (d.Name() == Unproved || strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir // a hidden one is of a pack that runs, or was killed
		}
		if err != nil || d.IsDir() {
			return err
		}
		if found[d.Name()] != "" {
			twice = append(twice, d.Name())
		}
		found[d.Name()] = path
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("gathering archives: %w", err)
	}
	return found, twice, nil
}

func readArchive(name, path, sidecarPath string) (Archive, error) {
	file, err := ReadFile(name, path)
	if err != nil {
		return Archive{}, err
	}
	sidecar, err := ReadFile(sidecarName(name), sidecarPath)
	if err != nil {
		return Archive{}, err
	}
	return newArchive(file, sidecar)
}

func newArchive(file, sidecar File) (Archive, error) {
	r, err := sidecar.Open()
	if err != nil {
		return Archive{}, fmt.Errorf("reading %s: %w", sidecar.Name, err)
	}
	defer r.Close()
	info, err := ReadSidecar(r)
	switch {
	case err != nil:
		return Archive{}, fmt.Errorf("%s: %w", sidecar.Name, err)
	case info.Archive != file.Name:
		return Archive{}, fmt.Errorf("%s is the sidecar of %s", sidecar.Name, info.Archive)
	case info.SHA256 != file.SHA256 || info.Size != file.Size:
		return Archive{}, fmt.Errorf("%s has %d bytes and SHA-256 %s, and its sidecar says %d and %s", file.Name, file.Size, file.SHA256, info.Size, info.SHA256)
	}
	return Archive{File: file, Sidecar: sidecar, Info: info}, nil
}

func sidecarName(archive string) string {
	return archiveEnding.ReplaceAllString(archive, "") + ".json"
}

// reportName is the page that pack writes for people beside an archive. It may
// lie there, and isn't an asset: what it says is in the sidecar too.
func reportName(archive string) string {
	return archiveEnding.ReplaceAllString(archive, "") + ".html"
}

// isDocument says whether a name is one that this package gives, or that a
// caller adds. Nothing else of it may lie beside the archives.
func isDocument(name string) bool {
	switch name {
	case IndexName, SumsName, InstallerName, WindowsInstallerName, InstallProgramName, NoPythonInstallerName, NoPythonWindowsInstallerName, "plan.json":
		return true
	}
	return strings.HasSuffix(name, sbomEnding) || strings.HasSuffix(name, vexEnding) || isAttestation(name)
}

// check looks at the set as a whole: one name, one version, GitHub's limits.
func (s Set) check() error {
	var wrong problems
	for _, f := range s.files() {
		if !assetName.MatchString(f.Name) {
			wrong.add("wrong", fmt.Sprintf("%s: GitHub would give the asset another name", f.Name))
		}
		if f.Size > MaxAssetSize {
			wrong.add("wrong", fmt.Sprintf("%s has %d bytes, and an asset is smaller than 2 GiB", f.Name, f.Size))
		}
		if f.Size == 0 {
			wrong.add("wrong", f.Name+" is empty")
		}
	}
	for _, a := range s.Archives {
		first := s.Archives[0].Info
		if a.Info.Name != first.Name || a.Info.Version != first.Version {
			wrong.add("wrong", fmt.Sprintf("%s is not of %s %s", a.File.Name, first.Name, first.Version))
		}
	}
	const documents = 11 // five installers, VEX, SBOM, index.json, SHA256SUMS, two attestations
	if n := len(s.files()) + documents; n > maxAssets {
		wrong.add("wrong", fmt.Sprintf("%d assets, and a release holds %d", n, maxAssets))
	}
	return wrong.err("the archives")
}

// Own are the files that one job brings, the sidecar last: who sees it finds
// all that it names.
func (a Archive) Own() []File {
	all := slices.Clone(assets(a.File, a.Volumes))
	for _, d := range a.Deltas {
		all = append(all, assets(d.File, d.Volumes)...)
	}
	if a.Attestation.Name != "" {
		all = append(all, a.Attestation)
	}
	return append(all, a.Sidecar)
}

func (s Set) files() []File {
	var all []File
	for _, a := range s.Archives {
		all = append(all, a.Own()...)
	}
	return append(all, s.Extra...)
}

// problems are sentences under a few headings, as one error.
type problems []struct{ kind, text string }

func (p *problems) add(kind, text string) {
	*p = append(*p, struct{ kind, text string }{kind, text})
}

func (p problems) err(what string) error {
	if len(p) == 0 {
		return nil
	}
	var parts []string
	hint := "pack the archives again"
	for _, kind := range []string{"missing", "surplus", "wrong"} {
		var texts []string
		for _, x := range p {
			if x.kind == kind {
				texts = append(texts, x.text)
			}
		}
		if len(texts) > 0 {
			slices.Sort(texts)
			parts = append(parts, kind+": "+strings.Join(texts, ", "))
		}
	}
	if p[0].kind != "wrong" {
		hint = "the release holds exactly what the plan names: see why the job of a missing one failed, and empty the directory of others"
	}
	return fault.Failed(fmt.Errorf("gathering %s: %w", what, errors.New(strings.Join(parts, "; "))), hint)
}
