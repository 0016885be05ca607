// Command binary-buildout builds a zc.buildout application, packs it into a
// relocatable archive, proves the archive, and puts it on servers that have a
// Python and nothing else.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/binary-buildout/binary-buildout/internal/cli"
)

func main() {
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return cli.New().Main(ctx, os.Args[1:])
}
