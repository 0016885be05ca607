package release

import (
	"context"
	"net/http"
	"slices"
)

// findOrMake gives the tag's release: the published one, else one that was
// withdrawn, else the draft with the lowest id, else a new draft. Drafts can't be found by tag, so they are
// listed; a request that fails although the draft was made is found by the
// next list.
func (c *Client) findOrMake(ctx context.Context, o Options) (r Release, err error) {
	fields := map[string]any{"tag_name": o.Tag, "name": o.Title, "draft": true, "prerelease": o.Prerelease}
	if o.Title == "" {
		fields["name"] = o.Tag
	}
	if o.Commit != "" {
		fields["target_commitish"] = o.Commit
	}
	err = c.policy.retry(ctx, c.log, "making the release", func(ctx context.Context) error {
		found, ok, err := c.find(ctx, o.Tag)
		if err != nil || ok {
			r = found
			return err
		}
		if err := c.pace(ctx); err != nil {
			return err
		}
		var made Release
		if _, err := c.call(ctx, http.MethodPost, c.path("/releases"), fields, &made); err != nil {
			return err
		}
		c.log("made draft %d for %s", made.ID, o.Tag)
		r, err = c.settle(ctx, o.Tag, made)
		return err
	})
	return r, c.explain("making the release", err)
}

func (c *Client) find(ctx context.Context, tag string) (Release, bool, error) {
	all, err := c.releases(ctx, tag)
	if err != nil {
		return Release{}, false, err
	}
	for _, r := range all {
		if !r.Draft {
			return r, true, nil
		}
	}
	if r, ok, err := c.published(ctx, tag); ok || err != nil {
		return r, ok, err
	}
	for _, r := range all {
		if again, _ := withdrawn(r); again {
			return r, true, nil
		}
	}
	if len(all) > 0 {
		return all[0], true, nil
	}
	return Release{}, false, nil
}

// settle looks whether another job made a draft for the tag at the same time.
// The one with the lowest id stays; the maker of another removes its own.
func (c *Client) settle(ctx context.Context, tag string, made Release) (Release, error) {
	for n := range c.policy.Attempts {
		all, err := c.releases(ctx, tag)
		if err != nil {
			return made, err
		}
		seen := slices.ContainsFunc(all, func(r Release) bool { return r.ID == made.ID })
		i := slices.IndexFunc(all, func(r Release) bool { return !r.Draft || r.ID < made.ID })
		if i >= 0 {
			c.log("draft %d for %s is there too: removing %d", all[i].ID, tag, made.ID)
			return all[i], c.removeEmpty(ctx, made)
		}
		if seen {
			return made, nil
		}
		// The list is older than the draft, so another's may be missing too.
		if err := c.policy.Sleep(ctx, c.policy.Lag<<min(n, 4)); err != nil {
			return made, err
		}
	}
	return made, nil
}

func (c *Client) removeEmpty(ctx context.Context, r Release) error {
	there, err := c.assets(ctx, r.ID)
	if status(err) == http.StatusNotFound {
		return nil
	}
	if err != nil || len(there) > 0 {
		return err
	}
	return c.deleteRelease(ctx, r.ID)
}

// sweep removes drafts of the tag that jobs made and were killed before they
// could remove them: without assets, text or a title of their own. That one is
// left does no harm, so a failure is only told.
func (c *Client) sweep(ctx context.Context, published int64, o Options) {
	all, err := c.releases(ctx, o.Tag)
	for _, r := range all {
		own := r.Name == o.Tag || r.Name == o.Title
		if r.ID == published || !r.Draft || r.Body != "" || !own {
			continue
		}
		c.log("draft %d for %s is left of a job that was killed: removing it", r.ID, o.Tag)
		if rerr := c.removeEmpty(ctx, r); rerr != nil {
			err = rerr
		}
	}
	if err != nil {
		c.log("looking for drafts that are left: %v", err)
	}
}
