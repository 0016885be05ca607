// Package buildout runs a buildout in a stage and reads what it left.
//
// Order of a run, each step in a file of its own: the stage (stage.go,
// copy.go), the interpreter (python.go), the versions of zc.buildout and what
// it needs (pins.go), those as eggs in the tree (eggs.go), the run itself
// (run.go, progress.go), why it failed (failed.go, explain), EGG-INFO for every egg (egginfo.go), what lies there
// now (installed.go, tree.go), the gate (gate.go), credentials
// (credentials.go).
//
// What only Python can say is asked of Python: the scripts in py/ run under
// the build's interpreter, read nothing but their arguments and write one
// JSON document. They run on CPython 2.7 and 3.6 to the newest.
package buildout
