package install

import (
	"fmt"
	"os/exec"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// Account is a user of this system as whom a command runs; here there is none.
type Account struct{ Name, Home string }

// Run leaves a command as it is.
func (a *Account) Run(*exec.Cmd) {}

// Caretaker is nil: this user changes a tree.
func Caretaker(string) (*Account, error) { return nil, nil }

// PrepareOwner refuses: there are no such owners.
func PrepareOwner(_, owner string) (*Account, func(), error) {
	return nil, nil, fault.Usage(fmt.Errorf("--owner %s: Windows has no such owners", owner), "leave --owner out")
}

func safePlace(string) error { return nil }
