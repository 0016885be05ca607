package release

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/plural"
)

// maxSidecar bounds what is read of a sidecar on the release, in bytes.
const maxSidecar = 64 << 20

// Step attaches one archive, and publishes if it was the last of expect. Any
// number of jobs may do so at once: each finds or makes the draft, brings its
// own files, and then looks what is there. Whoever sees all archives writes
// the documents, the same bytes whoever does it, and publishes; twice is
// harmless. With fewer, the release stays a draft and Result.Missing says how
// many are to come.
func (c *Client) Step(ctx context.Context, a Archive, extra []File, expect int, o Options) (Result, error) {
	if err := o.check(); err != nil {
		return Result{}, err
	}
	if expect < 1 {
		return Result{}, fail(exitUsage, "it is the number of archives that make the release; in a matrix, strategy.job-total", "reading expect %d", expect)
	}
	// A draft can be removed under us, by its maker who saw that there are two;
	// and jobs that replace write documents of what each of them sees.
	for n := range c.policy.Attempts {
		res, moved, err := c.stepOnce(ctx, a, extra, expect, o)
		again := o.Replace && isConflict(err) && n+1 < c.policy.Attempts
		if !moved && !again {
			return res, err
		}
		c.log("the draft of %s changed, or is another job's: trying again", o.Tag)
		if again {
			if err := c.policy.Sleep(ctx, c.policy.Lag<<min(n, 4)); err != nil {
				return res, err
			}
		}
	}
	return Result{}, fail(exitOutside, hintLater, "releasing %s: the draft changed too often", o.Tag)
}

func (c *Client) stepOnce(ctx context.Context, a Archive, extra []File, expect int, o Options) (res Result, moved bool, err error) {
	r, err := c.findOrMake(ctx, o)
	if err != nil {
		return res, false, err
	}
	own := a.Own()
	res = Result{ID: r.ID, URL: r.HTMLURL, Published: !r.Draft, Uploaded: []string{}, Skipped: []string{}}
	if err := c.claim(ctx, r, own, o); err != nil {
		return res, status(err) == http.StatusNotFound, err
	}
	if err := c.attach(ctx, &r, own, o, &res); err != nil {
		return res, status(err) == http.StatusNotFound, err
	}
	if moved, err := c.leave(ctx, r, own, o.Tag); moved || err != nil {
		return res, moved, err
	}
	set, err := c.gather(ctx, r, a.File.Name, expect, o.Tag)
	if err != nil {
		return res, status(err) == http.StatusNotFound, err
	}
	if res.Missing = expect - len(set.Archives); res.Missing > 0 {
		c.log("%d of %s %s on the release: it stays a draft until the last one is", len(set.Archives), plural.Of(expect, "archive"), plural.Is(len(set.Archives)))
		return res, false, nil
	}
	set.Extra, set.Tag, set.Home, set.Signer = extra, o.Tag, o.Home, a.Signer
	files, err := set.Files()
	if err != nil {
		return res, false, err
	}
	o.Notes = set.Notes()
	if err := c.attach(ctx, &r, files, o, &res); err != nil {
		return res, false, err
	}
	res.Skipped = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(res.Skipped))), func(name string) bool { return slices.Contains(res.Uploaded, name) })
	res, err = c.finish(ctx, r, files, o, res)
	return res, false, err
}

// leave looks whether the release is still the one. If another job's draft has
// a lower id, our files are taken off this one, and it is removed if it is empty.
func (c *Client) leave(ctx context.Context, r Release, own []File, tag string) (moved bool, err error) {
	now, ok, err := c.find(ctx, tag)
	if err != nil || !ok || now.ID == r.ID || (now.Draft && now.ID > r.ID && c.exists(ctx, r)) {
		return false, err
	}
	there, err := c.assets(ctx, r.ID)
	if err != nil {
		return true, nil // it was removed with what is in it
	}
	for _, x := range there {
		if slices.ContainsFunc(own, func(f File) bool { return f.Name == x.Name }) {
			if err := c.deleteAsset(ctx, x); err != nil {
				return true, err
			}
		}
	}
	return true, c.removeEmpty(ctx, r)
}

func (c *Client) exists(ctx context.Context, r Release) bool {
	_, err := c.get(ctx, r.ID)
	return status(err) != http.StatusNotFound
}

// gather reads back which archives the release holds. A list that is older
// than our own upload says nothing about others; one that holds ours may lag
// behind another's that was last at the same time, so it is asked again.
func (c *Client) gather(ctx context.Context, r Release, own string, expect int, tag string) (Set, error) {
	var sidecars map[string]Asset
	var there []Asset
	for n := range c.policy.Attempts {
		var err error
		if there, err = c.assets(ctx, r.ID); err != nil {
			return Set{}, err
		}
		sidecars = whole(there)
		_, mine := sidecars[own]
		if mine && (len(sidecars) >= expect || n >= 2) {
			break
		}
		if err := c.policy.Sleep(ctx, c.policy.Lag<<min(n, 4)); err != nil {
			return Set{}, err
		}
	}
	if len(sidecars) > expect {
		names := slices.Sorted(maps.Keys(sidecars))
		return Set{}, fail(0, "expect is the number of archives of the whole release; remove what doesn't belong to it from the draft", "releasing %s: %s %s expected, and there %s %d: %s", tag, plural.Of(expect, "archive"), plural.Is(expect), plural.Is(len(names)), len(names), strings.Join(names, ", "))
	}
	if len(sidecars) < expect {
		return Set{Archives: make([]Archive, len(sidecars))}, nil
	}
	return c.readBack(ctx, there, sidecars)
}

// uploaded are the assets that are there whole, by name.
func uploaded(there []Asset) map[string]Asset {
	byName := map[string]Asset{}
	for _, x := range there {
		if x.State == "uploaded" {
			byName[x.Name] = x
		}
	}
	return byName
}

// whole are the sidecars of the archives that are there, by the archive's name. A
// sidecar is uploaded after all that it names.
func whole(there []Asset) map[string]Asset {
	byName, sidecars := uploaded(there), map[string]Asset{}
	for name := range byName {
		archive := strings.TrimSuffix(name, volumeName("", 1))
		if s, ok := byName[sidecarName(archive)]; ok && archiveEnding.MatchString(archive) {
			sidecars[archive] = s
		}
	}
	return sidecars
}

// readBack makes the set from the sidecars on the release.
func (c *Client) readBack(ctx context.Context, there []Asset, sidecars map[string]Asset) (Set, error) {
	var set Set
	byName := uploaded(there)
	for name, x := range sidecars {
		data, err := c.download(ctx, x, maxSidecar)
		if err != nil {
			return Set{}, err
		}
		a, err := c.readBackArchive(ctx, name, NewFile(sidecarName(name), data), byName)
		if err != nil {
			return Set{}, err
		}
		set.Archives = append(set.Archives, a)
	}
	set.Archives = set.sorted()
	return set, set.check()
}

func (c *Client) readBackArchive(ctx context.Context, name string, sidecar File, byName map[string]Asset) (Archive, error) {
	info, err := ReadSidecar(bytes.NewReader(sidecar.Data))
	if err != nil {
		return Archive{}, fmt.Errorf("reading the release's archives: %s: %w", sidecar.Name, err)
	}
	f, volumes, err := c.readBackFile(ctx, File{Name: name, Size: info.Size, SHA256: info.SHA256}, byName)
	if err != nil {
		return Archive{}, err
	}
	a, err := newArchive(f, sidecar)
	if err != nil {
		return Archive{}, fmt.Errorf("reading the release's archives: %w", err)
	}
	a.Volumes = volumes
	a.Deltas, err = c.readBackDeltas(ctx, byName, info)
	return a, err
}

// readBackFile is a file as the release has it. Of volumes the sum of the sizes is
// compared with what the file should have, and its digest is taken as it is said:
// nobody reads all of them once more.
func (c *Client) readBackFile(ctx context.Context, f File, byName map[string]Asset) (got File, volumes []File, err error) {
	if x, ok := byName[f.Name]; ok {
		got, err = c.readBackAsset(ctx, x)
		return got, nil, err
	}
	parts, complete := collect(f.Name, f.Size, byName)
	if !complete {
		return File{}, nil, fail(0, "pack the archive again, and replace all of it", "reading the release's archives: the volumes of %s have other sizes than its sidecar says", f.Name)
	}
	for _, x := range parts {
		v, err := c.readBackAsset(ctx, x)
		if err != nil {
			return File{}, nil, err
		}
		v.of = f.Name + " " + f.SHA256
		volumes = append(volumes, v)
	}
	return f, volumes, nil
}

func (c *Client) readBackAsset(ctx context.Context, x Asset) (f File, err error) {
	digest := strings.TrimPrefix(x.Digest, "sha256:")
	if digest == "" {
		digest, err = c.hash(ctx, x)
	}
	return File{Name: x.Name, Size: x.Size, SHA256: digest}, err
}

// readBackDeltas are the deltas that a sidecar names and the release has.
func (c *Client) readBackDeltas(ctx context.Context, byName map[string]Asset, info Sidecar) ([]Delta, error) {
	var deltas []Delta
	for _, d := range info.Deltas {
		_, one := byName[d.Delta]
		if _, first := byName[volumeName(d.Delta, 1)]; !one && !first {
			c.log("%s isn't on the release: %s goes without it", d.Delta, info.Archive)
			continue
		}
		f, volumes, err := c.readBackFile(ctx, File{Name: d.Delta, Size: d.Size, SHA256: d.SHA256}, byName)
		if err != nil {
			return nil, err
		}
		if f.SHA256 != d.SHA256 || !hexDigest.MatchString(d.Base) {
			return nil, fail(0, "pack the archive again, and replace both", "reading the release's archives: %s is not the delta that the sidecar of %s names", d.Delta, info.Archive)
		}
		deltas = append(deltas, Delta{File: f, Volumes: volumes, Base: d.Base, BaseVersion: d.BaseVersion})
	}
	slices.SortFunc(deltas, func(x, y Delta) int { return strings.Compare(x.File.Name, y.File.Name) })
	return deltas, nil
}
