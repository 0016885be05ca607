package buildout

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// buildOptions are the options whose URLs are read by the build alone. A URL
// elsewhere may be the application's (a Sentry DSN), and stays.
var buildOptions = []string{"index", "find-links", "extends", "url", "urls", "dependency-links", "extra-index-url", "versions-url"}

// sourcesSection is the name of mr.developer's section of checkouts.
func (c config) sourcesSection() string { return cmp.Or(c.Raw["buildout"]["sources"], "sources") }

// configSecrets gathers the logins in the configuration's build options.
func configSecrets(c config) []secrets.Secret {
	var out []secrets.Secret
	for section, options := range c.Raw {
		for key, value := range options {
			if section == c.sourcesSection() || slices.Contains(buildOptions, key) {
				out = append(out, secrets.InText("a password in ["+section+"] "+key, value)...)
			}
		}
	}
	for _, file := range c.Files {
		out = append(out, secrets.InText("a password in the URL of a configuration", file)...)
		if !strings.Contains(file, "://") {
			for _, line := range extendsOf(file) {
				out = append(out, secrets.InText("a password in "+filepath.Base(file), line)...)
			}
		}
	}
	return out
}

// extendsOf gives the names under extends, which zc.buildout takes out of
// what it read.
func extendsOf(file string) []string {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	_, extends := literalFile(string(data), "buildout")
	return extends
}
