package bundle

import (
	"context"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/osrelease"
)

// describe says of libraries which package of Debian they are of, where dpkg
// is there and knows.
func describe(ctx context.Context, list []Library) []Library {
	out := slices.Clone(list)
	packages := packagesOf(ctx, list)
	var names []string
	for _, name := range packages {
		names = append(names, name)
	}
	versions, system := versionsOf(ctx, names), osrelease.Read().ID
	for i := range out {
		if name := packages[out[i].Source]; name != "" {
			out[i].Package, _, _ = strings.Cut(name, ":")
			out[i].System, out[i].Version = system, versions[name]
			out[i].Licenses = licenses(out[i].Package)
		}
	}
	return out
}

// packagesOf asks dpkg for the package of each file, all at once, since it reads
// all of its lists each time. Where /lib is a link to /usr/lib, a package may
// name its file by either.
func packagesOf(ctx context.Context, list []Library) map[string]string {
	asked := map[string]string{}
	args := []string{"--search"}
	for _, l := range list {
		for _, name := range []string{l.Source, strings.TrimPrefix(l.Source, "/usr")} {
			asked[name] = l.Source
			args = append(args, name)
		}
	}
	out, _ := exec.CommandContext(ctx, "dpkg-query", args...).Output() // 1 where it doesn't know one of them
	found := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, file, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if ok && asked[file] != "" && !strings.ContainsAny(name, ", ") {
			found[asked[file]] = name
		}
	}
	return found
}

func versionsOf(ctx context.Context, names []string) map[string]string {
	found := map[string]string{}
	if len(names) == 0 {
		return found
	}
	args := append([]string{"--show", "--showformat=${binary:Package} ${Package} ${Version}\n"}, names...)
	out, _ := exec.CommandContext(ctx, "dpkg-query", args...).Output()
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) == 3 {
			found[f[0]], found[f[1]] = f[2], f[2]
		}
	}
	return found
}

// licenseTexts copies the copyright files of the libraries' packages, which
// their licences ask for: share/doc/PACKAGE/copyright.
func (c *copier) licenseTexts() error {
	for _, l := range c.libraries {
		from := filepath.Join("/usr/share/doc", l.Package, "copyright")
		to := path.Join(c.name, "share/doc", l.Package, "copyright")
		info, err := os.Stat(from)
		if l.Package == "" || err != nil || !info.Mode().IsRegular() || c.taken[to] != "" || c.o.Excluded(to) {
			continue
		}
		if err := c.put(from, to); err != nil {
			return err
		}
	}
	return nil
}

var licenseLine = regexp.MustCompile(`(?m)^License:[ \t]*(\S.*)$`)

// licenses are those of the first paragraph about files in a package's
// machine-readable copyright file, which is about most of them.
func licenses(name string) []string {
	data, err := os.ReadFile(filepath.Join("/usr/share/doc", name, "copyright"))
	if err != nil || !strings.Contains(string(data[:min(len(data), 400)]), "copyright-format") {
		return nil
	}
	_, files, ok := strings.Cut(string(data), "\nFiles:")
	if m := licenseLine.FindStringSubmatch(files); ok && m != nil {
		return []string{strings.TrimSpace(m[1])}
	}
	return nil
}
