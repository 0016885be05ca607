package buildout

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// unpackLast unpacks the archive of o.Reuse; nil without one. It needs nothing
// but the checkout in the stage, and may run beside what comes before the build.
func (b *builder) unpackLast(ctx context.Context) (*last, error) {
	if b.o.Reuse == "" {
		return nil, nil
	}
	r, err := archive.Open(b.o.Reuse)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	m := r.Manifest()
	l := &last{dir: filepath.Join(b.s.tmp, "last"), manifest: m, doubtful: doubtful(m), develop: map[string]*reusableDevelop{},
		reused: &Reused{Archive: filepath.Base(b.o.Reuse), Version: m.Version}}
	if m.Name != b.o.Name {
		return nil, usage("reusing "+l.reused.Archive, "give --reuse an archive of "+b.o.Name, "it is an archive of %s, and %s is built", m.Name, b.o.Name)
	}
	return l, r.Extract(ctx, l.dir, archive.ExtractOptions{Skip: useless(r.Files(), b.literalPins())})
}

// fitLast begins to fit the unpacked archive to the stage. Where nothing of it
// can stand for what would be built here, it says why, and gives nil.
func (b *builder) fitLast(ctx context.Context, l *last) *last {
	if l == nil {
		return nil
	}
	b.reused = l.reused
	if why := b.unlike(l.manifest); why != "" {
		b.buildAll(why)
		return nil
	}
	l.fitted = sync.OnceValue(func() error { return l.fit(ctx, b) })
	if b.o.OS == "windows" { // no file can be replaced that somebody reads
		l.fitted()
	}
	go l.fitted()
	return l
}

// fitting waits until l is fitted, and reads what is installed in it. It gives
// nil where l can't be used after all.
func (b *builder) fitting(ctx context.Context, l *last) (*last, error) {
	if l == nil {
		return nil, nil
	}
	if err := l.fitted(); err != nil {
		b.buildAll(err.Error())
		return nil, ctx.Err()
	}
	var err error
	if l.installed, _, err = readInstalled(filepath.Join(l.dir, ".installed.cfg")); err != nil {
		return nil, surroundings("reusing "+b.reused.Archive, "", err)
	}
	return l, nil
}

// buildAll notes why nothing is taken over. It isn't an error: the result is the
// same, it only takes longer.
func (b *builder) buildAll(why string) {
	b.reused.Why = why
	b.event(ReuseEvent, "nothing of "+b.reused.Archive+" is reused, and everything is built: "+why)
}

// unlike says in what the archive's making differs from this build's; "" if in nothing.
func (b *builder) unlike(m archive.Manifest) string {
	in := b.in.Pack()
	switch {
	case m.Python.ABI != in.ABI || m.Python.Platform != in.Platform || m.Python.Libc != in.Libc:
		return fmt.Sprintf("it is for %s on %s, and this Python builds for %s on %s", m.Python.ABI, m.Python.Platform+libc(m.Python.Libc), in.ABI, in.Platform+libc(in.Libc))
	case b.o.Target != "" && b.o.Target != m.Target:
		return fmt.Sprintf("it is for %s, and %s is built", m.Target, b.o.Target)
	case b.o.Label != m.Label:
		return fmt.Sprintf("its label is %q, and this build's is %q", m.Label, b.o.Label)
	case m.Python.Version != in.Version:
		return "it was built with Python " + m.Python.Version + ", and this one is " + in.Version
	case b.o.Generator != m.Generator:
		return "it was packed by " + m.Generator + ", and this is " + b.o.Generator
	case m.Toolchain == nil:
		return "it doesn't say what it was built with"
	}
	was := maps.Clone(m.Toolchain)
	delete(was, toolsKey) // reuse compares them, when they are known
	return differ(was, b.made)
}

// toolsKey is that of the tools in Manifest.Toolchain. An sdist's egg says by
// which setuptools it was made, and a virtualenv's distributions are the eggs'
// rivals.
const toolsKey = "tools"

// names lists the tools, and whether they are in a virtualenv.
func (t toolset) names() string {
	var out []string
	for _, e := range t.all() {
		out = append(out, pydist.PlainName(e.Name)+" "+e.Version)
	}
	if t.Site != nil {
		out = append(out, "in a virtualenv")
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func libc(name string) string {
	if name == "" {
		return ""
	}
	return " (" + name + ")"
}

// differ names the first thing that two toolchains differ in.
func differ(was, is map[string]string) string {
	var names []string
	for name := range was {
		names = append(names, name)
	}
	for name := range is {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		a, b := was[name], is[name]
		switch {
		case a == b:
		case strings.HasPrefix(a, digestMark) || strings.HasPrefix(b, digestMark):
			return name + " is another one now"
		default:
			return fmt.Sprintf("%s was %q, and is %q now", name, a, b)
		}
	}
	return ""
}

// doubtful are the eggs and parts that something was missing of, although the
// archive was packed: waived, or optional. They are built again, so that it is
// missed again, or there at last.
func doubtful(m archive.Manifest) map[string]bool {
	var report struct {
		Waived, Missing, Foreign, Warnings []struct {
			Egg, Part string
			Problems  []struct{ Kind string }
		}
	}
	out := map[string]bool{}
	data, err := json.Marshal(m.Verification)
	if err != nil || json.Unmarshal(data, &report) != nil {
		return out
	}
	for _, i := range slices.Concat(report.Waived, report.Missing, report.Foreign, report.Warnings) {
		for _, p := range i.Problems {
			if p.Kind == "missing" {
				out["egg "+pydist.PlainName(i.Egg)], out["part "+i.Part] = true, true
			}
		}
	}
	return out
}

// fit has the archive's own bootstrap.py relocate it to the stage.
func (l *last) fit(ctx context.Context, b *builder) error {
	cmd := exec.CommandContext(ctx, b.in.Executable, "-sE", filepath.Join(l.dir, archive.BootstrapPy), "--root", b.s.root)
	cmd.Dir, cmd.Env, cmd.WaitDelay = l.dir, b.env, 10*time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("its bootstrap.py says: %s", secrets.LastLines(out.String(), 2))
	}
	return nil
}
