package isolate

import (
	"os"
	"path/filepath"
)

// childArg is the argument by which Child knows that it is meant.
const childArg = "__isolate"

// spec is what the helper is told, as one line of JSON on a socket. The end of
// the connection tells it to stop.
type spec struct {
	Probe bool `json:"probe"` // set up, check thoroughly, run nothing

	Setup    bool     `json:"setup"`    // make the mounts; else the launcher has made the surroundings
	Verify   bool     `json:"verify"`   // check them
	OwnPIDs  bool     `json:"own_pids"` // the helper is the first process of its namespace
	NetNS    string   `json:"net_ns"`   // the parent's network namespace
	Hide     []string `json:"hide"`
	Binds    []bind   `json:"binds"`
	Masks    []string `json:"masks"`
	MaskFile string   `json:"mask_file"`
	// OldKernel does without open_tree, for tests.
	OldKernel bool `json:"old_kernel"`

	// User is whom the command runs as, if the helper runs as somebody else.
	User *user `json:"user,omitempty"`

	Path  string   `json:"path"`
	Args  []string `json:"args"`
	Env   []string `json:"env"`
	Dir   string   `json:"dir"`
	Umask int      `json:"umask"`
}

type user struct {
	UID    int   `json:"uid"`
	GID    int   `json:"gid"`
	Groups []int `json:"groups"`
}

// bind is a Bind with what tells the helper that it took effect.
type bind struct {
	Bind
	Inode uint64 `json:"inode"`
	IsDir bool   `json:"is_dir"`
}

// report is what the helper answers, as one line of JSON.
type report struct {
	// Error is why the surroundings could not be made, or the command not started.
	Error  string `json:"error,omitempty"`
	Code   int    `json:"code"`
	Signal string `json:"signal,omitempty"`
}

// Child runs the helper process if args, which is os.Args, ask for it. Then
// handled is true, and the caller exits with code.
func Child(args []string) (handled bool, code int) {
	if len(args) != 4 || args[1] != childArg {
		return false, 0
	}
	return true, childMain(args[2], args[3])
}

// spec gives what the helper has to be told for a command.
func (b *Box) spec(c Command) *spec {
	s := &spec{
		Hide: b.cfg.Hide, Masks: b.masks, MaskFile: b.maskFile(), OldKernel: b.cfg.oldKernel,
		Path: c.Path, Args: c.Args, Env: c.Env, Dir: c.Dir, Umask: c.Umask,
	}
	for _, bd := range b.cfg.Binds {
		fi, err := os.Stat(bd.From)
		if err != nil {
			continue // gone since; the check inside finds To missing
		}
		s.Binds = append(s.Binds, bind{Bind: bd, Inode: inode(fi), IsDir: fi.IsDir()})
	}
	if s.Dir == "" {
		s.Dir = string(filepath.Separator)
	}
	if s.Env == nil {
		s.Env = []string{}
	}
	s.NetNS, _ = os.Readlink("/proc/self/ns/net")
	return s
}
