package buildout

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
	"github.com/binary-buildout/binary-buildout/pack"
)

// gatherSecrets gives the credentials that the build of t could use.
func (t *Tree) gatherSecrets() []secrets.Secret {
	return append(hostSecretsOf(t.options.environ()), configSecrets(t.config)...)
}

// hostSecretsOf are those of the machine, by the environment's own HOME.
func hostSecretsOf(env []string) []secrets.Secret {
	home := environ.Get(env, "HOME")
	if home == "" {
		home = environ.Get(env, "USERPROFILE")
	}
	return secrets.OfHost(env, home)
}

// stripLogins takes user and password out of the build's URLs, alike in all
// files that zc.buildout compares, so that on the target the options of the
// configuration still equal those in .installed.cfg.
func (t *Tree) stripLogins() error {
	doing := "taking passwords out of URLs"
	logins := secrets.Logins(t.secrets)
	if len(logins) == 0 {
		return nil
	}
	files, err := t.urlFiles()
	if err != nil {
		return surroundings(doing, "", err)
	}
	for _, file := range files {
		if err := stripFile(file, logins); err != nil {
			return surroundings(doing, "", fmt.Errorf("in %s: %w", t.rel(file), err))
		}
	}
	if err := t.renameExtends(logins); err != nil {
		return surroundings(doing, "", err)
	}
	for i, o := range t.Launch.Options {
		t.Launch.Options[i] = secrets.WithoutLogins(o, logins)
	}
	return nil
}

// urlFiles are the files that may hold URLs of the build: configurations,
// .installed.cfg, direct_url.json, what is in the extends-cache, launch.json.
func (t *Tree) urlFiles() ([]string, error) {
	files := []string{t.installedCfg(), filepath.Join(t.Root, filepath.FromSlash(archive.LaunchName)), filepath.Join(t.Root, ".mr.developer.cfg")}
	for _, f := range t.config.Files {
		if !strings.Contains(f, "://") {
			files = append(files, f)
		}
	}
	cache := filepath.Join(t.Root, filepath.FromSlash(extendsCache(t.Root, t.config)))
	err := filepath.WalkDir(t.Root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && vcsDir(d.Name()) {
			return fs.SkipDir
		}
		name := d.Name()
		if d.Type().IsRegular() && (name == "direct_url.json" || filepath.Dir(path) == cache || filepath.Ext(name) == ".cfg" && filepath.Dir(path) == t.Root ||
			name == "requirements.txt" || name == "constraints.txt") {
			files = append(files, path)
		}
		return nil
	})
	slices.Sort(files)
	return slices.Compact(files), err
}

func vcsDir(name string) bool { return slices.Contains([]string{".git", ".hg", ".svn", ".bzr"}, name) }

func stripFile(path string, logins []string) error {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil // not there: nothing to strip
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	clean := secrets.WithoutLogins(string(data), logins)
	if clean == string(data) {
		return nil
	}
	return rewrite(path, []byte(clean), info)
}

// rewrite replaces a file, keeping its mode and time.
func rewrite(path string, data []byte, info fs.FileInfo) error {
	tmp := path + ".binary-buildout-new"
	if err := os.WriteFile(tmp, data, info.Mode().Perm()); err != nil {
		return err
	}
	if err := os.Chtimes(tmp, info.ModTime(), info.ModTime()); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// renameExtends gives the files of the extends-cache the names that belong to
// the URLs without passwords: md5(url).
func (t *Tree) renameExtends(logins []string) error {
	cache := filepath.Join(t.Root, filepath.FromSlash(extendsCache(t.Root, t.config)))
	for i, file := range t.config.Files {
		clean := secrets.WithoutLogins(file, logins)
		if clean == file {
			continue
		}
		old, fresh := filepath.Join(cache, cacheName(file)), filepath.Join(cache, cacheName(clean))
		if exists(old) {
			if err := os.Rename(old, fresh); err != nil {
				return err
			}
		}
		t.config.Files[i] = clean
	}
	return nil
}

func cacheName(url string) string {
	sum := md5.Sum([]byte(url))
	return hex.EncodeToString(sum[:])
}

// Secrets are the credentials that the build of t could use, and that no file
// of an archive may hold.
func (t *Tree) Secrets() []pack.Secret {
	var out []pack.Secret
	for _, s := range t.secrets {
		for _, v := range s.Values() {
			out = append(out, pack.Secret{Kind: s.Kind, Value: v})
		}
	}
	return out
}

var (
	accountValue = regexp.MustCompile(`^[^\s:/]+:[^\s:/]\S*$`)
	dsn          = regexp.MustCompile(`[a-z0-9+]+://[^/\s:@]*:[^/\s@]+@`)
	passwordName = regexp.MustCompile(`(?i)password|passwd|secret|token`)
)

// applicationPasswords lists, without values, the options that look like a
// password of the application itself. It is in the archive on purpose. An
// option that has the name of a project (SecretStorage = 3.3.3) is none.
func applicationPasswords(c config, eggs []Egg) []string {
	projects := projectNames(c, eggs)
	var out []string
	for section, options := range c.Raw {
		for key, value := range options {
			named := passwordName.MatchString(key) && value != "" && !listsProjects(c, section) && !projects[pydist.PlainName(key)]
			if key == "user" && accountValue.MatchString(value) || dsn.MatchString(value) || named {
				out = append(out, fmt.Sprintf("[%s] %s holds a password of the application; it is in the archive", section, key))
			}
		}
	}
	slices.Sort(out)
	return out
}

// listsProjects says whether the options of a section are named after projects:
// pins and what is noted of them, mr.developer's checkouts.
func listsProjects(c config, section string) bool {
	return section == c.Raw["buildout"]["versions"] || section == c.sourcesSection() || strings.Contains(strings.ToLower(section), "version")
}

// projectNames are those that a build knows, by plain name. One that is called
// just "token" or "password" says nothing of an option of that name.
func projectNames(c config, eggs []Egg) map[string]bool {
	names := map[string]bool{}
	for name := range c.Versions {
		names[pydist.PlainName(name)] = true
	}
	for _, e := range eggs {
		names[pydist.PlainName(e.Name)] = true
	}
	for name := range names {
		if passwordName.FindString(name) == name {
			delete(names, name)
		}
	}
	return names
}
