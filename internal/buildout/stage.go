package buildout

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// StageLength is the length in bytes of a stage's real path: a path that was
// compiled in can be replaced in place by any that isn't longer.
const StageLength = 96

// stage is the directory that a buildout is built in, and what lies beside it.
type stage struct {
	root  string // real path
	tmp   string // TMPDIR of the build, fixed for the stage
	logs  string // log files
	tools string // compiler wrappers; they leave no trace in what they compile
	old   string // what is being removed
	lock  string
}

func stageAt(root, side string) stage {
	return stage{root: root, tmp: side + ".tmp", logs: side + ".log", tools: side + ".tools", old: side + ".old", lock: side + ".lock"}
}

var unsafeName = regexp.MustCompile(`[^A-Za-z0-9._+-]+`)

// stagesOf is the name of the directory of stages below base: binary-buildout,
// and where that is another user's, binary-buildout-UID. Both give paths of
// the same length, so what is built in either is as relocatable.
func stagesOf(base string, uid int) string {
	info, err := os.Lstat(filepath.Join(base, stageName))
	if err != nil {
		return stageName
	}
	if owner, known := scratch.Owner(info); known && owner != uid {
		return fmt.Sprintf("%s-%d", stageName, uid)
	}
	return stageName
}

// stageName is the directory of the first user's stages.
const stageName = "binary-buildout"

// defaultStage is /var/tmp/STAGES/NAME____... of StageLength bytes, where
// STAGES is what stagesOf says. base is the real path of the temporary
// directory that survives a reboot.
func defaultStage(base, stages, name, goos string) (stage, error) {
	name = unsafeName.ReplaceAllString(name, "_")
	if name == "" || strings.HasPrefix(name, ".") {
		return stage{}, usage("making the stage", "give a --name", "%q isn't a name", name)
	}
	side := filepath.Join(base, stages, name)
	if goos == "windows" { // MAX_PATH is 260 and nothing can be padded there
		return stageAt(filepath.Join(base, "bb", name), filepath.Join(base, "bb", name)), nil
	}
	if len(side) >= StageLength {
		return stage{}, usage("making the stage", "give a shorter --name, or a --stage DIR", "%s is longer than %d bytes", side, StageLength)
	}
	return stageAt(side+strings.Repeat("_", StageLength-len(side)), side), nil
}

// canonicalStage is the stage of the first user who builds, whoever builds; ""
// where the stage was chosen, or is as long as it happens to be. What is compiled
// into programs names it in archives.
func canonicalStage(o Options) string {
	if o.Stage != "" || o.OS == "windows" {
		return ""
	}
	s, err := defaultStage("/var/tmp", stageName, o.Name, o.OS)
	if err != nil {
		return ""
	}
	return s.root
}

// newStage decides where the stage of o is, and makes the directory above it.
func newStage(o Options) (stage, error) {
	doing := "making the stage"
	if o.Stage != "" {
		abs, err := filepath.Abs(o.Stage)
		if err != nil {
			return stage{}, surroundings(doing, "", err)
		}
		if err := os.MkdirAll(filepath.Dir(abs), 0o755); err != nil {
			return stage{}, surroundings(doing, "give another --stage DIR", err)
		}
		parent, err := filepath.EvalSymlinks(filepath.Dir(abs))
		if err != nil {
			return stage{}, surroundings(doing, "", err)
		}
		root := filepath.Join(parent, filepath.Base(abs))
		return stageAt(root, root), nil
	}
	base := o.stageBase
	if base == "" {
		base = varTmp(o.OS)
	}
	real, err := filepath.EvalSymlinks(base)
	if err != nil {
		return stage{}, surroundings(doing, "give a --stage DIR", err)
	}
	s, err := defaultStage(real, stagesOf(real, os.Geteuid()), o.Name, o.OS)
	if err != nil {
		return s, err
	}
	return s, privateDir(filepath.Dir(s.root))
}

// varTmp is where stages lie by default.
func varTmp(goos string) string {
	if goos == "windows" {
		return os.TempDir()
	}
	return "/var/tmp"
}

// privateDir makes path, or checks that what lies there is a directory of
// this user, with mode 0700 and no symbolic link: another user could else
// swap the tree while it is built.
func privateDir(path string) error {
	err := scratch.Make(path, 0o077)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, scratch.ErrForeign):
		return surroundings("making the stage "+path, "remove it, or give another --stage DIR", err)
	}
	return surroundings("making the stage "+path, "give a --stage DIR that can be written", err)
}

// clear empties the stage. It removes nothing that this program didn't make.
// What was there is moved aside, and is removed when removed returns.
func (s stage) clear() (removed func() error, err error) {
	doing := "emptying the stage " + s.root
	if err := privateDir(s.root); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(s.root)
	if err != nil {
		return nil, surroundings(doing, "", err)
	}
	if len(entries) > 0 {
		if _, err := os.Lstat(filepath.Join(s.root, filepath.FromSlash(archive.Dir))); err != nil {
			return nil, usage(doing, "give an empty directory, or one that binary-buildout built in", "it has files that binary-buildout didn't write")
		}
	}
	paths := []string{s.tmp, s.tools}
	for _, e := range entries {
		if e.Name() != archive.Dir {
			paths = append(paths, filepath.Join(s.root, e.Name()))
		}
	}
	paths = append(paths, filepath.Join(s.root, archive.Dir)) // last, so that an interrupted run can be cleared again
	if removed, err = s.discard(paths); err != nil {
		return nil, surroundings(doing, "", err)
	}
	return removed, os.MkdirAll(filepath.Join(s.root, archive.Dir), 0o755)
}

// discard moves what lies at paths to s.old, whose removal it begins; what
// can't be moved, as from another file system, it removes at once.
func (s stage) discard(paths []string) (removed func() error, err error) {
	if err := scratch.RemoveAll(s.old); err != nil { // an interrupted run's
		return nil, err
	}
	if err := privateDir(s.old); err != nil {
		return nil, err
	}
	for i, path := range paths {
		if os.Rename(path, filepath.Join(s.old, strconv.Itoa(i))) != nil {
			if err := scratch.RemoveAll(path); err != nil {
				return nil, err
			}
		}
	}
	removed = sync.OnceValue(func() error { return scratch.RemoveAll(s.old) })
	go removed()
	return removed, nil
}

// sides makes the directories beside the stage.
func (s stage) sides() error {
	for _, dir := range []string{s.tmp, s.logs, s.tools} {
		if err := privateDir(dir); err != nil {
			return err
		}
	}
	return nil
}
