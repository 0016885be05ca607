// Package why says why buildout would install a part again: which option, or
// which egg of its recipe, isn't what it was.
package why

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/ownership"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

//go:embed why.py
var script []byte

// Question is about a part of the buildout in Dir. Without Config it is about
// the configuration that bin/buildout reads by itself.
type Question struct {
	Dir, Config, Part string
	Env               []string
}

// Answer says what buildout would do with a part, and why.
type Answer struct {
	Part      string   `json:"part"`
	Recipe    string   `json:"recipe,omitempty"`
	Does      Does     `json:"does"`
	Options   []Change `json:"options"`
	Signature []Change `json:"signature"` // eggs of the recipe, and what they need
	Gone      []string `json:"gone"`      // paths that the part installed, and that aren't there
}

// Does is what buildout would do with a part.
type Does string

// The kinds of Does.
const (
	Updates       Does = "update"    // nothing differs
	InstallsAgain Does = "reinstall" // something differs
	Installs      Does = "install"   // it isn't installed
	Removes       Does = "uninstall" // it is installed, and no longer wanted
)

// Change is an option, or an egg: empty where it wasn't there, or isn't.
type Change struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

const (
	signatureKey = "__buildout_signature__"
	installedKey = "__buildout_installed__"
)

// found is what why.py prints.
type found struct {
	Parts     []string          `json:"parts"`
	Installed []string          `json:"installed"`
	Old       map[string]string `json:"old"`
	New       map[string]string `json:"new"`
	Error     string            `json:"error"`
}

// Ask has the buildout's own zc.buildout read the configuration, and compares
// what it makes of the part with what .installed.cfg remembers.
func Ask(ctx context.Context, q Question) (*Answer, error) {
	doing := "looking at part " + q.Part
	program, err := starter(q.Dir)
	if err != nil {
		return nil, fault.Usage(fmt.Errorf("%s: %w", doing, err), "name the directory in which bin/buildout lies: an installed tree, or a checkout in which buildout has run")
	}
	if !ownership.MayRun(program) {
		return nil, fault.Usage(fmt.Errorf("%s: another user can change %s, and root runs nothing of another user's", doing, program), "run it as the user that it belongs to")
	}
	argv, err := interpreter(q.Dir, program)
	if err != nil {
		return nil, fault.Usage(fmt.Errorf("%s: %w", doing, err), "run python bootstrap.py in an installed tree, or buildout in a checkout, so that bin/buildout is written again")
	}
	if !ownership.MayRun(argv[0]) {
		return nil, fault.Usage(fmt.Errorf("%s: another user can change %s, and root runs nothing of another user's", doing, argv[0]), "run it as the user that it belongs to")
	}
	f, err := run(ctx, argv, q)
	if err != nil {
		return nil, fault.Failed(fmt.Errorf("%s: %w", doing, err), "bin/buildout -N in that directory says more")
	}
	if f.Old == nil && !slices.Contains(f.Parts, q.Part) {
		return nil, fault.Usage(fmt.Errorf("%s: there is none of that name", doing), "parts: "+strings.Join(f.Parts, ", "))
	}
	if f.Error != "" && slices.Contains(f.Parts, q.Part) {
		return nil, fault.Failed(fmt.Errorf("%s: its recipe can't be made ready: %s", doing, f.Error), "bin/buildout -N in that directory says more")
	}
	return answer(q, f), nil
}

func run(ctx context.Context, argv []string, q Question) (*found, error) {
	job, err := json.Marshal(map[string]string{"root": q.Dir, "config": q.Config, "part": q.Part})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, argv[0], append(argv[1:len(argv):len(argv)], "-", string(job))...)
	cmd.Dir, cmd.Env, cmd.Stdin = q.Dir, q.Env, bytes.NewReader(script)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("running %s: %w: %s", argv[0], err, secrets.LastLines(said.String(), 8))
	}
	f := &found{}
	if err := json.Unmarshal(out.Bytes(), f); err != nil {
		return nil, fmt.Errorf("reading what it printed: %w", err)
	}
	if f.Parts == nil {
		return nil, errors.New(f.Error)
	}
	return f, nil
}

// answer compares the options that a part had with those that it has.
func answer(q Question, f *found) *Answer {
	a := &Answer{Part: q.Part, Options: []Change{}, Signature: []Change{}, Gone: []string{}}
	switch {
	case f.Old == nil:
		a.Does, a.Recipe = Installs, f.New["recipe"]
		return a
	case !slices.Contains(f.Parts, q.Part):
		a.Does, a.Recipe = Removes, f.Old["recipe"]
		return a
	}
	a.Does, a.Recipe = Updates, f.New["recipe"]
	for line := range strings.Lines(f.Old[installedKey]) {
		path := strings.TrimSpace(line)
		if path == "" {
			continue
		}
		if _, err := os.Lstat(filepath.Join(q.Dir, path)); err != nil && !filepath.IsAbs(path) {
			a.Gone = append(a.Gone, path)
		} else if _, err := os.Lstat(path); err != nil && filepath.IsAbs(path) {
			a.Gone = append(a.Gone, path)
		}
	}
	delete(f.Old, installedKey)
	delete(f.New, installedKey)
	a.Options = options(f.Old, f.New)
	a.Signature = signature(f.Old[signatureKey], f.New[signatureKey])
	if len(a.Options)+len(a.Signature) > 0 || f.Old[signatureKey] != f.New[signatureKey] {
		a.Does = InstallsAgain
	}
	return a
}

func options(old, new map[string]string) []Change {
	out := []Change{}
	names := map[string]bool{}
	for name := range old {
		names[name] = true
	}
	for name := range new {
		names[name] = true
	}
	delete(names, signatureKey)
	for name := range names {
		was, had := old[name]
		is, has := new[name]
		if was != is || had != has {
			out = append(out, Change{name, shown(name, was), shown(name, is)})
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// signature pairs the eggs of two signatures by their project.
func signature(old, new string) []Change {
	was, is := strings.Fields(old), strings.Fields(new)
	byName := map[string]*Change{}
	var names []string
	at := func(token string) *Change {
		name, _, _ := strings.Cut(token, "-")
		if m := hashed.FindStringSubmatch(token); m != nil {
			name = m[1]
		}
		key := pydist.PlainName(name)
		if byName[key] == nil {
			byName[key] = &Change{Name: name}
			names = append(names, key)
		}
		return byName[key]
	}
	add := func(to *string, token string) { *to = strings.TrimSpace(*to + " " + token) }
	for _, token := range was {
		if !slices.Contains(is, token) {
			add(&at(token).Old, token)
		}
	}
	for _, token := range is {
		if !slices.Contains(was, token) {
			add(&at(token).New, token)
		}
	}
	slices.Sort(names)
	out := []Change{}
	for _, name := range names {
		out = append(out, *byName[name])
	}
	return out
}

// hashed is a token for a develop distribution: NAME-MD5 of its directory.
var hashed = regexp.MustCompile(`^(.+)-[0-9a-f]{32}$`)

// Hashed tells whether a token of a signature is the digest of a directory.
func Hashed(token string) bool { return hashed.MatchString(token) }
