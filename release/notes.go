package release

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/binary-buildout/binary-buildout/internal/markdown"
	"github.com/binary-buildout/binary-buildout/internal/plural"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// The table of assets stands between these, so that a second run replaces it
// and leaves what a person wrote.
const (
	notesBegin = "<!-- binary-buildout:begin -->"
	notesEnd   = "<!-- binary-buildout:end -->"
	maxBody    = 125000 // characters, GitHub's limit of a release's text (2026-11)
)

// Notes is what a release's text says of its assets, in Markdown: how one is
// installed, a table of the archives and what leads to them, and how one that
// was signed is verified.
func (s Set) Notes() string {
	var b strings.Builder
	b.WriteString(s.installLines())
	deltas := slices.ContainsFunc(s.Archives, func(a Archive) bool { return len(a.Deltas) > 0 })
	b.WriteString(row(deltas, "asset", "platform", "Python", "oldest system", "size", "update from", "SHA-256"))
	b.WriteString(row(deltas, "---", "---", "---", "---", "---:", "---", "---"))
	for _, a := range s.sorted() {
		b.WriteString(row(deltas, s.linked(a.File.Name, a.File, a.Volumes), markdown.Cell(platform(a.Info)), markdown.Cell(python(a.Info)), markdown.Cell(floors(a.Info.Floors)),
			plural.Bytes(a.File.Size), s.deltaLinks(a), "`"+a.File.SHA256+"`"))
	}
	b.WriteString(s.changed())
	if libraries := s.libraries(); len(libraries) > 0 {
		b.WriteString("\nThe target system brings: " + strings.Join(libraries, ", ") + ".\n")
	}
	if s.Signer != nil {
		b.WriteString("\nTo verify which workflow made a file, and from which commit:\n\n```sh\n" + s.Signer.Verify("FILE") + "\n```\n")
		if s.Tag != "" && s.Signer.Ref != "refs/tags/"+s.Tag {
			fmt.Fprintf(&b, "\nIt was made for `%s`: `binary-buildout install` needs `--source-ref %s`.\n", s.Signer.Ref, s.Signer.Ref)
		}
	}
	return b.String()
}

// python says whether an archive has its interpreter in it, and which the server has to have if it hasn't.
func python(s Sidecar) string {
	if s.BundledPython != nil {
		return s.BundledPython.Version + " inside"
	}
	minor := s.Python.Version
	if parts := strings.SplitN(minor, ".", 3); len(parts) == 3 {
		minor = parts[0] + "." + parts[1]
	}
	return minor + " on the server"
}

// maxEggs is how many eggs of an account the text names.
const maxEggs = 100

// changed is the account of the first archive that has one: mostly the eggs of
// all of them are the same.
func (s Set) changed() string {
	for _, a := range s.sorted() {
		if a.Info.Changes == nil {
			continue
		}
		of := ""
		if len(s.Archives) > 1 {
			of = "\nThis is the account of " + markdown.Cell(a.File.Name) + ".\n"
		}
		return "\n" + a.Info.Changes.Markdown(maxEggs) + of
	}
	return ""
}

// row is a row of the table of archives. Without a delta in the whole release,
// the column of deltas is left out.
func row(deltas bool, cells ...string) string {
	if !deltas {
		cells = slices.Delete(cells, 5, 6)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// installLines is one line for each kind of system that an archive is for.
func (s Set) installLines() string {
	if s.Home == "" || s.Tag == "" || len(s.Archives) == 0 {
		return ""
	}
	var windows bool
	var others []string
	for _, a := range s.sorted() {
		switch p, _ := matrix.ParsePlatform(tag(a.Info)); p.System {
		case "windows":
			windows = true
		case "macos":
			others = append(others, "macOS")
		default:
			others = append(others, "Linux")
		}
	}
	name := s.Archives[0].Info.Name
	var b strings.Builder
	if len(others) > 0 {
		slices.Sort(others)
		fmt.Fprintf(&b, "To install it on %s:\n\n```sh\ncurl -fsSL %s | sh -s -- --into /srv/%s\n```\n\n", strings.Join(slices.Compact(others), " or "), s.address(InstallerName), name)
	}
	if windows {
		fmt.Fprintf(&b, "To install it on Windows:\n\n```powershell\n& ([scriptblock]::Create((irm %s))) -Into C:\\%s\n```\n\n", s.address(WindowsInstallerName), name)
	}
	return b.String()
}

// deltaLinks is a link for each delta that leads to the archive, with its size.
func (s Set) deltaLinks(a Archive) string {
	var links []string
	for _, d := range a.Deltas {
		links = append(links, s.linked(d.BaseVersion, d.File, d.Volumes)+": "+plural.Bytes(d.File.Size))
	}
	return strings.Join(links, "<br>")
}

// linked is a text that is a link to a file, or a link to each of its volumes after it.
func (s Set) linked(text string, f File, volumes []File) string {
	if len(volumes) == 0 {
		return s.link(text, f.Name)
	}
	links := []string{}
	for i, v := range volumes {
		links = append(links, s.link(fmt.Sprintf("part %d", i+1), v.Name))
	}
	return markdown.Cell(text) + ": " + strings.Join(links, ", ")
}

// link is a Markdown link to an asset, where the release's address is known.
func (s Set) link(text, asset string) string {
	if s.Home == "" || s.Tag == "" {
		return markdown.Cell(text)
	}
	return "[" + markdown.Cell(text) + "](" + s.address(asset) + ")"
}

// address is where GitHub serves an asset. The names of assets need no escapes;
// a tag may have slashes, which stay, and other characters.
func (s Set) address(asset string) string {
	return s.Home + "/releases/download/" + strings.ReplaceAll(url.PathEscape(s.Tag), "%2F", "/") + "/" + asset
}

// platform is the platform tag, and what tells the archive from others of it.
func platform(info Sidecar) string {
	if info.Label != "" {
		return tag(info) + " (" + info.Label + ")"
	}
	return tag(info)
}

func tag(info Sidecar) string {
	_, tag, _ := strings.Cut(info.Target, "-")
	return tag
}

func (s Set) libraries() []string {
	var names []string
	for _, a := range s.Archives {
		for _, l := range a.Info.SystemLibraries {
			name := markdown.Cell(l.Name)
			if l.Package != "" {
				name += " (" + markdown.Cell(l.Package) + ")"
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func floors(all []Floor) string {
	var texts []string
	for _, f := range all {
		texts = append(texts, f.Kind+" "+f.Version)
	}
	return strings.Join(texts, ", ")
}

// MergeNotes puts the table into a release's text: in the place of an earlier
// one, else after what stands there. A text that would become too long for
// GitHub keeps its words and loses the table.
func MergeNotes(body, table string) string {
	block := notesBegin + "\n" + table + notesEnd
	// The last two: a person may have begun a block and not ended it.
	end := strings.LastIndex(body, notesEnd)
	begin := strings.LastIndex(body[:max(end, 0)], notesBegin)
	merged := body + "\n\n" + block + "\n"
	switch {
	case begin >= 0:
		merged = body[:begin] + block + body[end+len(notesEnd):]
	case strings.TrimSpace(body) == "":
		merged = block + "\n"
	}
	if utf8.RuneCountInString(merged) > maxBody && table != tooLong {
		return MergeNotes(body, tooLong)
	}
	if utf8.RuneCountInString(merged) > maxBody {
		return body
	}
	return merged
}

const tooLong = "The assets are listed in " + IndexName + ".\n"
