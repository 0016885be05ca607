package recipes

import "path"

// Service is a program in bin that a part made, and that runs in the foreground
// until it gets SIGTERM.
type Service struct {
	Program string // its name in bin
	Args    []string
	All     bool // it starts the tree's other services itself
	First   bool // the tree's other services connect to it
}

// ServiceOf gives the service of a part, by its recipe and its options; false if
// the recipe makes none that is known.
func ServiceOf(part, recipe string, options map[string]string) (Service, bool) {
	switch recipe {
	case "collective.recipe.supervisor":
		return Service{Program: part + "d", Args: []string{"--nodaemon"}, All: true}, true
	case "plone.recipe.zeoserver", "plone.recipe.zope2zeoserver":
		return Service{Program: part, Args: []string{"fg"}, First: true}, true
	case "plone.recipe.zope2instance":
		program := part
		if named := options["control-script"]; named != "" {
			program = named
		}
		// fg would switch the debug mode on.
		return Service{Program: program, Args: []string{"console"}}, true
	}
	return Service{}, false
}

// Writes gives the directories outside of var that the services of a part write
// to, by its options: absolute paths, as they stand there.
func Writes(options map[string]string) []string {
	var dirs []string
	for _, option := range []string{"var", "blob-storage", "childlogdir"} {
		dirs = append(dirs, options[option])
	}
	for _, option := range []string{"file-storage", "event-log", "z2-log", "access-log", "zeo-log", "logfile", "pid-file", "pidfile", "lock-file", "socket-name", "file"} {
		dirs = append(dirs, path.Dir(options[option]))
	}
	var absolute []string
	for _, dir := range dirs {
		if path.IsAbs(dir) && dir != "/" {
			absolute = append(absolute, dir)
		}
	}
	return absolute
}
