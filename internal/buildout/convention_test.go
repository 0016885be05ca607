package buildout

import (
	"context"
	"os/exec"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/environ"
)

// byConvention is a stand-in for internal/isolate: it asks for no network and no
// compiler by variables, and nothing enforces that.
func byConvention(ctx context.Context, c IsolatedCommand) error {
	refused := "http://127.0.0.1:9"
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	inGroup(cmd)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = c.Dir, c.Output, c.Output, 10*time.Second
	cmd.Env = environ.Set(c.Env, "http_proxy="+refused, "https_proxy="+refused, "HTTP_PROXY="+refused, "HTTPS_PROXY="+refused,
		"no_proxy", "NO_PROXY", "PIP_RETRIES=0", "CC=/bin/false", "CXX=/bin/false", "LDSHARED=/bin/false")
	return cmd.Run()
}
