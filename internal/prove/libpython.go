package prove

import (
	"debug/elf"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// foreignLibpython gives the files of libpython X.Y that the loader would find
// by its name alone, so that they can be kept from what is proved: an extension
// that is linked to one works here, and not on a system without it. Where the
// interpreter itself is linked to libpython, it is in the process anyhow, and
// nothing is given.
func foreignLibpython(executable, version string) []string {
	f, err := elf.Open(executable)
	if err != nil {
		return nil
	}
	defer f.Close()
	needed, err := f.ImportedLibraries()
	if err != nil || slices.ContainsFunc(needed, func(name string) bool { return strings.HasPrefix(name, "libpython") }) {
		return nil
	}
	minor := strings.Join(strings.SplitN(version, ".", 3)[:min(2, strings.Count(version, ".")+1)], ".")
	var out []string
	for _, dir := range loaderDirs("/") {
		for _, name := range []string{"libpython" + minor + "*.so*", "libpython3.so*"} {
			found, _ := filepath.Glob(filepath.Join(dir, name))
			for _, path := range found {
				if real, err := filepath.EvalSymlinks(path); err == nil && !slices.Contains(out, real) {
					out = append(out, real)
				}
			}
		}
	}
	return out
}

// loaderDirs are the directories that a system's loader searches: its own, and
// those of /etc/ld.so.conf and the files that it includes.
func loaderDirs(root string) []string {
	var dirs []string
	for _, lib := range []string{"lib", "lib64", "usr/lib", "usr/lib64", "usr/local/lib", "usr/local/lib64"} {
		dirs = append(dirs, filepath.Join(root, lib))
	}
	confs, _ := filepath.Glob(filepath.Join(root, "etc/ld.so.conf.d/*.conf"))
	for _, conf := range append(confs, filepath.Join(root, "etc/ld.so.conf")) {
		data, err := os.ReadFile(conf)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); filepath.IsAbs(line) {
				dirs = append(dirs, filepath.Join(root, line))
			}
		}
	}
	return dirs
}
