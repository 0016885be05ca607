// Package workflow makes the GitHub workflow that a buildout needs, and shows in
// what it differs from the one that is there.
package workflow

import (
	"fmt"
	"strconv"
	"strings"
)

// Checkout is what is known of a buildout, in a repository.
type Checkout struct {
	Directory string   // of the buildout, below the repository's top; "." for that
	Config    string   // its configuration: "buildout.cfg"
	Settings  []string // keys of the section [binary-buildout]
	Pythons   []string // versions: "3.13"
	From      string   // what says so: "the interpreter on PATH"
	Image     string   // on Linux: "manylinux_2_28"
	Compiled  []Compiled
	Install   string // the command that installs what these need, in the image
	SSH       bool   // something is checked out by ssh
	Index     string // a package index of one's own, without what is secret
}

// Compiled is a project that is compiled from its sources.
type Compiled struct {
	Project string
	Needs   []string // headers and programs
	Pinned  bool     // [versions] alone names it
}

// Path is where the workflow lies in a repository.
const Path = ".github/workflows/release.yml"

const head = `# Packs this buildout for each target, proves each archive on a fresh machine, and
# attaches all of them to the release of the tag that was pushed. Written by
# "binary-buildout init"; after a change of the buildout, it shows what would differ.
name: release
on:
  push:
    tags: ["v*"]
permissions: {}
jobs:
  buildout:
    permissions:
      contents: write # the release
      id-token: write # its attestation
      attestations: write
    uses: binary-buildout/binary-buildout/.github/workflows/buildout.yml@v1
    with:
`

// Text is the workflow.
func (c Checkout) Text() string {
	b := &strings.Builder{}
	b.WriteString(head)
	if c.Directory != "." {
		fmt.Fprintf(b, "      directory: %s\n", scalar(c.Directory))
	}
	if c.Config != "buildout.cfg" {
		fmt.Fprintf(b, "      config: %s\n", scalar(c.Config))
	}
	c.setting(b, "pythons", fmt.Sprintf("      # From %s. Several versions are separated by spaces.\n      pythons: %s\n", oneLine(c.From), strconv.Quote(strings.Join(c.Pythons, " "))))
	c.setting(b, "bundle-python", "      # The archive contains that Python, about 14 MiB, so the server needs none. Without\n      # this line, the server needs the same Python.\n      bundle_python: true\n")
	c.setting(b, "images", fmt.Sprintf("      # %s\n      images: %s\n", why(c.Image), scalar(c.Image)))
	if len(c.Compiled) > 0 {
		for _, p := range c.Compiled {
			text := "is compiled from its sources, with"
			if p.Pinned {
				text = "is pinned; if something requires it, it is compiled from its sources, with"
			}
			fmt.Fprintf(b, "      # %s %s %s.\n", p.Project, text, strings.Join(p.Needs, ", "))
		}
		if c.Install != "" {
			c.setting(b, "before", fmt.Sprintf("      before: %s\n", scalar(c.Install)))
		}
		c.setting(b, "system-libraries", "      # The server has to provide the libraries that these link to. If pack fails\n      # because of one, its report names it; if the server has it, list it here:\n      # system_libraries: libNAME.so.1\n")
	}
	c.secrets(b)
	return b.String()
}

// setting writes an input, or where its value stands if that is the section.
func (c Checkout) setting(b *strings.Builder, key, text string) {
	for _, k := range c.Settings {
		if k == key {
			fmt.Fprintf(b, "      # %s: as [binary-buildout] of %s says.\n", strings.ReplaceAll(key, "-", "_"), oneLine(c.Config))
			return
		}
	}
	b.WriteString(text)
}

func (c Checkout) secrets(b *strings.Builder) {
	if !c.SSH && c.Index == "" {
		return
	}
	b.WriteString("    secrets:\n")
	if c.SSH {
		b.WriteString("      # For checkouts by ssh: a deploy key, kept as the repository's secret SSH_KEY, and the\n      # host's line of ssh-keyscan as SSH_KNOWN_HOSTS.\n" +
			"      ssh_key: ${{ secrets.SSH_KEY }}\n      ssh_known_hosts: ${{ secrets.SSH_KNOWN_HOSTS }}\n")
	}
	if c.Index != "" {
		fmt.Fprintf(b, "      # For %s: a .netrc with user and password, as the secret NETRC.\n      netrc: ${{ secrets.NETRC }}\n", oneLine(c.Index))
	}
}

// why explains an image.
func why(image string) string {
	if image == "manylinux_2_28" {
		return "An archive of manylinux_2_28 runs on glibc 2.28 and newer: Debian 10, Ubuntu 20.04, RHEL 8."
	}
	return "An archive built on " + image + " runs there and on newer systems. manylinux_2_28 has no such Python."
}

// scalar is a value in YAML: quoted, but where it is a plain word.
func scalar(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-") == "" && strings.ContainsAny(s[:1], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		return s
	}
	return strconv.Quote(s)
}

// oneLine is a text in a comment.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Section is the section [binary-buildout] for a configuration that has none.
func Section(name string) string {
	return fmt.Sprintf(`
[binary-buildout]
# The archive's name. Its version is the tag that is released.
name = %s
# Commands that have to work in the installed archive, one a line:
# smoke = bin/instance --help
`, name)
}
