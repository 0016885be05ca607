// Command generate writes into matrix/table.json what others publish: the pinned
// images of cibuildwheel, the Pythons of actions/setup-python, and, for a look
// alone, the runners of GitHub. Each comes as a file, which an environment variable
// names; what has none stays as it is:
//
//	MATRIX_IMAGES=pinned_docker_images.cfg MATRIX_PYTHONS=versions-manifest.json \
//	MATRIX_RUNNERS=README.md MATRIX_DATE=2026-11-30 go generate ./matrix
//
// It prints what a person has to look at: runners that are gone or deprecated.
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	if err := run("table.json", os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "error: making matrix/table.json:", err)
		os.Exit(1)
	}
}

// run edits the table in the working directory, by what the environment names.
func run(table string, getenv func(string) string) error {
	data, err := os.ReadFile(table)
	if err != nil {
		return err
	}
	in := inputs{date: getenv("MATRIX_DATE")}
	if in.date == "" {
		in.date = time.Now().UTC().Format(time.DateOnly)
	}
	for _, file := range []struct {
		variable string
		into     *[]byte
	}{{"MATRIX_IMAGES", &in.images}, {"MATRIX_PYTHONS", &in.pythons}, {"MATRIX_RUNNERS", &in.runners}} {
		if name := getenv(file.variable); name != "" {
			if *file.into, err = os.ReadFile(name); err != nil {
				return fmt.Errorf("reading what %s names: %w", file.variable, err)
			}
		}
	}
	out, notes, err := in.edit(string(data))
	if err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Println(note)
	}
	return os.WriteFile(table, []byte(out), 0o644)
}
