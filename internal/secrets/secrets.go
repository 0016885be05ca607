// Package secrets knows the build's credentials, and takes them out of what is
// packed, published or shown.
package secrets

import (
	"encoding/base64"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/environ"
)

// Secret is a credential of the build: a value that must not be in an archive.
// The value itself is shown nowhere.
type Secret struct {
	Kind   string // "a password in PIP_INDEX_URL", "~/.netrc"
	values []string
	login  string // "user:password@host" as it stands in a URL, or ""
}

// minSecret is the length in bytes below which a value is too common to be
// looked for in all files.
const minSecret = 6

var (
	urlLogin    = regexp.MustCompile(`(?:[a-zA-Z0-9.-]+\+)?(?:https?|ftp|svn)://([^/\s@'"<>\\]+)@([^/\s'"<>\\#?,]+)`)
	secretName  = regexp.MustCompile(`(?i)TOKEN|PASSWORD|PASSWD|SECRET`)
	netrcField  = regexp.MustCompile(`\bpassword\s+("[^"]*"|\S+)`)
	pypircField = regexp.MustCompile(`(?mi)^\s*password\s*[=:]\s*(\S+)`)
	keyLine     = regexp.MustCompile(`^[A-Za-z0-9+/=]{40,}$`)
)

// InText finds the URLs with a user and a password, or a token, in text.
func InText(kind, text string) []Secret {
	var out []Secret
	for _, m := range urlLogin.FindAllStringSubmatch(text, -1) {
		user, password, both := strings.Cut(m[1], ":")
		s := Secret{Kind: kind, login: m[1] + "@" + m[2]}
		if both {
			s.values = append(forms(password), m[1]+"@")
			if plain, err := url.PathUnescape(m[1]); err == nil {
				s.values = append(s.values, base64.StdEncoding.EncodeToString([]byte(plain)))
			}
		} else if len(user) >= 16 { // https://TOKEN@host; a shorter one is just a name
			s.values = forms(user)
		}
		out = append(out, s)
	}
	return out
}

// forms are the ways a password may be written.
func forms(s string) []string {
	out := []string{s}
	if plain, err := url.PathUnescape(s); err == nil && plain != s {
		out = append(out, plain)
	}
	return out
}

// OfHost gathers what the machine has: variables, and files in home.
func OfHost(env []string, home string) []Secret {
	var out []Secret
	for _, e := range env {
		name := environ.Name(e)
		if len(name) == len(e) {
			continue
		}
		value := e[len(name)+1:]
		out = append(out, InText("a password in the variable "+name, value)...)
		if secretName.MatchString(name) && len(value) >= 8 && !filepath.IsAbs(value) {
			out = append(out, Secret{Kind: "the variable " + name, values: []string{value}})
		}
	}
	netrc := environ.Get(env, "NETRC")
	if netrc == "" {
		netrc = filepath.Join(home, ".netrc")
	}
	for _, m := range netrcField.FindAllStringSubmatch(readText(netrc), -1) {
		out = append(out, Secret{Kind: "a password of .netrc", values: []string{strings.Trim(m[1], `"`)}})
	}
	for _, m := range pypircField.FindAllStringSubmatch(readText(filepath.Join(home, ".pypirc")), -1) {
		out = append(out, Secret{Kind: "a password of .pypirc", values: []string{m[1]}})
	}
	for _, file := range []string{environ.Get(env, "PIP_CONFIG_FILE"), filepath.Join(home, ".pip/pip.conf"),
		filepath.Join(home, ".config/pip/pip.conf"), "/etc/pip.conf", filepath.Join(environ.Get(env, "APPDATA"), "pip", "pip.ini")} {
		out = append(out, InText("a password of pip.conf", readText(file))...)
	}
	for _, file := range []string{".git-credentials", ".config/git/credentials"} {
		out = append(out, InText("a password of git's credentials", readText(filepath.Join(home, file)))...)
	}
	return append(out, sshKeys(home)...)
}

// sshKeys takes one line out of the middle of each private key.
func sshKeys(home string) []Secret {
	var out []Secret
	entries, _ := os.ReadDir(filepath.Join(home, ".ssh"))
	for _, e := range entries {
		text := readText(filepath.Join(home, ".ssh", e.Name()))
		if !strings.Contains(text, "PRIVATE KEY-----") {
			continue
		}
		var lines []string
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); keyLine.MatchString(line) {
				lines = append(lines, line)
			}
		}
		if len(lines) > 0 {
			out = append(out, Secret{Kind: "the key file ~/.ssh/" + e.Name(), values: []string{lines[len(lines)/2]}})
		}
	}
	return out
}

// readText gives a file of a sane size, or nothing.
func readText(path string) string {
	info, err := os.Stat(path)
	if path == "" || err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
		return ""
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(data)
}

// Logins gives the distinct "user:password@host", the longest first.
func Logins(secrets []Secret) []string {
	var out []string
	for _, s := range secrets {
		if s.login != "" && !slices.Contains(out, s.login) {
			out = append(out, s.login)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return out
}

func WithoutLogins(s string, logins []string) string {
	for _, login := range logins {
		host := login[strings.LastIndexByte(login, '@')+1:]
		s = strings.ReplaceAll(s, "://"+login, "://"+host)
		s = strings.ReplaceAll(s, "://"+strings.ReplaceAll(login, "%", "%%"), "://"+host) // .installed.cfg doubles %
	}
	return s
}

// Values are the texts to look for, each long enough to be no accident.
func (s Secret) Values() []string {
	var out []string
	for _, v := range s.values {
		if len(v) >= minSecret {
			out = append(out, v)
		}
	}
	return out
}
