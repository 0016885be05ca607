// Command bundle makes the programs that run on the server of the modules in
// target/src: bootstrap.py, launcher.py and install.py, each one file that a
// person can read there. It is run by "go generate ./target", in that directory.
package main

import (
	"fmt"
	"os"
)

func main() {
	for _, program := range programs() {
		data, err := bundle(os.DirFS("src"), program)
		if err == nil {
			err = os.WriteFile(program, data, 0o644)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "error: bundling %s: %v\n", program, err)
			os.Exit(1)
		}
	}
}

// programs are the names of what is made, and of what each is made of in
// src/programs.
func programs() []string { return []string{"bootstrap.py", "launcher.py", "install.py"} }
