package release

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// alone refuses a release that is another application's: it has one index.json,
// and with ours nobody would find the other's archives.
func (c *Client) alone(ctx context.Context, there []Asset, files []File, tag string) error {
	f := slices.IndexFunc(files, func(f File) bool { return f.Name == IndexName })
	a := slices.IndexFunc(there, func(a Asset) bool { return a.Name == IndexName && a.State == "uploaded" })
	if f < 0 || a < 0 || same(there[a], files[f]) {
		return nil
	}
	data, err := c.download(ctx, there[a], maxSidecar)
	if status(err) == http.StatusNotFound {
		return nil // another job of ours replaces it
	}
	if err != nil {
		return err
	}
	ours, err := ReadIndex(files[f].Data)
	if err != nil {
		return err
	}
	// What isn't to be read is replaced, or refused by its name.
	if x, err := ReadIndex(data); err == nil && x.Name != ours.Name {
		return fail(0, "give each application a tag of its own, as in "+ours.Name+"-"+ours.Version, "releasing %s: the release %s is of %s, and a release has one application", ours.Name, tag, x.Name)
	}
	return nil
}

// complete lists the assets once more, and waits for a list that lags.
// Attestations that were skipped may differ.
func (c *Client) complete(ctx context.Context, r Release, files []File, skipped []string) error {
	var missing []string
	for n := range c.policy.Attempts {
		there, err := c.assets(ctx, r.ID)
		if err != nil {
			return err
		}
		missing = missing[:0]
		for _, f := range files {
			if !slices.ContainsFunc(there, func(a Asset) bool { return isThere(a, f, slices.Contains(skipped, f.Name)) }) {
				missing = append(missing, f.Name)
			}
		}
		if len(missing) == 0 {
			return nil
		}
		if err := c.policy.Sleep(ctx, c.policy.Lag<<min(n, 4)); err != nil {
			return err
		}
	}
	return conflicts(exitOutside, hintLater, "checking the release: these were uploaded and aren't there, so it isn't published: %s", strings.Join(missing, ", "))
}

// isThere says whether an asset is the file; older servers give no digest.
func isThere(a Asset, f File, skipped bool) bool {
	switch {
	case a.Name != f.Name:
		return false
	case isAttestation(f.Name) && skipped:
		return a.State == "uploaded"
	}
	return same(a, f) || a.Digest == "" && a.Size == f.Size
}
