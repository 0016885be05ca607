package buildout

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/binary-buildout/binary-buildout/internal/environ"
)

// beforeBy is the variable by which the action says that the commands of
// --before are run by root: its images' user is root, a hosted Linux runner's is
// not, and gets there by sudo. On a laptop nobody asks for that.
const beforeBy = "BINARY_BUILDOUT_BEFORE_BY"

// before runs the commands of --before in the stage.
func (b *builder) before(ctx context.Context) error {
	root := environ.Get(b.o.environ(), beforeBy) == "sudo"
	for _, line := range b.o.Before {
		b.event(BeforeEvent, line)
		argv := shell(line)
		if root {
			argv = byRoot(b.env, argv)
		}
		err := b.command(ctx, argv)
		if root { // what root wrote there is the build's to change
			mine := fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid())
			err = errors.Join(err, b.command(ctx, []string{"sudo", "-n", "chown", "-Rh", mine, b.s.root}))
		}
		if err != nil {
			return b.blame("running `"+line+"`", err)
		}
	}
	return nil
}

// byRoot is the command by sudo, with the build's own PATH and HOME, which sudo
// would replace.
func byRoot(env, argv []string) []string {
	return append([]string{"sudo", "-n", "-E", "env", "PATH=" + environ.Get(env, "PATH"), "HOME=" + environ.Get(env, "HOME")}, argv...)
}
