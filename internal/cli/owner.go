package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/binary-buildout/binary-buildout/internal/install"
)

// asArg is the one argument of a process that root starts as another user.
const asArg = "__as"

// parent is what a process has of root that started it; nil in any other.
type parent struct {
	files map[string]*os.File // opened by root
	hook  func(ctx context.Context, what string) error
}

// take fills in what root has given.
func (p *parent) take(o *install.Options) {
	if p != nil {
		o.Handed = p.files
	}
}

// elsewhere does a change of an installed tree as the user that it belongs to,
// where this is root and that is somebody else; else it does nothing. It hands
// those files over.
func (c *Command) elsewhere(ctx context.Context, o *install.UpdateOptions, handed ...string) (done bool, err error) {
	if c.parent != nil {
		o.Hook = c.parent.hook
		return false, nil
	}
	a, err := install.Caretaker(o.Into)
	if err != nil || a == nil {
		return false, err
	}
	commands := map[string]string{"stop": o.Stop, "start": o.Start}
	return true, c.as(ctx, a, append([]string{o.Source}, handed...), func(what string) error {
		command := commands[what]
		if command == "" {
			return fmt.Errorf("there is no --%s", what)
		}
		// Not in the directory: a relative name would be a program of its owner's.
		return install.RunHook(context.WithoutCancel(ctx), o.Options, what, command, "/")
	})
}
