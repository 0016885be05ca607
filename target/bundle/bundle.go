package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// A module is one file of src.
type module struct {
	name    string
	subject string   // its docstring
	library []string // modules of the standard library, in their order
	local   []use    // modules of src, in their order
	body    string
	binds   []string // names at its top level, in their order
}

// A use is one "from module import names".
type use struct {
	module string
	names  []string
}

// bundle gives a program as one file: what stands in src/programs/NAME before
// its imports, the imports of all modules from the standard library, each module
// after those that it uses, and the rest of the program.
func bundle(src fs.FS, program string) ([]byte, error) {
	text, err := fs.ReadFile(src, "programs/"+program)
	if err != nil {
		return nil, err
	}
	head, rest, err := cutProgram(string(text))
	if err != nil {
		return nil, err
	}
	main, err := parse("programs/"+program, rest)
	if err != nil {
		return nil, err
	}
	b := &bundler{src: src, done: map[string]*module{}, bound: map[string]string{}}
	for _, name := range names(head) {
		b.bound[name] = program
	}
	if err := b.uses(main, nil); err != nil {
		return nil, err
	}
	if err := b.bind(main); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString(strings.TrimRight(head, "\n") + "\n\n")
	for _, name := range b.library(main, head) {
		fmt.Fprintf(&out, "import %s\n", name)
	}
	out.WriteString("\n# Made of target/src by \"go generate ./target\": change it there. Each part is a module.\n")
	for _, m := range b.order {
		fmt.Fprintf(&out, "\n%s\n# %s\n\n%s\n", heading(m.name), strings.ReplaceAll(m.subject, "\n", "\n# "), m.body)
	}
	fmt.Fprintf(&out, "\n%s\n\n%s\n", heading("program"), main.body)
	return bytes.ReplaceAll(out.Bytes(), []byte("\n# \n"), []byte("\n#\n")), nil
}

func heading(name string) string {
	return "# ---- " + name + " " + strings.Repeat("-", max(3, 79-8-len(name)))
}

// A bundler collects the modules of one program.
type bundler struct {
	src   fs.FS
	done  map[string]*module
	order []*module
	bound map[string]string // names at the top level, with the module that binds each
}

// uses adds the modules that m uses, each after its own.
func (b *bundler) uses(m *module, above []string) error {
	above = append(above, m.name)
	for _, u := range m.local {
		if slices.Contains(above, u.module) {
			return fmt.Errorf("%s uses itself, by %s", u.module, strings.Join(above, ", "))
		}
		used, err := b.module(u.module, above)
		if err != nil {
			return fmt.Errorf("reading what %s uses: %w", m.name, err)
		}
		for _, name := range u.names {
			if !slices.Contains(used.binds, name) {
				return fmt.Errorf("%s takes %s from %s, which doesn't bind it", m.name, name, u.module)
			}
		}
	}
	return nil
}

func (b *bundler) module(name string, above []string) (*module, error) {
	if m := b.done[name]; m != nil {
		return m, nil
	}
	text, err := fs.ReadFile(b.src, name+".py")
	if err != nil {
		return nil, err
	}
	m, err := parse(name, string(text))
	if err != nil {
		return nil, err
	}
	if m.subject == "" {
		return nil, fmt.Errorf("%s doesn't begin with what it is about", name)
	}
	if err := b.uses(m, above); err != nil {
		return nil, err
	}
	if err := b.bind(m); err != nil {
		return nil, err
	}
	b.done[name] = m
	b.order = append(b.order, m)
	return m, nil
}

// bind refuses a name that stands for two things in one program.
func (b *bundler) bind(m *module) error {
	for _, name := range m.binds {
		if first, ok := b.bound[name]; ok {
			return fmt.Errorf("%s is bound by %s, and by %s", name, first, m.name)
		}
		b.bound[name] = m.name
	}
	return nil
}

// library is what a program imports from the standard library, but for what its
// head has imported.
func (b *bundler) library(main *module, head string) []string {
	var found []string
	for _, m := range append(slices.Clone(b.order), main) {
		found = append(found, m.library...)
	}
	slices.Sort(found)
	return slices.DeleteFunc(slices.Compact(found), func(name string) bool {
		return regexp.MustCompile(`(?m)^import (?:\w+, )*` + name + `\b`).MatchString(head)
	})
}

// cutProgram tells a program's head from its imports of src and what follows.
func cutProgram(text string) (head, rest string, err error) {
	at := regexp.MustCompile(`(?m)^(?:import \w+\n)*\n*from \w+ import`).FindStringIndex(text)
	if at == nil {
		return "", "", fmt.Errorf("it uses no module")
	}
	return text[:at[0]], text[at[0]:], nil
}
