package buildout

import (
	"io"
	"os"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/machinecode"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
	"github.com/binary-buildout/binary-buildout/internal/syspackages"
)

// Options say what is built, where, and with what.
type Options struct {
	Dir     string // the checkout
	Name    string // of the distribution; names the default stage
	Stage   string // "" for the default one
	InPlace bool   // Dir is built already, by somebody else
	Out     string // where archives are written

	// Wrote gives the names in a directory that this program gave; they aren't
	// copied into the stage. May be nil.
	Wrote func(dir string) []string

	Python          string   // path or command; "" for python3, or python
	Config          string   // relative to Dir; "" for buildout.cfg
	DefaultCfg      string   // a default.cfg that shall count; "" for none
	BuildoutVersion string   // of zc.buildout; "" as pinned, else the newest
	Before          []string // run by sh in the stage before buildout
	Volatile        []string // parts that may install again on every run

	Launcher []byte // launcher.py, of package pack

	Verbose  io.Writer // buildout's own output as it comes; nil for the log file alone
	Progress func(Event)
	Env      []string // "NAME=value"; nil for this process's
	OS       string   // runtime.GOOS
	Epoch    int64    // SOURCE_DATE_EPOCH of the build, in seconds; 0 for 315532800 (1980)

	// Reuse is the archive of an earlier build, whose eggs and compiled parts
	// stand for those that would be built the same; "" for none.
	Reuse     string
	Generator string // this program and its version, as the manifest has it
	Target    string // as planned; "" for what the interpreter says
	Label     string // of the archive

	// Held are the downloads of an earlier build. Of a project that is among
	// them no other file is taken, and a file with another digest ends the build.
	Held []archive.Download

	// Noted is the manifest's Toolchain of an archive that is built again; nil
	// otherwise. Of a compiler that isn't called, it is what is noted again.
	Noted map[string]string

	// Witness, if not nil, is asked for variables that let every build of this
	// run write down what it declares: it may put files into dir, and the log's
	// name is log. env is the build's environment without them.
	Witness func(dir, log string, env []string) ([]string, error)

	stageBase string // in tests: instead of /var/tmp
	alone     bool   // in tests: zc.buildout gets each egg by itself
}

// Tree is a built buildout.
type Tree struct {
	Root        string // real path
	Canonical   string // what Root would be for the first user who builds; empty where it was chosen
	Interpreter Interpreter
	Python      archive.Python
	// Interpreters are the paths under which the tree's files may name the
	// interpreter: the one that built it, bin/buildout's, and what those link to.
	Interpreters []string
	Buildout     string // version of zc.buildout
	Launch       archive.Launch

	Parts      []archive.Part
	Eggs       []Egg
	Installed  []Installed // what .installed.cfg says, part by part
	Scripts    []string    // relative, in the bin directory
	Checkouts  []archive.Checkout
	Extensions machinecode.Files // compiled files, as the gate found and left them
	Signatures []archive.Signature
	// Rehashed are hashes of .installed.cfg whose directories name the stage: what
	// Signatures has for them is what they are at the canonical stage.
	Rehashed map[string]string
	Warnings []string // for the report
	LeftOut  []LeftOut
	Reused   *Reused // nil without Options.Reuse
	// Downloads are the files that the build fetched, sorted.
	Downloads []archive.Download
	// Made says what decides about compiled files beside their sources, by name.
	Made map[string]string

	Log      string // the build's log file
	Compiler string // JSON lines, one per compiler call: {"cwd","argv","exit","stderr"}
	Declared string // JSON lines of the Witness; "" without one
	TmpDir   string // TMPDIR of the build

	Toolchain syspackages.Toolchain // what was missing may explain extensions that aren't there

	options Options
	stage   stage
	config  config
	secrets []secrets.Secret
	held    *os.File // the stage's lock
}

// Egg is a distribution of the tree.
type Egg struct {
	Name    string
	Version string
	Path    string // relative to the root, or absolute where it lies outside
	Develop bool
}

func (o Options) environ() []string {
	if o.Env != nil {
		return o.Env
	}
	return os.Environ()
}
