package cli

import (
	"context"

	"github.com/binary-buildout/binary-buildout/internal/install"
)

// as and asked are for systems with users that a process can become.
func (c *Command) as(context.Context, *install.Account, []string, func(string) error) error {
	return nil
}

func (c *Command) asked(context.Context) int { return exitUsage }
