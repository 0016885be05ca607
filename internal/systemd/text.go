package systemd

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/recipes"
)

// mark is the first line of each unit that is written for a tree. By it a unit
// is known again.
func (t *tree) mark(name string) string {
	return marked(t.dir) + "; to change it: systemctl edit " + name + "\n"
}

func marked(root string) string { return "# Written by binary-buildout for " + root }

// service is the text of a service's unit. What it starts can write to var
// alone, and to the directories that its options name.
func (t *tree) service(s served, all []served) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	b.WriteString(t.mark(s.unit))
	line("[Unit]")
	line("Description=%s", specifier(t.describe(s, all)))
	before := needs(s, all)
	line("After=%s", strings.Join(append([]string{"network.target"}, before...), " "))
	if before != nil {
		line("Wants=%s", strings.Join(before, " "))
	}
	if len(all) > 1 {
		line("PartOf=%s.target", t.base)
	}
	line("\n[Service]")
	if t.user != "" {
		line("User=%s", t.user)
	}
	line("WorkingDirectory=%s", specifier(t.dir))
	line("ExecStart=%s", strings.Join(append([]string{word(t.dir + "/bin/" + s.Program)}, s.Args...), " "))
	line("Restart=on-failure")
	line("NoNewPrivileges=yes")
	if !t.lies("/tmp", "/var/tmp") {
		line("PrivateTmp=yes")
	}
	home := "yes"
	if t.lies("/home", "/root", "/run/user") {
		home = "read-only"
	}
	line("ProtectHome=%s", home)
	line("ProtectSystem=strict")
	writes := t.writes()
	if t.lies("/tmp", "/var/tmp") {
		writes = append(writes, "/tmp", "/var/tmp") // strict makes them read-only, as all else
	}
	for _, dir := range writes {
		line("ReadWritePaths=%s", word(dir))
	}
	if len(all) == 1 {
		line("\n[Install]\nWantedBy=multi-user.target")
	}
	return b.String()
}

// target is the text of the unit that starts and stops several services.
func (t *tree) target(all []served) string {
	var names []string
	for _, s := range all {
		names = append(names, s.unit)
	}
	return fmt.Sprintf("%s[Unit]\nDescription=%s\nWants=%s\n\n[Install]\nWantedBy=multi-user.target\n", t.mark(t.base+".target"), t.base, strings.Join(names, " "))
}

func (t *tree) describe(s served, all []served) string {
	if len(all) == 1 {
		return t.base
	}
	return t.base + ", " + unitName(s.part)
}

// needs are the units that have to be started before a service's.
func needs(s served, all []served) []string {
	var names []string
	for _, other := range all {
		if other.First && !s.First {
			names = append(names, other.unit)
		}
	}
	return names
}

// lies is whether the tree or its interpreter lies below one of these directories.
func (t *tree) lies(dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool {
		return strings.HasPrefix(t.dir, dir+"/") || strings.HasPrefix(t.interpreter, dir+"/")
	})
}

// writes are the directories that the services write to, none below another one.
func (t *tree) writes() []string {
	own := t.dir + "/var"
	var dirs []string
	if info, err := t.Stat("var"); err == nil && info.IsDir() {
		dirs = append(dirs, own)
	}
	for _, part := range t.parts {
		for _, dir := range recipes.Writes(t.sections[part]) {
			if !takes(dir) {
				continue
			}
			if dir = path.Clean(dir); !strings.HasPrefix(dir+"/", own+"/") || dirs == nil {
				dirs = append(dirs, dir)
			}
		}
	}
	if dirs == nil {
		dirs = []string{own}
	}
	slices.Sort(dirs)
	dirs = slices.Compact(dirs)
	return slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool {
		return slices.ContainsFunc(dirs, func(above string) bool { return above != dir && strings.HasPrefix(dir, path.Clean(above)+"/") })
	})
}

// takes is whether systemd takes a text for the path that it is: not one with a
// character that ends a line, or that is more than a letter there.
func takes(path string) bool {
	return !strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune("\"'\\", r) })
}

// specifier takes the meaning from the % of a text.
func specifier(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// word is a path as one word of a line that has several.
func word(s string) string {
	s = specifier(s)
	if strings.ContainsAny(s, " ;") {
		return `"` + s + `"`
	}
	return s
}
