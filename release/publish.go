package release

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Options say how a release is made.
type Options struct {
	Tag    string
	Commit string // what the tag is created at, where it doesn't exist: GITHUB_SHA
	Title  string // of a release that is made; empty: the tag
	Home   string // the repository's page, which a release's text links to; empty: it has no links
	Notes  string // the table for the text; MergeNotes keeps what a person wrote

	Draft      bool   // leave a draft a draft
	Prerelease bool   // of a release that is published by this run
	MakeLatest string // "true", "false", "legacy"; empty: GitHub's own choice
	Replace    bool   // assets that differ are replaced
}

// Result is what was done.
type Result struct {
	ID        int64    `json:"id"`
	URL       string   `json:"url"`
	Published bool     `json:"published"`
	Uploaded  []string `json:"uploaded"`
	Skipped   []string `json:"skipped"` // identical on the release already
	Missing   int      `json:"missing"` // archives that other jobs still have to bring (step mode)
}

func (o Options) check() error {
	switch o.MakeLatest {
	case "", "true", "false", "legacy":
	default:
		return fail(exitUsage, "use true, false or legacy", "reading make_latest %q", o.MakeLatest)
	}
	if o.Prerelease && o.MakeLatest == "true" {
		return fail(exitUsage, "leave one of them out", "releasing %s: a prerelease can't be the latest release", o.Tag)
	}
	if o.Tag == "" {
		return fail(exitUsage, "name it with --tag; in a workflow for a tag, GITHUB_REF_NAME is taken", "releasing needs a tag")
	}
	return nil
}

// Publish attaches the files to the tag's release, in their order, and then
// publishes it. It is the only writer. It can be run again after it was
// stopped at any point.
func (c *Client) Publish(ctx context.Context, files []File, o Options) (Result, error) {
	if err := o.check(); err != nil {
		return Result{}, err
	}
	r, err := c.findOrMake(ctx, o)
	if err != nil {
		return Result{}, err
	}
	res := Result{ID: r.ID, URL: r.HTMLURL, Published: !r.Draft, Uploaded: []string{}, Skipped: []string{}}
	if err := c.attach(ctx, &r, files, o, &res); err != nil {
		return res, err
	}
	return c.finish(ctx, r, files, o, res)
}

// attach brings the release's assets to what files say. A published release
// that would lose an asset for it becomes a draft.
func (c *Client) attach(ctx context.Context, r *Release, files []File, o Options, res *Result) error {
	there, err := c.stored(ctx, *r, files)
	if err != nil {
		return err
	}
	if err := c.alone(ctx, there, files, o.Tag); err != nil {
		return err
	}
	todo, err := decide(*r, there, files, o)
	if err != nil {
		return err
	}
	res.Skipped = append(res.Skipped, todo.skip...)
	if !r.Draft && todo.takesAway() {
		return c.swap(ctx, r, len(there), todo, res)
	}
	return c.settleDraft(ctx, *r, todo, res)
}

// work is what has to be done to a release's assets.
type work struct {
	remove []Asset
	upload []File
	skip   []string
	staged map[string]Asset // by the file's name: uploaded already, under a temporary one
}

// takesAway says whether something whole is removed, which somebody may want.
func (w work) takesAway() bool {
	return slices.ContainsFunc(w.remove, func(a Asset) bool { return a.State == "uploaded" && !temporaryName.MatchString(a.Name) })
}

// decide compares what is there with what shall be. Nothing is written if
// anything is refused.
func decide(r Release, there []Asset, files []File, o Options) (work, error) {
	w := work{staged: map[string]Asset{}}
	var differ, surplus []string
	for _, f := range files {
		i := slices.IndexFunc(there, func(a Asset) bool { return a.Name == f.Name })
		switch {
		case i < 0:
			w.upload = append(w.upload, f)
		case same(there[i], f), isAttestation(f.Name) && !o.Replace && attested(f.Name, there, files):
			w.skip = append(w.skip, f.Name)
		default:
			if there[i].State == "uploaded" && !o.Replace && !(r.Draft && isDocument(f.Name)) {
				differ = append(differ, f.Name)
			}
			w.remove = append(w.remove, there[i])
			w.upload = append(w.upload, f)
		}
	}
	for _, a := range there {
		// One of other files than these, where these have none, fails each install.
		if isAttestation(a.Name) && !attested(a.Name, there, files) && !slices.ContainsFunc(files, func(f File) bool { return f.Name == a.Name }) {
			w.remove = append(w.remove, a)
		}
		wanted := slices.ContainsFunc(files, func(f File) bool { return f.Name == a.Name })
		if !wanted && archiveEnding.MatchString(volumeEnding.ReplaceAllString(a.Name, "")) && ours(a.Name, files) {
			surplus = append(surplus, a.Name)
			w.remove = append(w.remove, a)
		}
	}
	if !r.Immutable {
		w.temporaries(there, files)
	}
	return w, w.refuse(r, differ, surplus, o)
}

// temporaries finds what a run that was stopped left: a whole upload needs only
// its name, all else is removed.
func (w *work) temporaries(there []Asset, files []File) {
	for _, a := range there {
		f, ok := temporaryOf(a, files)
		wanted := slices.ContainsFunc(w.upload, func(u File) bool { return u.Name == f.Name })
		switch {
		case !ok:
		case wanted && a.Name == temporary(f) && same(a, f):
			w.staged[f.Name] = a
		default:
			w.remove = append(w.remove, a)
		}
	}
}

// attested says whether the release has an attestation of that name of the same
// files: a signature is another each time, and says the same of the same files.
func attested(name string, there []Asset, files []File) bool {
	has := slices.ContainsFunc(there, func(a Asset) bool { return a.Name == name && a.State == "uploaded" })
	return has && !slices.ContainsFunc(files, func(f File) bool {
		return speaksOf(name, f.Name) && !slices.ContainsFunc(there, func(a Asset) bool { return same(a, f) && a.Name == f.Name })
	})
}

func same(a Asset, f File) bool {
	return a.State == "uploaded" && a.Size == f.Size && strings.EqualFold(a.Digest, "sha256:"+f.SHA256)
}

// ours says whether an asset that isn't wanted is an archive of this name and
// version all the same, which an installer could take.
func ours(name string, files []File) bool {
	for _, f := range files {
		stem, ok := strings.CutSuffix(f.Name, sbomEnding)
		if ok && strings.HasPrefix(name, stem+"-cp") {
			return true
		}
	}
	return false
}

func (w work) refuse(r Release, differ, surplus []string, o Options) error {
	switch {
	case r.Immutable && len(w.upload)+len(w.remove) > 0:
		var names []string
		for _, f := range w.upload {
			names = append(names, f.Name)
		}
		return fail(0, hintImmutable, "releasing %s: the release is immutable and published, and these are missing or differ: %s", o.Tag, strings.Join(append(names, surplus...), ", "))
	case len(differ) > 0:
		return fail(0, "give --replace to replace them", "releasing %s: the release has other files of these names: %s", o.Tag, strings.Join(differ, ", "))
	case len(surplus) > 0 && !o.Replace:
		return fail(0, "give --replace to remove them", "releasing %s: the release has archives that the plan doesn't name: %s", o.Tag, strings.Join(surplus, ", "))
	}
	return nil
}

// stored lists a release's assets, those of the wanted names with their digests,
// which are read where an older server doesn't say them.
func (c *Client) stored(ctx context.Context, r Release, files []File) ([]Asset, error) {
	there, err := c.assets(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	for i, a := range there {
		f := slices.IndexFunc(files, func(f File) bool { return (f.Name == a.Name || temporary(f) == a.Name) && f.Size == a.Size })
		if f < 0 || a.Digest != "" || a.State != "uploaded" {
			continue
		}
		sum, err := c.hash(ctx, a)
		if err != nil {
			return nil, err
		}
		there[i].Digest = "sha256:" + sum
	}
	return there, nil
}

// upload sends a file until the release has it, with the digest it should
// have. GitHub can report a failure although it stored the file, and can leave
// a broken one, in state "starter", that blocks the name (docs.github.com, Upload a
// release asset, 2026-11), so it is asked each time.
func (c *Client) upload(ctx context.Context, r Release, f File) (stored Asset, err error) {
	what := "uploading " + f.Name
	err = c.policy.retry(ctx, c.log, what, func(ctx context.Context) error {
		a, err := c.send(ctx, r, f)
		if err == nil && a.Name == f.Name && a.State == "uploaded" && (same(a, f) || a.Digest == "") {
			stored = a
			return nil
		}
		if ctx.Err() != nil || status(err) == http.StatusUnauthorized {
			return err
		}
		if err == nil {
			// Our own, and it came out otherwise.
			if err := c.deleteAsset(ctx, a); err != nil {
				return err
			}
			return &damaged{f.Name, a}
		}
		// An answer that won't change: nothing of ours can be in the way.
		final := !judge(err, c.policy.Now()).retry && !already(err)
		found, rerr := c.recover(ctx, r, f, !final)
		switch {
		case found != nil:
			stored = *found
			return nil
		case rerr != nil && status(rerr) != http.StatusNotFound:
			return rerr
		case !final && rerr == nil && already(err):
			return &damaged{name: f.Name}
		}
		return err
	})
	return stored, c.explain(what, err)
}

// damaged is an upload that came out otherwise than it was sent. It counts as
// a broken connection, which can be tried again.
type damaged struct {
	name string
	got  Asset
}

func (d *damaged) Error() string {
	if d.got.Name == "" {
		return "a broken upload of " + d.name + " was in the way"
	}
	return fmt.Sprintf("the asset came out as %s, %s, %d bytes, %s", d.got.Name, d.got.State, d.got.Size, d.got.Digest)
}
func (d *damaged) Timeout() bool { return false }

// recover looks what became of an upload that failed. Broken assets of the
// name are removed, if clean; a whole one that differs is another writer's, and stays.
func (c *Client) recover(ctx context.Context, r Release, f File, clean bool) (stored *Asset, err error) {
	there, err := c.stored(ctx, r, []File{f})
	if err != nil {
		return nil, err
	}
	for _, a := range there {
		switch {
		case a.Name != f.Name:
		case same(a, f):
			return &a, nil
		case a.State == "uploaded" && a.Size == f.Size:
			return nil, conflicts(0, "two workflows release the same tag: let one of them do it", "uploading %s: another file of this name was uploaded meanwhile", f.Name)
		case clean:
			if err := c.deleteAsset(ctx, a); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// finish checks that every file is there, and only then writes the text and
// publishes.
func (c *Client) finish(ctx context.Context, r Release, files []File, o Options, res Result) (Result, error) {
	if err := c.complete(ctx, r, files, res.Skipped); err != nil {
		return res, err
	}
	published := false
	after, err := c.revise(ctx, r.ID, func(now Release) map[string]any {
		now.mark = r.mark
		fields := o.fields(now)
		published = published || fields["draft"] == false
		return fields
	})
	if err != nil {
		// Twice is harmless: another job may have published it, and then an
		// immutable release can't be edited.
		now, gerr := c.get(ctx, r.ID)
		if gerr != nil || now.Draft {
			return res, err
		}
		after = now
	}
	res.URL, res.Published = after.HTMLURL, !after.Draft
	if published && after.Draft {
		return res, fail(exitOutside, hintLater, "publishing %s: GitHub answered that it is still a draft", o.Tag)
	}
	if published {
		c.sweep(ctx, r.ID, o)
	}
	return res, nil
}

// fields are what changes of a release whose assets are complete.
func (o Options) fields(now Release) map[string]any {
	fields := map[string]any{}
	again, latest := withdrawn(now)
	body := now.Body
	if o.Notes != "" || again {
		body = MergeNotes(body, o.Notes)
	}
	if body != now.Body {
		fields["body"] = body
	}
	if now.Draft && !again {
		maps.Copy(fields, o.takeOver(now))
	}
	if !now.Draft || o.Draft && !again {
		return fields
	}
	fields["draft"], fields["tag_name"] = false, o.Tag
	if o.Prerelease {
		fields["prerelease"] = true
	}
	switch {
	case o.MakeLatest != "":
		fields["make_latest"] = o.MakeLatest
	case again && latest && !now.Prerelease && !o.Prerelease:
		fields["make_latest"] = "true"
	case again: // GitHub's own choice would be this one
		fields["make_latest"] = "false"
	}
	return fields
}
