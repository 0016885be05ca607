package install

import (
	"context"
	"errors"
)

type Remote struct{}

var errSoon = errors.New("not yet")

func fetchURL(context.Context, Options, string) (*fetched, error)    { return nil, errSoon }
func fetchFolder(context.Context, Options, string) (*fetched, error) { return nil, errSoon }
func fetchRepository(context.Context, Options, string, string, string, string) (*fetched, error) {
	return nil, errSoon
}
