package archive

// Format is the number of the manifest's format that this program writes.
// A reader refuses a higher one.
const Format = 1

// The directory of an archive that belongs to binary-buildout, and the files
// in it. All paths in this package are relative to the archive's top
// directory, separated by slashes, and valid UTF-8.
const (
	Dir          = ".binary-buildout"
	ManifestName = Dir + "/manifest.json"
	FilesName    = Dir + "/files.json"
	LaunchName   = Dir + "/launch.json"
	LauncherName = Dir + "/launcher.py"
	StateName    = Dir + "/state.json"
	OriginDir    = Dir + "/origin"
	BootstrapPy  = "bootstrap.py"
)

// Manifest is the archive's first file. It says what the archive is, where it
// runs, and what bootstrap.py has to do to make it run there.
type Manifest struct {
	Format    int    `json:"format"`
	Generator string `json:"generator"` // "binary-buildout 1.2.3"

	Name    string `json:"name"`
	Version string `json:"version"`
	Target  string `json:"target"` // matrix.Target.String()
	Label   string `json:"label,omitempty"`

	// DeltaFormat is the highest format of a delta that bootstrap.py applies; 0
	// means 1.
	DeltaFormat int `json:"delta_format,omitempty"`

	Python   Python `json:"python"`
	Buildout string `json:"buildout"` // the version of zc.buildout

	// BundledPython is the interpreter that lies in the archive; nil without one.
	BundledPython *BundledPython `json:"bundled_python,omitempty"`

	Floors          []Floor         `json:"floors"`
	SystemLibraries []SystemLibrary `json:"system_libraries"`

	Relocations []Relocation `json:"relocations"`
	Signatures  []Signature  `json:"signatures"`
	LongestPath string       `json:"longest_path"` // relative; what limits the root's length on Windows

	// MaxRoot is how many bytes the root may have, 0 for no limit: the length
	// of the build's root that MaxRootFile holds compiled in.
	MaxRoot     int    `json:"max_root,omitempty"`
	MaxRootFile string `json:"max_root_file,omitempty"`

	// FilesSHA256 is the digest of files.json.
	FilesSHA256 string `json:"files_sha256"`

	Parts      []Part      `json:"parts"`
	Extensions []Extension `json:"extensions"`
	Checkouts  []Checkout  `json:"checkouts"`

	// Prove is what each proof of the archive does beside its own steps, here or
	// on a fresh machine.
	Prove *Prove `json:"prove,omitempty"`

	// Builds are what the builds of the tree's distributions declared, and
	// Toolchain is what they were made with: a later pack --reuse doesn't build
	// them again, and has to know both.
	Builds    []Build           `json:"builds,omitempty"`
	Toolchain map[string]string `json:"toolchain,omitempty"`

	// Downloads are the files that the build fetched, each with its digest.
	Downloads []Download `json:"downloads,omitempty"`

	// Provenance is what it takes to build the archive again.
	Provenance *Provenance `json:"provenance,omitempty"`

	// Verification is the report of internal/verify, as that package writes it.
	Verification any `json:"verification,omitempty"`
}

// Prove is what was said to pack and has to reach every proof.
type Prove struct {
	Smoke    []string `json:"smoke,omitempty"`    // shell commands that have to work
	Volatile []string `json:"volatile,omitempty"` // parts that may install themselves again
}

// Build is what one build said of itself: the extension modules that it set
// out to make.
type Build struct {
	Project   string            `json:"project"`
	Version   string            `json:"version"`
	Backend   string            `json:"backend,omitempty"`
	Directory string            `json:"directory,omitempty"` // of a develop package, relative
	Modules   []string          `json:"modules"`
	Optional  []string          `json:"optional,omitempty"`
	How       map[string]string `json:"how,omitempty"`
}

// Python is the interpreter that an archive was built for.
type Python struct {
	Version        string `json:"version"`        // "3.13.0"
	Implementation string `json:"implementation"` // "cpython"
	ABI            string `json:"abi"`            // "cp313", "cp313t", "cp27mu"
	Platform       string `json:"platform"`       // sysconfig.get_platform() with - and . as _: "linux_x86_64"
	Bits           int    `json:"bits"`
	Libc           string `json:"libc,omitempty"` // "glibc", "musl"; empty elsewhere
}

// BundledPython is an interpreter that lies in the archive, as the prefix of one.
// Paths are relative to the archive's top.
type BundledPython struct {
	Version    string `json:"version"`    // "3.13.9"
	Directory  string `json:"directory"`  // "python-3.13.9"; sys.prefix at the target
	Executable string `json:"executable"` // "python-3.13.9/bin/python3.13"
}

// Floor is the oldest system an archive runs on, and the file that says so.
type Floor struct {
	Kind    string `json:"kind"`    // "glibc", "musl", "macos"
	Version string `json:"version"` // "2.28"
	File    string `json:"file"`
}

// SystemLibrary is a library that the target system has to bring.
type SystemLibrary struct {
	Name     string `json:"name"`              // "libldap-2.5.so.0"
	NeededBy string `json:"needed_by"`         // a file of the archive
	Package  string `json:"package,omitempty"` // where known: "libldap-2.5-0 (Debian, Ubuntu)"
}

// The classes of a Relocation, in the words of docs/design.md.
const (
	ClassText     = "text"
	ClassCString  = "cstring"
	ClassLink     = "link"     // a symbolic link, made by bootstrap.py; not in the archive
	ClassBytecode = "bytecode" // compiled by bootstrap.py, from a text file that it relocated
)

// Relocation is one file that bootstrap.py writes. Size and SHA256 are those
// of the file as it lies in the archive; they are zero for a link.
type Relocation struct {
	Path   string `json:"path"`
	Class  string `json:"class"`
	Mode   uint32 `json:"mode,omitempty"` // permission bits
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`

	// Link is what a link points to: one Placeholder, and perhaps a path below it.
	Link string `json:"link,omitempty"`

	// CStrings are the compiled-in strings, by offset. Each starts with the
	// old root, and keeps its length and its tail: the new root is padded with
	// "/" before it.
	CStrings []CString `json:"cstrings,omitempty"`

	// Splits says where a text holds the path of "root" or "python" so that a
	// space in it would make two words of it, as "crontab, line 3". A target
	// with such a path is refused.
	Splits map[string]string `json:"splits,omitempty"`
}

// CString is a string compiled into a binary file, from where the old root
// starts in it. Where a string names the root several times, each has its own
// CString, which ends where the next one starts.
type CString struct {
	Offset int64  `json:"offset"`
	Old    string `json:"old"`    // up to the string's NUL, or the next CString
	Prefix int    `json:"prefix"` // length of the old root in Old, bytes
}

// Signature is a develop distribution whose directory zc.buildout hashes into
// __buildout_signature__ of .installed.cfg: "NAME-MD5". bootstrap.py computes
// the hash again when it has relocated, by the tree's own zc.buildout.
type Signature struct {
	Name string `json:"name"`
	Path string `json:"path"`
	Hash string `json:"hash"` // over what lies in the archive
}

// Part is a section that buildout installed.
type Part struct {
	Name   string `json:"name"`
	Recipe string `json:"recipe"`
}

// Extension is a compiled extension module of the archive.
type Extension struct {
	Path   string `json:"path"`
	Module string `json:"module"`
	Egg    string `json:"egg,omitempty"`
	SHA256 string `json:"sha256"`
}

// Checkout is a version-control checkout that the tree was made of.
type Checkout struct {
	Path   string `json:"path"`
	URL    string `json:"url,omitempty"` // without credentials
	Commit string `json:"commit"`
}

// Entry is one file of files.json.
type Entry struct {
	Path   string `json:"path"`
	Type   string `json:"type,omitempty"` // "" a regular file, "dir", "link"
	Mode   uint32 `json:"mode"`           // permission bits
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Link   string `json:"link,omitempty"`
}

// Files is files.json: every file, directory and link of the archive but
// manifest.json and files.json themselves, sorted by path.
type Files struct {
	Format int     `json:"format"`
	Files  []Entry `json:"files"`
}

// Launch is launch.json: how bin/buildout runs the tree's own zc.buildout.
// internal/buildout writes it into the stage before it builds, so that the
// build, the gate and the target run the same launcher.py with the same words.
type Launch struct {
	Format int `json:"format"`
	// Path are the eggs of zc.buildout and what it needs, relative to the root, in sys.path's order.
	Path []string `json:"path"`
	// Virtualenv is "." if pyvenv.cfg lies beside buildout.cfg, else empty.
	// With one, the tree's bin/python runs zc.buildout, and site-packages of
	// the virtualenv counts.
	Virtualenv string `json:"virtualenv,omitempty"`
	// Config is the configuration file, relative to the root.
	Config string `json:"config"`
	// Options are assignments that every run passes to buildout, "section:key=value".
	// A value that is a directory of the tree starts with "${buildout:directory}/".
	Options []string `json:"options"`
}

// State is state.json: what bootstrap.py and bin/buildout left on this machine.
// It isn't a part of an archive. The build writes one too, with mode "build".
type State struct {
	Format      int    `json:"format"`
	Root        string `json:"root"`
	Interpreter string `json:"interpreter"`
	Archive     string `json:"archive"` // SHA-256 of manifest.json
	Config      string `json:"config"`  // the configuration last used with bin/buildout -c
	// Files are those that bootstrap.py and bin/buildout wrote, with the digest they left.
	Files map[string]string `json:"files"`
}
