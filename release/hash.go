package release

import (
	"context"
	"io"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/digest"
)

// hash reads an asset and gives its SHA-256, for servers that don't say it.
func (c *Client) hash(ctx context.Context, a Asset) (sum string, err error) {
	what := "reading " + a.Name
	err = c.policy.retry(ctx, c.log, what, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, c.policy.Timeout+time.Duration(a.Size>>16)*time.Second)
		defer cancel()
		return c.fetch(ctx, a, func(body io.Reader) (err error) {
			sum, _, err = digest.Read(body)
			return err
		})
	})
	return sum, c.explain(what, err)
}
