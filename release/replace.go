package release

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/plural"
)

// A published release is never seen with an asset missing, not even between two
// requests. GitHub can't replace an asset, and refuses two of one name; so the
// new files are uploaded beside the old ones under temporary names, then the
// release is withdrawn to a draft, the old files are removed and the new ones
// renamed, and finish publishes it again. The text says meanwhile what is going
// on, and keeps for a run that has to resume whether it was the latest release.

// temporary is the name of an upload whose name is still taken. It holds the
// digest, so that a run that resumes knows its own.
func temporary(f File) string { return f.Name + "." + f.SHA256[:12] + ".new" }

var temporaryName = regexp.MustCompile(`^(.+)\.[0-9a-f]{12}\.new$`)

// temporaryOf gives the file that an asset is a temporary of.
func temporaryOf(a Asset, files []File) (File, bool) {
	m := temporaryName.FindStringSubmatch(a.Name)
	if m == nil {
		return File{}, false
	}
	i := slices.IndexFunc(files, func(f File) bool { return f.Name == m[1] })
	if i < 0 {
		return File{}, false
	}
	return files[i], true
}

// The text of a release that is withdrawn has this in the table's place, and
// one of the markers after it.
const (
	replacingText = "The files of this release are being replaced. If this text stays, run the job again: it resumes.\n"
	markLatest    = "<!-- binary-buildout:replacing the latest release -->\n"
	markOther     = "<!-- binary-buildout:replacing a release -->\n"
)

// withdrawn says whether a draft was published before its files were replaced.
func withdrawn(r Release) (yes, latest bool) {
	text := r.Body + r.mark
	latest = strings.Contains(text, strings.TrimSpace(markLatest))
	return r.Draft && (latest || strings.Contains(text, strings.TrimSpace(markOther))), latest
}

// swap replaces files of a published release, which has so many assets. What stops it leaves the release
// as it was, or a draft that the next run completes.
func (c *Client) swap(ctx context.Context, r *Release, assets int, todo work, res *Result) error {
	if assets+len(todo.upload)-len(todo.staged) > maxAssets {
		// There is no room for both. What was removed comes back before it is
		// published all the same, only that it takes as long as the uploads.
		c.log("a release holds %d assets: they are removed before the new ones are uploaded", maxAssets)
		if err := c.withdraw(ctx, r); err != nil {
			return err
		}
		return c.settleDraft(ctx, *r, todo, res)
	}
	for _, f := range todo.upload {
		if _, ok := todo.staged[f.Name]; ok {
			continue
		}
		a, err := c.bring(ctx, *r, f, temporary(f))
		if err != nil {
			return err
		}
		todo.staged[f.Name] = a
	}
	if err := c.withdraw(ctx, r); err != nil {
		return err
	}
	return c.settleDraft(ctx, *r, todo, res)
}

// settleDraft brings a draft's assets to what they shall be.
func (c *Client) settleDraft(ctx context.Context, r Release, todo work, res *Result) error {
	for _, a := range todo.remove {
		c.log("removing %s, %s", a.Name, a.State)
		if err := c.deleteAsset(ctx, a); err != nil {
			return err
		}
	}
	for _, f := range todo.upload {
		a, staged := todo.staged[f.Name]
		if staged {
			err := c.rename(ctx, r, a, f, todo.remove)
			if err != nil && status(err) != http.StatusNotFound {
				return err
			}
			staged = err == nil // else another job took it for one that is left
		}
		if !staged {
			if _, err := c.bring(ctx, r, f, f.Name); err != nil {
				return err
			}
		}
		res.Uploaded = append(res.Uploaded, f.Name)
	}
	return nil
}

func (c *Client) bring(ctx context.Context, r Release, f File, name string) (Asset, error) {
	c.log("uploading %s (%s)", name, plural.Bytes(f.Size))
	f.Name = name
	return c.upload(ctx, r, f)
}

// withdraw makes a published release a draft again.
func (c *Client) withdraw(ctx context.Context, r *Release) error {
	mark := markOther
	latest, ok, err := c.latest(ctx)
	if err != nil {
		return err
	}
	if ok && latest.ID == r.ID {
		mark = markLatest
	}
	c.log("making %s a draft until its files are replaced", r.TagName)
	*r, err = c.revise(ctx, r.ID, func(now Release) map[string]any {
		if now.Draft { // another job's work, or our own that no answer came of
			return nil
		}
		return map[string]any{"draft": true, "body": MergeNotes(now.Body, replacingText+mark)}
	})
	r.mark = mark
	if err == nil && !r.Draft {
		err = fail(exitOutside, "remove the release, and run the job again", "replacing files of %s: GitHub answered that it is still published", r.TagName)
	}
	return err
}

// latest is the release that an installer gets without a tag.
func (c *Client) latest(ctx context.Context) (r Release, ok bool, err error) {
	_, err = c.again(ctx, "looking for the latest release", http.MethodGet, c.path("/releases/latest"), nil, &r)
	if status(err) == http.StatusNotFound {
		return Release{}, false, nil
	}
	return r, err == nil, c.explain("looking for the latest release", err)
}

// rename gives a temporary its file's name. It may be sent twice. gone are the
// assets that had the name: lists and GitHub's own look can be older than that.
func (c *Client) rename(ctx context.Context, r Release, a Asset, f File, gone []Asset) error {
	what := "renaming " + a.Name
	err := c.policy.retry(ctx, c.log, what, func(ctx context.Context) error {
		if err := c.pace(ctx); err != nil {
			return err
		}
		var now Asset
		_, err := c.call(ctx, http.MethodPatch, c.path("/releases/assets/%d", a.ID), map[string]any{"name": f.Name}, &now)
		switch {
		case err == nil && now.Name != f.Name:
			return fail(exitOutside, "", "renaming %s: GitHub called it %s", a.Name, now.Name)
		case err == nil || !already(err) && status(err) != http.StatusNotFound:
			return err
		}
		if done, rerr := c.renamed(ctx, r, a, f, gone); done || rerr != nil {
			return rerr
		}
		if already(err) {
			return &damaged{name: f.Name}
		}
		return err
	})
	return c.explain(what, err)
}

// renamed looks what has a name that GitHub says is taken: the same file, which
// another job or a try without an answer brought, one that was removed a moment
// ago, or another writer's.
func (c *Client) renamed(ctx context.Context, r Release, a Asset, f File, gone []Asset) (done bool, err error) {
	there, err := c.stored(ctx, r, []File{f})
	if err != nil {
		return false, err
	}
	for _, x := range there {
		switch {
		case x.Name != f.Name || x.ID == a.ID && !same(x, f):
		case x.ID == a.ID:
			return true, nil
		case same(x, f):
			return true, c.deleteAsset(ctx, a)
		case slices.ContainsFunc(gone, func(g Asset) bool { return g.ID == x.ID }) || x.State != "uploaded":
			return false, c.deleteAsset(ctx, x)
		default:
			return false, conflicts(0, "two workflows release the same tag: let one of them do it", "renaming %s: another file of this name was uploaded meanwhile", f.Name)
		}
	}
	return false, nil
}
