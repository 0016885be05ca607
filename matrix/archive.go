package matrix

import (
	"fmt"
	"regexp"
	"strings"
)

// The formats of an archive, as they end its name.
const (
	FormatTarGz  = "tar.gz"
	FormatTarZst = "tar.zst"
	FormatZip    = "zip"
)

// Formats are all of them.
func Formats() []string { return []string{FormatTarGz, FormatTarZst, FormatZip} }

// ArchiveFile is what an archive's file name says.
type ArchiveFile struct {
	Name, Version string
	Target        Target
	Label, Format string
}

// GitHub renames an asset that has any other character in its name
// (docs.github.com, Upload a release asset, 2026-11); a slash or a leading dot
// would be another file on disk.
var wordPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]*$`)

var archivePattern = regexp.MustCompile(`^(.+)-(cp[23][0-9]+[dmut]{0,3})-([a-z0-9_]+)(?:-([A-Za-z0-9][A-Za-z0-9._+-]*?))?\.(tar\.gz|tar\.zst|zip)$`)

// CheckWord says whether s can be the name, version or label of an archive.
// what names it in the error.
func CheckWord(what, s string) error {
	if !wordPattern.MatchString(s) {
		return fmt.Errorf("reading %s %q: only letters, digits and . _ + - can stand in an archive's name, and a letter or digit comes first", what, s)
	}
	return nil
}

// ArchiveName is the file name of an archive. label may be empty; format is
// "tar.gz", "tar.zst" or "zip". The words are not checked: CheckWord does that
// where they enter.
func ArchiveName(name, version string, t Target, label, format string) string {
	stem := TopDirectory(name, version) + "-" + t.String()
	if label != "" {
		stem += "-" + label
	}
	return stem + "." + format
}

// TopDirectory is the archive's one top directory.
func TopDirectory(name, version string) string { return name + "-" + version }

// SidecarName is the name of the sidecar beside an archive: its format's
// ending gives way to ".json".
func SidecarName(archive string) string {
	for _, f := range Formats() {
		if stem, ok := strings.CutSuffix(archive, "."+f); ok {
			return stem + ".json"
		}
	}
	return archive + ".json"
}

// ParseArchiveName reads what ArchiveName wrote. The version is taken to start
// at the first "-" that a digit follows; for a name such as app-2, or a
// version that starts with a letter, the split is a guess, and the manifest
// knows better. Target, label and format are exact.
func ParseArchiveName(file string) (ArchiveFile, error) {
	m := archivePattern.FindStringSubmatch(file)
	if m == nil || strings.HasSuffix(file, ".delta."+FormatTarGz) { // a delta isn't an archive
		return ArchiveFile{}, fmt.Errorf("reading archive name %q: want NAME-VERSION-ABI-PLATFORM[-LABEL].tar.gz, .tar.zst or .zip", file)
	}
	t, err := ParseTarget(m[2] + "-" + m[3])
	if err != nil {
		return ArchiveFile{}, fmt.Errorf("reading archive name %q: %w", file, err)
	}
	name, version, ok := cutVersion(m[1])
	if !ok {
		return ArchiveFile{}, fmt.Errorf("reading archive name %q: no version in %q", file, m[1])
	}
	return ArchiveFile{Name: name, Version: version, Target: t, Label: m[4], Format: m[5]}, nil
}

func cutVersion(stem string) (name, version string, ok bool) {
	for i := 1; i < len(stem)-1; i++ {
		if stem[i] == '-' && stem[i+1] >= '0' && stem[i+1] <= '9' {
			return stem[:i], stem[i+1:], true
		}
	}
	i := strings.LastIndexByte(stem, '-')
	if i < 1 || i == len(stem)-1 {
		return "", "", false
	}
	return stem[:i], stem[i+1:], true
}
