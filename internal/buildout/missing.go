package buildout

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/syspackages"
)

// missing says what projects that the configuration names are compiled with,
// and isn't here: before a build, which would fail at it. A project of which
// the index has a wheel that fits is none of them. m is what zc.buildout was
// made with.
func (b *builder) missing(ctx context.Context, m toolmaker, c config) []string {
	c.Required = developRequires(c, b.s.root, pydist.NewEnvironment(b.in.Version, b.in.Implementation, b.in.Platform))
	wishes := wishes(c)
	lacks := make([][]string, len(wishes))
	var asking sync.WaitGroup
	for i, w := range wishes {
		if w.shown { // not before the build
			w.headers = nil
		}
		asking.Go(func() { lacks[i] = b.lacks(w.compiled, w.version) })
	}
	asking.Wait()
	var lacking []wish
	var what [][]string
	for i, w := range wishes {
		if len(lacks[i]) > 0 || !b.tools.Complete() {
			lacking, what = append(lacking, w), append(what, lacks[i])
		}
	}
	wheels := b.haveWheels(ctx, m, c, lacking)
	var said, pinned, unpinned []string
	for i, w := range lacking {
		switch {
		case wheels[i]:
		case !b.tools.Complete() && w.asked && w.optional:
		case !b.tools.Complete() && w.asked:
			return []string{fmt.Sprintf("%s is compiled here, and %s; run: %s", w.project, b.tools.Missing(), b.tools.Command)}
		case w.asked && len(what[i]) > 0:
			said = append(said, b.lackOf(w, what[i]))
		case !w.optional:
			pinned = append(pinned, w.project)
			for _, name := range what[i] {
				if !slices.Contains(unpinned, name) {
					unpinned = append(unpinned, name)
				}
			}
		}
	}
	if len(pinned) > 0 {
		said = append(said, b.ofPins(pinned, unpinned, c))
	}
	return said
}

// lackOf says what a project that a part asks for lacks.
func (b *builder) lackOf(w wish, names []string) string {
	needs := "needs"
	if w.optional {
		needs = "is built without its extension, which needs"
	}
	return fmt.Sprintf("%s %s %s, which %s here: %s", w.project, needs, list(names), isnt(names), syspackages.HeadersHint(b.o.OS, names...))
}

// ofPins says in one line what projects lack that are pinned, and that nothing
// may ask for: of many a set of pins only some are built.
func (b *builder) ofPins(projects, names []string, c config) string {
	text := fmt.Sprintf("[%s] pins %s, of which no wheel is known to fit: if a part needs one of them, it is compiled here, and ", versionsSection(c), list(projects))
	if !b.tools.Complete() {
		return text + b.tools.Missing() + "; run: " + b.tools.Command
	}
	return text + fmt.Sprintf("%s %s here: %s", list(names), isnt(names), syspackages.HeadersHint(b.o.OS, names...))
}

func isnt(names []string) string {
	if len(names) == 1 {
		return "isn't"
	}
	return "aren't"
}

// list joins names as a sentence has them.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func versionsSection(c config) string {
	if name := c.Buildout["versions"]; name != "" {
		return name
	}
	return "versions"
}

// lacks gives the programs and headers of a project's version that aren't here,
// as its setup.py and the build's compiler find them. None where the compiler
// can't be asked. "" is the newest version.
func (b *builder) lacks(p compiled, version string) []string {
	if b.o.OS == "windows" {
		return nil
	}
	var names []string
	for _, name := range p.programs {
		if lookIn(environ.Get(b.o.environ(), "PATH"), name) == "" {
			names = append(names, name)
		}
	}
	rusty := p.rust != "" && (version == "" || pydist.Satisfies(version, ">="+p.rust))
	if rusty && lookIn(environ.Get(b.o.environ(), "PATH"), "cargo") == "" {
		names = append(names, "cargo")
	}
	return append(names, b.notIncluded(p.headers, p.flags)...)
}

// notIncluded gives the headers that the build's compiler doesn't find with the
// options that flags, words of a shell, print. It asks it once, and gives none
// where it doesn't answer.
func (b *builder) notIncluded(headers []string, flags string) []string {
	if len(headers) == 0 {
		return nil
	}
	var source strings.Builder
	for i, name := range headers {
		fmt.Fprintf(&source, "#if !__has_include(<%s>)\nlacks%d\n#endif\n", name, i)
	}
	if flags == "" {
		flags = ":"
	}
	cmd := exec.Command("/bin/sh", "-c", "f=$({ "+flags+"; } 2>/dev/null); ${CC:-cc} $CPPFLAGS $CFLAGS $f -E -P -x c -")
	cmd.Env, cmd.Dir, cmd.Stdin = b.o.environ(), filepath.Dir(b.s.root), strings.NewReader(source.String())
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	words := strings.Fields(string(out))
	var names []string
	for i, name := range headers {
		if slices.Contains(words, fmt.Sprintf("lacks%d", i)) {
			names = append(names, name)
		}
	}
	return names
}
