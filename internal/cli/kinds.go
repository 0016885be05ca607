package cli

import (
	"flag"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/matrix"
)

// kind is what a flag or an argument takes. Its word stands in every help, man
// page and message for that, and for nothing else.
type kind struct {
	word   string
	says   string
	shell  completes
	values []string // where there are only these, or these are the usual ones
}

// completes says what a shell offers for a value.
type completes int

const (
	completesNothing completes = iota
	completesDirectories
	completesFiles
	completesArchives // files, by the formats' endings
)

// kinds are all words for values. The man pages list them.
func kinds() []kind {
	return []kind{
		{word: "ARCHIVE", says: "a file that pack wrote", shell: completesArchives},
		{word: "CMD", says: "a command for the shell"},
		{word: "COMMAND", says: "a command of binary-buildout"},
		{word: "DIGEST", says: "a SHA-256 in hexadecimal digits"},
		{word: "DIR", says: "a directory", shell: completesDirectories},
		{word: "FILE", says: "a file", shell: completesFiles},
		{word: "FLOOR", says: "the oldest system that is allowed: a version of glibc, musl or macOS"},
		{word: "FORMAT", says: "a format of archives", values: matrix.Formats()},
		{word: "GLOB", says: "a pattern of names: * is any text within a name, ** any number of names"},
		{word: "IMAGE", says: "a container image", values: []string{"manylinux_2_28", "musllinux_1_2", "host"}},
		{word: "LABEL", says: "a word in an archive's name that tells it from others of its target"},
		{word: "LATEST", says: "whether a release is the latest one", values: []string{"true", "false", "legacy"}},
		{word: "LIBRARY", says: "the name of a shared library"},
		{word: "MODULE", says: "the dotted name of a Python module"},
		{word: "NAME", says: "an application's name"},
		{word: "NUMBER", says: "a number"},
		{word: "OWNER/REPO", says: "a repository on GitHub"},
		{word: "OWNER/REPO/PATH", says: "a workflow in a repository on GitHub"},
		{word: "PART", says: "the name of a part of the buildout"},
		{word: "PATH", says: "the path of a Python interpreter; where the help says so, its version", shell: completesFiles},
		{word: "PLATFORM", says: "a platform that archives are made for", values: []string{"linux_x86_64", "linux_aarch64", "macosx_arm64", "macosx_x86_64", "win_amd64"}},
		{word: "PLATFORM=RUNNER", says: "a platform, and the label of the runner that builds for it"},
		{word: "REF", says: "a git ref, such as refs/tags/v1.0"},
		{word: "SHELL", says: "a shell", values: []string{"bash", "zsh", "fish", "powershell"}},
		{word: "SIZE", says: "a number of bytes, KiB, MiB or GiB, as 500MiB"},
		{word: "SOURCE", says: "an ARCHIVE, a release as OWNER/REPO or OWNER/REPO@TAG, or the URL or DIR of a mirror", shell: completesFiles},
		{word: "TAG", says: "a git tag"},
		{word: "TARGET", says: "a Python and a platform, such as cp312-manylinux_2_28_x86_64"},
		{word: "TITLE", says: "a release's title"},
		{word: "USER[:GROUP]", says: "a user of this system, and perhaps a group"},
		{word: "VERSION", says: "a version"},
	}
}

// kindOf finds the kind of a word.
func kindOf(word string) (kind, bool) {
	all := kinds()
	i := slices.IndexFunc(all, func(k kind) bool { return k.word == word })
	if i < 0 {
		return kind{}, false
	}
	return all[i], true
}

// wordOf gives the word for a flag's value, empty for a flag without one, and
// what the flag is for, with its default.
func wordOf(f *flag.Flag) (word, usage string) {
	word, usage = flag.UnquoteUsage(f)
	if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
		usage += " (default " + f.DefValue + ")"
	}
	return word, usage
}

// flagTag is a flag as a help names it: with the word for its value, in brackets
// where there may be none.
func flagTag(f *flag.Flag) (tag, usage string) {
	word, usage := wordOf(f)
	switch {
	case word == "":
		return "--" + f.Name, usage
	case strings.HasPrefix(word, "="):
		return "--" + f.Name + "[" + word + "]", usage
	}
	return "--" + f.Name + " " + word, usage
}

// argumentWords are the words of a command's arguments in their order; several
// of one place are parted by a bar: "DIR|ARCHIVE".
func argumentWords(args string) []string {
	var words []string
	for w := range strings.FieldsSeq(regexp.MustCompile(`--[a-z-]+ \S+`).ReplaceAllString(args, "")) {
		words = append(words, strings.Trim(w, "[]"))
	}
	return words
}
