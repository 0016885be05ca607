package pack

import (
	"path"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

// link decides what a symbolic link becomes: relative if it stays in the
// tree, made by bootstrap.py if it leads to the interpreter, else refused.
func (w *worker) link(f *File, v *verdict) {
	target := f.Link
	if !archive.IsAbs(target) {
		if to := cleanRel(path.Join(archive.Parent(f.Path), target)); to != ".." && !strings.HasPrefix(to, "../") {
			w.dangling(f, to, v)
			return
		}
		target = path.Join(place.ToSlash(w.a.Root), archive.Parent(f.Path), target)
	}
	if to, ok := w.o.insideOrScanned(target, w.a.Root); ok {
		f.Link = relative(archive.Parent(f.Path), to)
		w.dangling(f, to, v)
		return
	}
	if p := w.interpreterLink(target); p != "" {
		f.Placeholder, v.class = p, archive.ClassLink
		v.did("link to the interpreter")
		return
	}
	part := strings.TrimPrefix(f.Part, "part ")
	if w.o.allows(part, f.Path) {
		f.Placeholder, v.class = target, archive.ClassLink
		v.except("links to %s outside the tree, which is allowed", target)
		return
	}
	v.block("have the part link or copy into the tree, or let it pass with --allow-outside "+archive.QuoteName(f.Path), "links to %s outside the tree", target)
}

func (w *worker) dangling(f *File, to string, v *verdict) {
	if to == "" {
		return
	}
	if _, ok := w.a.Find(to); ok {
		return
	}
	for d := archive.Parent(to); d != ""; d = archive.Parent(d) {
		// below a link, what is there isn't known by name
		if i, ok := w.a.Find(d); ok && w.a.Files[i].Type == archive.TypeLink {
			return
		}
	}
	v.except("links to %s, which is not in the archive", to)
}

// insideOrScanned is inside, for the directory too that Scan read, which may
// have yet another name.
func (o Origin) insideOrScanned(p, scanned string) (string, bool) {
	if rel, ok := o.inside(p); ok {
		return rel, true
	}
	return Origin{Root: scanned}.inside(p)
}

// interpreterLink gives the Relocation.Link for a link to the interpreter or
// into its installation, "" for any other. What another Python has in its
// site-packages is anybody's guess, so a link there is no such link.
func (w *worker) interpreterLink(target string) string {
	version := w.version
	target = path.Clean(place.ToSlash(target))
	for _, p := range append([]string{w.o.Interpreter}, w.o.Interpreters...) {
		for _, name := range append(aliases(p, version), p) {
			if p != "" && target == place.ToSlash(name) {
				return archive.Interpreter
			}
		}
	}
	for _, dir := range []string{w.o.Prefix, w.o.Virtualenv} {
		if dir == "" {
			continue
		}
		for _, name := range aliases(place.Join(dir, "bin", "python"), version) {
			if target == place.ToSlash(name) {
				return archive.Interpreter
			}
		}
	}
	if w.o.Prefix == "" || isGeneric(w.o.Prefix) || !place.Under(target, w.o.Prefix) ||
		strings.Contains(target, "/site-packages") || strings.Contains(target, "/dist-packages") {
		return ""
	}
	return archive.Prefix + target[len(place.TrimSlash(place.ToSlash(w.o.Prefix))):]
}

// relative is the link from a directory to a path, both relative to the root.
func relative(dir, to string) string {
	var d, t []string
	if dir != "" {
		d = strings.Split(dir, "/")
	}
	if to != "" {
		t = strings.Split(to, "/")
	}
	for len(d) > 0 && len(t) > 0 && d[0] == t[0] {
		d, t = d[1:], t[1:]
	}
	out := strings.Repeat("../", len(d)) + strings.Join(t, "/")
	if out == "" {
		return "."
	}
	return strings.TrimSuffix(out, "/")
}
