package release

import (
	"context"
	"net/http"
	"regexp"
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

// commitID is a commit by its number, as a run names it; a person's draft names
// a branch.
var commitID = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// ofAnother says whether a run for another commit made the draft.
func (o Options) ofAnother(now Release) bool {
	return now.Draft && o.Commit != "" && now.TargetCommitish != o.Commit && commitID.MatchString(now.TargetCommitish)
}

// takeOver is what changes of a draft that is there: all that is set when one is
// made. A person's title and mark of a prerelease stay, unless others are asked for.
func (o Options) takeOver(now Release) map[string]any {
	fields := map[string]any{}
	if o.Commit != "" && now.TargetCommitish != o.Commit {
		fields["target_commitish"] = o.Commit
	}
	switch {
	case o.Title != "" && now.Name != o.Title:
		fields["name"] = o.Title
	case o.Title == "" && now.Name == "":
		fields["name"] = o.Tag
	}
	if now.Prerelease != o.Prerelease && (o.Prerelease || o.ofAnother(now)) {
		fields["prerelease"] = o.Prerelease
	}
	return fields
}

// claim is what a job of many does with a draft that a run for another commit
// left. Archives of other jobs in it are of that commit, so it is refused; without
// them it is this run's from here on.
func (c *Client) claim(ctx context.Context, r Release, own []File, o Options) error {
	if again, _ := withdrawn(r); again || !o.ofAnother(r) {
		return nil
	}
	// The list may be older than what another job of this run did just now.
	r, err := c.get(ctx, r.ID)
	if err != nil || !o.ofAnother(r) {
		return err
	}
	there, err := c.assets(ctx, r.ID)
	if err != nil {
		return err
	}
	for _, a := range there {
		if archiveEnding.MatchString(a.Name) && !slices.ContainsFunc(own, func(f File) bool { return f.Name == a.Name }) {
			return fail(0, "remove the draft, and run all jobs again", "releasing %s: the draft was made for commit %.12s and holds %s, and this is commit %.12s", o.Tag, r.TargetCommitish, a.Name, o.Commit)
		}
	}
	_, err = c.revise(ctx, r.ID, func(now Release) map[string]any {
		if !o.ofAnother(now) {
			return nil
		}
		return o.takeOver(now)
	})
	return err
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
		c.log("draft %d for %s was left by a job that was killed: removing it", r.ID, o.Tag)
		if rerr := c.removeEmpty(ctx, r); rerr != nil {
			err = rerr
		}
	}
	if err != nil {
		c.log("looking for drafts that are left: %v", err)
	}
}
