package doctor

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/install"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
	"github.com/binary-buildout/binary-buildout/internal/ownership"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
	"github.com/binary-buildout/binary-buildout/internal/syspackages"
)

// compiler looks for what compiles extensions, for the interpreter of a build.
func compiler(ctx context.Context, p Patient) []Finding {
	in, tools, err := buildout.FindToolchain(ctx, p.Python, p.Env, p.OS)
	if err != nil {
		return missing("compiler", "install a Python, or name one with --python PATH", "there is no interpreter to build for: %v", err)
	}
	if !tools.Complete() {
		return missing("compiler", tools.Command, "%s, for %s", tools.Missing(), in.Executable)
	}
	return good("compiler", "a C compiler and the headers of %s are here", in.Executable)
}

// wants looks for the headers of what the configuration asks for.
func wants(_ context.Context, p Patient) []Finding {
	if p.Dir == "" || p.OS == "windows" {
		return nil
	}
	var all []Finding
	for _, w := range buildout.Wants(filepath.Join(p.Dir, p.Config)) {
		if w.Pinned {
			continue // perhaps nothing requires it
		}
		var lacking []string
		for _, need := range w.Needs {
			if !there(p, need) {
				lacking = append(lacking, need)
			}
		}
		what := "headers of " + w.Project
		if len(lacking) == 0 {
			all = append(all, good(what, "%s: here", strings.Join(w.Needs, ", "))...)
			continue
		}
		mend := syspackages.HeaderHint(lacking[0], p.OS)
		if packages := syspackages.Of("apt", lacking); len(packages) > 0 && has(p, "apt-get") {
			mend = "apt-get install -y " + strings.Join(packages, " ")
		}
		all = append(all, missing(what, mend, "%s: not here, and it is compiled from its sources", strings.Join(lacking, ", "))...)
	}
	return all
}

// there reports whether a header or a program is where one looks for it by default.
func there(p Patient, need string) bool {
	if !strings.HasSuffix(need, ".h") {
		return has(p, need)
	}
	for _, dir := range []string{"/usr/include", "/usr/local/include", "/opt/homebrew/include", "/usr/include/libxml2", "/usr/include/postgresql", "/usr/include/mysql", "/usr/include/mariadb"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(need))); err == nil {
			return true
		}
	}
	found, _ := filepath.Glob("/usr/include/*-linux-*/" + need) // Debian's, by architecture
	return len(found) > 0
}

// has looks for a program on the patient's PATH.
func has(p Patient, name string) bool {
	for _, dir := range filepath.SplitList(p.getenv("PATH")) {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode()&0o111 != 0 && !info.IsDir() {
			return true
		}
	}
	return false
}

// isolation tries how far the proof can keep network and compiler away.
func isolation(ctx context.Context, p Patient) []Finding {
	box, err := isolate.New(ctx, isolate.Config{OS: p.OS, Env: p.Env})
	if err != nil {
		return missing("isolation", "", "no command can be isolated: %v", err)
	}
	r := box.Result()
	if err := box.Close(); err != nil {
		return missing("isolation", "", "%v", err)
	}
	if r.Network == isolate.Enforced && r.Compiler == isolate.Enforced {
		return good("isolation", "the proof keeps network and compiler away, by %s", r.Method)
	}
	mend := "run pack as root, or by a user who may use sudo without a password"
	if setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" {
		mend = "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
	} else if setting("/proc/sys/user/max_user_namespaces") == "0" {
		mend = "sysctl -w user.max_user_namespaces=15000"
	}
	return odd("isolation", mend, "the proof keeps network and compiler away by convention only (%s): no namespaces can be made", r.Method)
}

func setting(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// least is how much room a build or an update should have, in bytes: a Plone's
// stage, archive and proof take 1.5 GB (measured).
const least = 2 << 30

// room looks at the disks that a run writes to.
func room(_ context.Context, p Patient) []Finding {
	var all []Finding
	seen := map[int64]bool{}
	for _, dir := range written(p) {
		n, ok := scratch.FreeSpace(dir)
		if !ok || seen[n] {
			continue // the same disk
		}
		seen[n] = true
		if n < least {
			mend := "make room there"
			if !p.Tree {
				mend += ", or name another directory with --stage and --out"
			}
			all = append(all, odd("disk", mend, "%s has %d MB free; a large buildout takes 1,500 MB", dir, n>>20)...)
		} else {
			all = append(all, good("disk", "%s has %d MB free", dir, n>>20)...)
		}
	}
	return all
}

// written are the directories that a run writes to, as far as they are here.
func written(p Patient) []string {
	dirs := []string{os.TempDir()}
	if p.Tree {
		return []string{p.Dir}
	}
	if p.OS != "windows" {
		dirs = append(dirs, "/var/tmp")
	}
	if _, err := os.Stat(filepath.Join(p.Dir, p.Config)); err == nil && p.Dir != "" { // a checkout
		dirs = append(dirs, p.Dir)
	}
	return dirs
}

// executable runs a script in each of these directories: a disk may be mounted noexec.
func executable(ctx context.Context, p Patient) []Finding {
	if p.OS == "windows" {
		return nil
	}
	var all []Finding
	for _, dir := range written(p) {
		if !ownership.MayRun(dir) {
			all = append(all, odd("programs", "run this as the user that it belongs to", "not tried in %s: another user can change it, so root runs nothing there", dir)...)
			continue
		}
		all = append(all, tryPrograms(ctx, p, dir)...)
	}
	return all
}

// tryPrograms writes a script into a directory, and runs it.
func tryPrograms(ctx context.Context, p Patient, dir string) []Finding {
	another := "name another directory: TMPDIR=DIR, --stage DIR, --out DIR"
	own, err := os.MkdirTemp(dir, ".binary-buildout-doctor-")
	switch {
	case err != nil && p.Tree:
		return odd("programs", "run this as the user that the tree belongs to", "not tried in %s: %v", dir, err)
	case err != nil:
		return missing("programs", another, "%s can't be written to: %v", dir, err)
	}
	defer os.RemoveAll(own)
	program := filepath.Join(own, "try")
	err = os.WriteFile(program, []byte("#!/bin/sh\nexit 0\n"), 0o700)
	if err == nil {
		err = exec.CommandContext(ctx, program).Run()
	}
	if err == nil {
		return good("programs", "they can be run in %s", dir)
	}
	mend := "mount -o remount,exec " + install.ShellWord(mountOf(dir, setting("/proc/self/mounts")))
	switch {
	case p.OS != "linux":
		mend = another
	case !p.Tree:
		mend += ", or " + another
	}
	return missing("programs", mend, "none can be run in %s; perhaps its disk is mounted noexec: %v", dir, err)
}

// mountOf is where the file system of a directory is mounted, by /proc/self/mounts,
// which writes a space in a name as \040 (proc(5)).
func mountOf(dir, mounts string) string {
	best := "/"
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	for line := range strings.Lines(mounts) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		at := unescape.Replace(f[1])
		if len(at) > len(best) && (dir == at || strings.HasPrefix(dir, at+"/")) {
			best = at
		}
	}
	return best
}

// selinux says whether the kernel asks SELinux.
func selinux(_ context.Context, p Patient) []Finding {
	switch {
	case p.OS != "linux":
		return nil
	case setting("/sys/fs/selinux/enforce") != "1":
		return good("SELinux", "it enforces nothing here")
	case p.Tree:
		return odd("SELinux", "restorecon -R "+install.ShellWord(p.Dir)+"; ausearch -m avc -ts recent says what was denied",
			"it enforces its policy: a service may not be allowed to run or write files in %s", p.Dir)
	}
	return odd("SELinux", "ausearch -m avc -ts recent says what was denied", "it enforces its policy")
}

// umask says which rights new files have.
func umask(_ context.Context, p Patient) []Finding {
	var mask uint64
	found := false
	for line := range strings.Lines(setting("/proc/self/status")) {
		if text, ok := strings.CutPrefix(line, "Umask:"); ok {
			n, err := strconv.ParseUint(strings.TrimSpace(text), 8, 32)
			mask, found = n, err == nil
		}
	}
	switch {
	case !found:
		return nil
	case mask&0o002 == 0:
		return odd("umask", "umask 022", "%04o: anybody can write what is made", mask)
	case mask&0o055 != 0 && p.Tree:
		return odd("umask", "umask 022", "%04o: a service of another user can't read what buildout makes", mask)
	}
	return good("umask", "%04o", mask)
}

// pythons says which interpreters are here.
func pythons(ctx context.Context, p Patient) []Finding {
	all, err := interpreter.Here(ctx, interpreter.Search{Python: p.Python, Env: p.Env, OS: p.OS, Arch: p.Arch})
	if err != nil {
		return missing("Python", "name an interpreter of this system with --python", "%v", err)
	}
	var versions []string
	for _, py := range all {
		if v := py.Version + " (" + py.ABI + ")"; !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	if len(versions) == 0 {
		return missing("Python", "install one, such as the package python3", "there is none on PATH, in pyenv or at the usual places")
	}
	return good("Python", "%s", strings.Join(versions, ", "))
}

// lock says whether another run builds the application.
func lock(_ context.Context, p Patient) []Finding {
	if p.Name == "" {
		return nil
	}
	if who := buildout.StageHolder(p.Name, p.OS); who != "" {
		return odd("other runs", "wait for it, or build elsewhere: --stage DIR", "%s uses the stage of %s", who, p.Name)
	}
	return good("other runs", "none builds %s", p.Name)
}
