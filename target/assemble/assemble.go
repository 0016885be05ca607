// Package assemble makes one program of a script and the modules that it uses, so
// that a single file travels to the server and a person can read it there.
package assemble

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

// Program gives a program as one file: what stands in programs/NAME of src before
// its imports, the imports of all modules from the standard library, each module
// after those that it uses, and the rest of the program. It is an error where that
// would be another program than the modules are by themselves: a name that is bound
// twice, a circle, an import in another form.
func Program(src fs.FS, program string) ([]byte, error) {
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
	a := &assembler{src: src, done: map[string]*module{}, bound: map[string]string{}}
	for _, name := range names(head) {
		a.bound[name] = program
	}
	if err := a.uses(main, nil); err != nil {
		return nil, err
	}
	if err := a.bind(main); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString(strings.TrimRight(head, "\n") + "\n\n")
	for _, name := range a.library(main, head) {
		fmt.Fprintf(&out, "import %s\n", name)
	}
	out.WriteString("\n# Made of the modules in target/src: change it there. Each part is a module.\n")
	for _, m := range a.order {
		fmt.Fprintf(&out, "\n%s\n# %s\n\n%s\n", heading(m.name), strings.ReplaceAll(m.subject, "\n", "\n# "), m.body)
	}
	fmt.Fprintf(&out, "\n%s\n\n%s\n", heading("program"), main.body)
	return bytes.ReplaceAll(out.Bytes(), []byte("\n# \n"), []byte("\n#\n")), nil
}

func heading(name string) string {
	return "# ---- " + name + " " + strings.Repeat("-", max(3, 79-8-len(name)))
}

// An assembler collects the modules of one program.
type assembler struct {
	src   fs.FS
	done  map[string]*module
	order []*module
	bound map[string]string // names at the top level, with the module that binds each
}

// uses adds the modules that m uses, each after its own.
func (a *assembler) uses(m *module, above []string) error {
	above = append(above, m.name)
	for _, u := range m.local {
		if slices.Contains(above, u.module) {
			return fmt.Errorf("%s uses itself, by %s", u.module, strings.Join(above, ", "))
		}
		used, err := a.module(u.module, above)
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

func (a *assembler) module(name string, above []string) (*module, error) {
	if m := a.done[name]; m != nil {
		return m, nil
	}
	text, err := fs.ReadFile(a.src, name+".py")
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
	if err := a.uses(m, above); err != nil {
		return nil, err
	}
	if err := a.bind(m); err != nil {
		return nil, err
	}
	a.done[name] = m
	a.order = append(a.order, m)
	return m, nil
}

// bind refuses a name that stands for two things in one program.
func (a *assembler) bind(m *module) error {
	for _, name := range m.binds {
		if first, ok := a.bound[name]; ok {
			return fmt.Errorf("%s is bound by %s, and by %s", name, first, m.name)
		}
		a.bound[name] = m.name
	}
	return nil
}

// library is what a program imports from the standard library, but for what its
// head has imported.
func (a *assembler) library(main *module, head string) []string {
	var found []string
	for _, m := range append(slices.Clone(a.order), main) {
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
