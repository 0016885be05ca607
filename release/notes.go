package release

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The table of assets stands between these, so that a second run replaces it
// and leaves what a person wrote.
const (
	notesBegin = "<!-- binary-buildout:begin -->"
	notesEnd   = "<!-- binary-buildout:end -->"
	maxBody    = 125000 // characters, GitHub's limit of a release's text (2026-11)
)

// Notes is the table of the release's assets, in Markdown, and how one that was
// signed is verified.
func (s Set) Notes() string {
	var b strings.Builder
	b.WriteString("| asset | platform | Python | floor | size | SHA-256 |\n| --- | --- | --- | --- | ---: | --- |\n")
	for _, a := range s.sorted() {
		platform := a.Info.Target[strings.IndexByte(a.Info.Target, '-')+1:]
		if a.Info.Label != "" {
			platform += " (" + a.Info.Label + ")"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | `%s` |\n", cell(a.File.Name), cell(platform), cell(a.Info.Python.Version), cell(floors(a.Info.Floors)), size(a.File.Size), a.File.SHA256)
	}
	if libraries := s.libraries(); len(libraries) > 0 {
		b.WriteString("\nThe target system brings: " + strings.Join(libraries, ", ") + ".\n")
	}
	if s.Signer != nil {
		b.WriteString("\nWhich workflow made a file, from which commit, GitHub's program verifies:\n\n```sh\n" + s.Signer.Verify("FILE") + "\n```\n")
		if s.Tag != "" && s.Signer.Ref != "refs/tags/"+s.Tag {
			fmt.Fprintf(&b, "\nIt was made for `%s`: `binary-buildout install` needs `--source-ref %s`.\n", s.Signer.Ref, s.Signer.Ref)
		}
	}
	return b.String()
}

func (s Set) libraries() []string {
	var names []string
	for _, a := range s.Archives {
		for _, l := range a.Info.SystemLibraries {
			name := cell(l.Name)
			if l.Package != "" {
				name += " (" + cell(l.Package) + ")"
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

func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "\r", " ", "<", "&lt;").Replace(s)
}

func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%.0f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
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
