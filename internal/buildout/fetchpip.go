package buildout

import (
	"context"
	"errors"
)

func fetchPip(ctx context.Context, in Interpreter, env []string, dir string) (string, error) {
	return "", errors.New("not yet")
}
