package release

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/changes"
	"github.com/binary-buildout/binary-buildout/internal/sbom"
)

// SidecarFormat is the number of the sidecar's format. A reader refuses a higher one.
const SidecarFormat = 1

// Sidecar is NAME.json beside an archive: its manifest without what only the
// target needs, and what became known after it was written. The fields that
// the manifest has too have its names and meanings (archive.Manifest). Command
// pack writes it; here it is read.
type Sidecar struct {
	Format    int    `json:"format"`
	Generator string `json:"generator"`

	Archive string `json:"archive"` // the file's name
	Size    int64  `json:"size"`    // in bytes
	SHA256  string `json:"sha256"`  // of the file, in lower-case hex

	Name    string `json:"name"`
	Version string `json:"version"`
	Target  string `json:"target"`
	Label   string `json:"label,omitempty"`

	Python   Python `json:"python"`
	Buildout string `json:"buildout"` // the version of zc.buildout

	// BundledPython is the interpreter that lies in the archive; nil without one.
	BundledPython *BundledPython `json:"bundled_python,omitempty"`

	Floors          []Floor         `json:"floors"`
	SystemLibraries []SystemLibrary `json:"system_libraries"`
	LongestPath     string          `json:"longest_path,omitempty"`

	Parts      []Part      `json:"parts"`
	Eggs       []sbom.Egg  `json:"eggs"`
	Extensions []Extension `json:"extensions"`
	Checkouts  []Checkout  `json:"checkouts"`
	Downloads  []Download  `json:"downloads,omitempty"`

	// PartEggs are the eggs that a part names, and its recipe's, by their Key.
	PartEggs map[string][]string `json:"part_eggs,omitempty"`
	// Interpreter is the Python that lies in the archive; nil for none.
	Interpreter *sbom.Interpreter `json:"interpreter,omitempty"`

	// Deltas are those that were written with the archive. A job that attaches
	// another one's archive has their bases from here.
	Deltas []IndexDelta `json:"deltas,omitempty"`

	// Changes are what changed since the last archive of the target; nil without one.
	Changes *changes.Account `json:"changes,omitempty"`

	Report json.RawMessage `json:"report,omitempty"` // internal/verify's
	Proof  json.RawMessage `json:"proof,omitempty"`  // internal/prove's
}

// Python is the interpreter that the archive was built for.
type Python struct {
	Version        string `json:"version"`
	Implementation string `json:"implementation"`
	ABI            string `json:"abi"`
	Platform       string `json:"platform"`
	Bits           int    `json:"bits"`
	Libc           string `json:"libc,omitempty"`
}

// BundledPython is an interpreter in an archive.
type BundledPython struct {
	Version string `json:"version"`
}

// Floor is the oldest system that the archive runs on, and the file that says so.
type Floor struct {
	Kind    string `json:"kind"` // "glibc", "musl", "macos"
	Version string `json:"version"`
	File    string `json:"file,omitempty"`
}

// SystemLibrary is a library that the target system has to bring.
type SystemLibrary struct {
	Name     string `json:"name"`
	NeededBy string `json:"needed_by,omitempty"`
	Package  string `json:"package,omitempty"`
}

// Part is a section that buildout installed.
type Part struct {
	Name   string `json:"name"`
	Recipe string `json:"recipe"`
}

// Download is a file that the build fetched (archive.Download).
type Download struct {
	Use     string `json:"use"` // "egg", "tool", "build", "part"
	Owner   string `json:"owner,omitempty"`
	Project string `json:"project,omitempty"`
	Version string `json:"version,omitempty"`
	File    string `json:"file"`
	URL     string `json:"url,omitempty"`
	SHA256  string `json:"sha256"`
}

// Extension is a compiled extension module of the archive.
type Extension struct {
	Path   string `json:"path"`
	Module string `json:"module"`
	Egg    string `json:"egg,omitempty"`
	SHA256 string `json:"sha256"`
}

// Checkout is a version-control checkout that the archive was made of.
type Checkout struct {
	Path   string `json:"path"`
	URL    string `json:"url,omitempty"`
	Commit string `json:"commit"`
}

var hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ReadSidecar reads a sidecar. It refuses a higher format, and one whose
// archive's name is not made of its name, version, target and label.
func ReadSidecar(r io.Reader) (Sidecar, error) {
	var s Sidecar
	if err := json.NewDecoder(r).Decode(&s); err != nil {
		return s, fmt.Errorf("reading the sidecar: %w", err)
	}
	if s.Format < 1 || s.Format > SidecarFormat {
		return s, fmt.Errorf("reading the sidecar: it has format %d, and this program reads up to %d", s.Format, SidecarFormat)
	}
	if !hexDigest.MatchString(s.SHA256) {
		return s, fmt.Errorf("reading the sidecar: %q isn't a SHA-256 in lower-case hex", s.SHA256)
	}
	if rest, ok := strings.CutPrefix(s.Archive, s.stem()); !ok || !strings.HasPrefix(rest, ".") || s.Name == "" || s.Version == "" || s.Target == "" {
		return s, fmt.Errorf("reading the sidecar: archive %q is not named %s", s.Archive, s.stem())
	}
	return s, nil
}

// stem is the archive's name without its format.
func (s Sidecar) stem() string {
	stem := s.Name + "-" + s.Version + "-" + s.Target
	if s.Label != "" {
		stem += "-" + s.Label
	}
	return stem
}

// FileName is the sidecar's own name.
func (s Sidecar) FileName() string { return s.stem() + ".json" }
