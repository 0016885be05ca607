package buildout

import (
	"context"
	"errors"
)

func inPlace(ctx context.Context, o Options) (*Tree, error) {
	return nil, errors.New("not yet")
}
