package matrix

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// PlanFormat is the number of plan.json's format. A reader refuses a higher one.
const PlanFormat = 1

// ImageHost is the image that is none: the runner itself.
const ImageHost = "host"

// MaxTargets is GitHub's limit of jobs in a matrix.
const MaxTargets = 256

// Options say what to plan. All lists keep their order in the plan.
type Options struct {
	Name, Version string
	Format        string // of the archives; empty: tar.gz, and zip on Windows
	Smallest      bool   // where Format is empty, tar.zst instead of tar.gz

	Pythons   []string // "3.13", "3.13t", "2.7"
	Platforms []string // "linux_x86_64", "macosx_arm64", "macosx_13_0_arm64", "win_amd64"; empty: linux_x86_64
	Images    []string // for Linux: "manylinux_2_28", "host", "debian:12"; empty: manylinux_2_28, and what comes next to it where there is none

	// Targets and SkipTargets are globs (path.Match) on "TARGET[-LABEL]", as in
	// cp313-*, *-win_amd64, *-debian12. Empty Targets: all. Only is one such
	// name, exactly; it wins over both.
	Targets, SkipTargets []string
	Only                 string

	// Runners replaces the label of a platform's runner, for larger and
	// self-hosted ones.
	Runners map[string]string
}

// Plan is plan.json: what the jobs of a workflow build, and so exactly what
// the release will hold.
type Plan struct {
	Format  int     `json:"format"`
	Table   string  `json:"table"` // the date of the table of runners and images
	Name    string  `json:"name"`
	Version string  `json:"version"`
	Targets []Entry `json:"targets"`
}

// Entry is one target's job.
type Entry struct {
	ID       string `json:"id"`     // Target, and -LABEL if there is one: unique in the plan
	Target   string `json:"target"` // Target.String()
	Label    string `json:"label"`
	Archive  string `json:"archive"`
	Format   string `json:"format"`   // the archive's
	Runner   string `json:"runner"`   // the label for runs-on
	Emulated bool   `json:"emulated"` // the runner's kernel has to start the image's programs by qemu
	Platform string `json:"platform"` // as asked for: "linux_x86_64"
	Python   Python `json:"python"`
	Image    Image  `json:"image"` // where it is built
	Prove    Image  `json:"prove"` // where it is proved
	Env      string `json:"env"`   // for the build: NAME=VALUE, one a line
}

// How the Python of a target gets there.
const (
	FromImage       = "image"        // the image brings it
	FromPackage     = "package"      // Image.Setup installs it
	FromSetupPython = "setup-python" // actions/setup-python, on the runner
)

// Python is the interpreter of a target.
type Python struct {
	Version string `json:"version"`      // "3.13", "3.13t"
	How     string `json:"how"`          // FromImage, FromPackage, FromSetupPython
	Path    string `json:"path"`         // in the image; empty with FromSetupPython
	Arch    string `json:"architecture"` // setup-python's word
}

// Image is a container's image and what has to be done in it first. Ref is
// empty where the runner itself is meant.
type Image struct {
	Name     string `json:"name"`
	Ref      string `json:"ref"`
	Platform string `json:"platform"` // docker run --platform
	Setup    string `json:"setup"`    // a shell command, run as root
	Python   string `json:"python"`   // the interpreter's path there
}

// Error says which combinations can't be had, and what can be done. All that
// is wrong is in it, not only the first.
type Error struct {
	Problems []string
	hint     string
}

func (e *Error) Error() string { return "planning: " + strings.Join(e.Problems, "; ") }

// New makes the plan: every Python on every platform, on Linux in every image,
// less what the globs leave out. A combination that is left can't be had is an
// error that lists what can. The error has an *Error, and exit code 2.
func New(o Options) (Plan, error) {
	t, err := readTable()
	if err != nil {
		return Plan{}, err
	}
	if len(o.Platforms) == 0 {
		o.Platforms = []string{"linux_x86_64"}
	}
	if err := checkOptions(o, t); err != nil {
		return Plan{}, err
	}
	p := Plan{Format: PlanFormat, Table: t.Date, Name: o.Name, Version: o.Version, Targets: []Entry{}}
	var all []Entry
	var refused Error
	var candidates, leave []string
	for _, c := range combinations(o, t) {
		e, problem := c.entry(o, t)
		candidates = append(candidates, e.ID)
		if !o.wants(e.ID) {
			continue
		}
		if problem != "" {
			refused.Problems = append(refused.Problems, problem)
			leave = append(leave, e.ID)
			continue
		}
		all = append(all, e)
	}
	if len(refused.Problems) > 0 {
		refused.hint = "leave them out with skip_targets: " + strings.Join(leave, " ")
		return Plan{}, fault.Usage(&refused, refused.hint)
	}
	p.Targets = append(p.Targets, all...)
	return p, checkPlan(p, o, candidates)
}

// imagePattern is what docker takes for an image: a name in lower case, below
// a registry perhaps, a tag, a digest. It reaches a command line.
var imagePattern = regexp.MustCompile(`^[a-z0-9][A-Za-z0-9.-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)*(:[A-Za-z0-9_][A-Za-z0-9._-]*)?(@sha256:[0-9a-f]+)?$`)

func checkOptions(o Options, t table) error {
	var e Error
	add := func(format string, a ...any) { e.Problems = append(e.Problems, fmt.Sprintf(format, a...)) }
	for _, w := range [][2]string{{"name", o.Name}, {"version", o.Version}} {
		if err := CheckWord(w[0], w[1]); err != nil {
			add("%v", err)
		}
	}
	if o.Format != "" && !slices.Contains(Formats(), o.Format) {
		add("there is no format %q: %s", o.Format, strings.Join(Formats(), ", "))
	}
	if len(o.Pythons) == 0 {
		add("no Python is named")
		e.hint = `pythons takes versions, as in "3.13" or "3.12 3.13"`
	}
	for _, v := range o.Pythons {
		if _, err := ABITag(v, true); err != nil {
			add("%v", err)
		}
	}
	for _, name := range o.Platforms {
		if _, _, ok := t.findPlatform(name); !ok {
			add("there is no platform %q: %s", name, strings.Join(t.platformNames(), ", "))
		}
	}
	for _, name := range o.Images {
		_, known := t.image(name)
		switch {
		case known || name == ImageHost:
		case strings.ContainsAny(name, ":/@") && !imagePattern.MatchString(name):
			add("%q isn't a reference of an image, such as registry.example.org:5000/base:7@sha256:...", name)
		case !strings.ContainsAny(name, ":/@"):
			add("there is no image %q: %s, or any reference with a tag", name, strings.Join(t.imageNames(), ", "))
		}
	}
	for name, label := range o.Runners {
		if _, ok := t.platform(name); !ok {
			add("runner for %q: there is no such platform: %s", name, strings.Join(t.platformNames(), ", "))
		}
		// GitHub moves -latest to the next image within weeks of its release
		// (actions/runner-images, 2026-11): such a label builds something else one day.
		if strings.HasSuffix(label, "-latest") {
			add("runner %q moves: name a version, as in ubuntu-24.04", label)
		}
	}
	for _, g := range slices.Concat(o.Targets, o.SkipTargets) {
		if _, err := path.Match(g, ""); err != nil {
			add("%q isn't a glob", g)
		}
	}
	if len(e.Problems) > 0 {
		return fault.Usage(&e, e.hint)
	}
	return nil
}

func (o Options) wants(id string) bool {
	if o.Only != "" {
		return id == o.Only
	}
	match := func(g string) bool { ok, _ := path.Match(g, id); return ok }
	return (len(o.Targets) == 0 || slices.ContainsFunc(o.Targets, match)) && !slices.ContainsFunc(o.SkipTargets, match)
}

// checkPlan finds what is wrong with the plan as a whole: nothing in it, a
// glob or an "only" that selects nothing, two archives of one name, too many jobs.
func checkPlan(p Plan, o Options, candidates []string) error {
	e := Error{hint: "the combinations give " + strings.Join(candidates, ", ")}
	if o.Only != "" && len(p.Targets) == 0 {
		e.Problems = append(e.Problems, fmt.Sprintf("only: there is no target %s", o.Only))
		return fault.Usage(&e, e.hint)
	}
	for _, g := range slices.Concat(o.Targets, o.SkipTargets) {
		if o.Only == "" && !slices.ContainsFunc(candidates, func(id string) bool { ok, _ := path.Match(g, id); return ok }) {
			e.Problems = append(e.Problems, fmt.Sprintf("no target matches %q", g))
		}
	}
	seen := map[string]bool{}
	for _, t := range p.Targets {
		if seen[t.Archive] {
			e.Problems = append(e.Problems, "two targets would make "+t.Archive)
		}
		seen[t.Archive] = true
	}
	if len(p.Targets) == 0 && len(e.Problems) == 0 {
		e.Problems = append(e.Problems, "no target is left")
	}
	if len(p.Targets) > MaxTargets {
		e.Problems = append(e.Problems, fmt.Sprintf("%d targets, and GitHub runs at most %d jobs of a matrix", len(p.Targets), MaxTargets))
	}
	if len(e.Problems) > 0 {
		return fault.Usage(&e, e.hint)
	}
	return nil
}

// Archives are the names of the plan's archives, in its order.
func (p Plan) Archives() []string {
	names := make([]string, len(p.Targets))
	for i, t := range p.Targets {
		names[i] = t.Archive
	}
	return names
}

// ReadPlan reads plan.json. It refuses a higher format, a plan without
// targets, and names that no archive can have.
func ReadPlan(r io.Reader) (Plan, error) {
	var p Plan
	if err := json.NewDecoder(r).Decode(&p); err != nil {
		return Plan{}, fmt.Errorf("reading the plan: %w", err)
	}
	if p.Format < 1 || p.Format > PlanFormat {
		return Plan{}, fmt.Errorf("reading the plan: it has format %d, and this program reads up to %d", p.Format, PlanFormat)
	}
	if len(p.Targets) == 0 {
		return Plan{}, fmt.Errorf("reading the plan: it has no targets")
	}
	for _, t := range p.Targets {
		if _, err := ParseArchiveName(t.Archive); err != nil {
			return Plan{}, fmt.Errorf("reading the plan: %w", err)
		}
	}
	return p, nil
}
