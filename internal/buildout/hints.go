package buildout

import (
	"context"
	"fmt"
)

// explain makes the error of a build that failed, with what to do about it.
func (b *builder) explain(ctx context.Context, doing, why string, err error) error {
	if ctx.Err() != nil {
		return &Error{Doing: doing, Err: ctx.Err(), Code: 1, Log: b.log()}
	}
	return &Error{Doing: doing, Err: fmt.Errorf("%w: %s", err, why), Code: 1, Log: b.log(), Tip: "read the log"}
}
