package archive

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// chainName is the file in an installed tree where contents are kept while several
// deltas are made one.
const chainName = Dir + "/chain"

// A Chain is what several deltas make of an installed version, each of which leads
// on from the one before: as one change, so that it is applied whole or not at all,
// and is rolled back to the version that ran before.
type Chain struct {
	// Steps are the deltas, in the order in which they are applied.
	Steps []*Incoming
	// Last is the manifest that they lead to.
	Last Manifest

	at, base revision
	spool    *spool
	spans    map[string]span     // contents that the deltas brought or made, by SHA-256
	here     map[string][]string // paths in the tree, by SHA-256 as it was installed
	sure     map[string]string   // the one of these, or of origin/, that still has the content
	root     *os.Root
}

// OpenChain makes all files that the last of the deltas leads to and that an
// installed tree hasn't, and checks the digest of each. It changes nothing in the
// tree but for a file in Dir that Close removes. It fails if a file of the tree
// that a delta needs isn't as it was installed.
func OpenChain(ctx context.Context, deltas []*os.File, dir string) (*Chain, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fail(exitSurroundings, "", "looking at %s: %w", dir, err)
	}
	c := &Chain{root: root, spans: map[string]span{}, here: map[string][]string{}, sure: map[string]string{}}
	if c.spool, err = spoolIn(filepath.Join(dir, filepath.FromSlash(chainName))); err == nil {
		err = c.start()
	}
	for _, file := range deltas {
		if err == nil {
			err = c.step(ctx, file)
		}
	}
	if err == nil {
		err = c.complete(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	c.Last = c.at.parsed
	return c, nil
}

// Close removes what was made.
func (c *Chain) Close() error {
	var err error
	if c.spool != nil {
		err = c.spool.Close()
	}
	return errors.Join(err, c.root.Close())
}

// start reads what is installed.
func (c *Chain) start() error {
	manifest, err1 := c.root.ReadFile(filepath.FromSlash(ManifestName))
	files, err2 := c.root.ReadFile(filepath.FromSlash(FilesName))
	if err := errors.Join(err1, err2); err != nil {
		return fail(exitSurroundings, "", "looking at %s: %w", c.root.Name(), err)
	}
	var err error
	if c.base, err = readRevision(manifest, files); err != nil {
		return err
	}
	for _, e := range c.base.entries {
		if e.Type == TypeFile && !inVar(e.Path) {
			c.here[e.SHA256] = append(c.here[e.SHA256], e.Path)
		}
	}
	c.at = c.base
	return nil
}

// step goes on to the version that a delta leads to.
func (c *Chain) step(ctx context.Context, file *os.File) error {
	parts := map[string]span{}
	var in *Incoming
	err := walkDelta(file, func(first *Incoming, name string, e *rawEntry) error {
		if in = first; e == nil {
			return c.leadsOn(file, first)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		at, sum, err := c.keep(e.body)
		if strings.HasPrefix(name, wholeDir+"/") {
			c.spans[sum] = at
		}
		parts[name] = at
		return err
	})
	if err == nil {
		err = c.goOn(ctx, in, parts)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(file.Name()), err)
	}
	c.Steps = append(c.Steps, in)
	return nil
}

// complete looks whether each file that the tree lacks at its path can be had.
func (c *Chain) complete(ctx context.Context) error {
	for e := range c.lacking() {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, closing, err := c.open(e)
		if err == nil {
			err = closing()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lacking are the files that the installed version doesn't have at their path.
func (c *Chain) lacking() iter.Seq[Entry] {
	want := newIn(c.base.entries, c.at.entries)
	return func(yield func(Entry) bool) {
		for _, e := range c.at.entries {
			if want[e.Path] && !yield(e) {
				return
			}
		}
	}
}

func (c *Chain) leadsOn(file *os.File, in *Incoming) error {
	if in.Delta.Name == c.base.parsed.Name && in.Delta.Base == c.at.digest {
		return nil
	}
	return &Error{Archive: file.Name(), Kind: ErrCorrupt, Detail: fmt.Sprintf("it is for %s %s (%.12s), and can't follow %s (%.12s)",
		in.Delta.Name, in.Delta.BaseVersion, in.Delta.Base, c.at.parsed.Version, c.at.digest)}
}

// goOn makes the documents and the patched files of the version after this one.
func (c *Chain) goOn(ctx context.Context, in *Incoming, parts map[string]span) error {
	documents := c.patcher(documentsDir, parts)
	manifest, err := document(documents, c.at.manifest, in.Delta.Manifest, maxManifest)
	if err != nil {
		return fmt.Errorf("%s: %w", ManifestName, err)
	}
	files, err := document(documents, c.at.files, in.Delta.Files, maxFiles)
	if err != nil {
		return fmt.Errorf("%s: %w", FilesName, err)
	}
	next, err := readRevision(manifest, files)
	if err != nil {
		return err
	}
	was, is := c.base.parsed, next.parsed
	if next.digest != in.Digest || is.Name != was.Name || is.Target != was.Target || is.Label != was.Label || is.Version != in.Delta.Version {
		return &Error{Path: ManifestName, Kind: ErrCorrupt, Detail: "it is not the one that the delta names"}
	}
	patches := c.patcher(patchesDir, parts)
	for _, row := range in.Delta.Patches {
		if err := ctx.Err(); err != nil {
			return err
		}
		if row[0] < 0 || row[0] >= len(next.entries) || row[1] < 0 || row[1] >= len(c.at.entries) {
			return &Error{Path: deltaName, Kind: ErrCorrupt, Detail: "patches"}
		}
		if err := c.patched(patches, c.at.entries[row[1]], next.entries[row[0]], row[2]); err != nil {
			return fmt.Errorf("%s: %w", QuoteName(next.entries[row[0]].Path), err)
		}
	}
	c.at = next
	return nil
}

// patcher reads the streams of a directory of the delta.
func (c *Chain) patcher(dir string, parts map[string]span) *patcher {
	part := func(name string) io.Reader { return bufio.NewReader(c.spool.section(parts[dir+"/"+name])) }
	return &patcher{steps: bufio.NewReader(part("steps")), diff: part("diff"), fresh: part("new")}
}

// patched makes a file of one of the version before.
func (c *Chain) patched(p *patcher, base, next Entry, steps int) error {
	from, closing, err := c.open(base)
	if err != nil {
		return err
	}
	defer closing()
	r, w := io.Pipe()
	defer r.Close() // or the other end waits for ever where no more can be kept
	go func() { w.CloseWithError(p.make(w, from, base.Size, steps, next.Size)) }()
	at, sum, err := c.keep(r)
	if err != nil {
		return err
	}
	if sum != next.SHA256 {
		return &Error{Kind: ErrCorrupt, Detail: "what the delta makes isn't what it should be"}
	}
	c.spans[sum] = at
	return nil
}

// keep adds a content to those that are kept.
func (c *Chain) keep(content io.Reader) (span, string, error) {
	sum := sha256.New()
	at, err := c.spool.add(io.TeeReader(content, sum))
	return at, hex.EncodeToString(sum.Sum(nil)), err
}

// open gives a file's content: from the deltas, or from where it lies in the tree as
// it was installed.
func (c *Chain) open(e Entry) (content io.ReaderAt, closing func() error, err error) {
	if at, ok := c.spans[e.SHA256]; ok {
		return c.spool.section(at), func() error { return nil }, nil
	}
	at, err := c.find(e)
	if err != nil {
		return nil, nil, err
	}
	f, err := c.root.Open(filepath.FromSlash(at))
	if err != nil {
		return nil, nil, fail(exitSurroundings, "", "%w", err)
	}
	return f, f.Close, nil
}

// find gives the path in the tree where a content still is as it was installed.
func (c *Chain) find(e Entry) (string, error) {
	if at, ok := c.sure[e.SHA256]; ok {
		return at, nil
	}
	for _, name := range c.here[e.SHA256] {
		for _, at := range []string{name, path.Join(OriginDir, name)} {
			if holds(c.root, at, e) {
				c.sure[e.SHA256] = at
				return at, nil
			}
		}
	}
	if was := c.here[e.SHA256]; len(was) > 0 {
		return "", fail(exitCheck, "", "%s was edited, and the deltas may need it as it was", QuoteName(was[0]))
	}
	return "", &Error{Path: e.Path, Kind: ErrCorrupt, Detail: "no delta has it, and it isn't here"}
}

// Lay puts into the tree what bootstrap.py needs to make it the last version, as
// LayDelta does for one delta. source is as there.
func (c *Chain) Lay(ctx context.Context, source string) (*Incoming, error) {
	last := c.Steps[len(c.Steps)-1]
	in := &Incoming{Digest: c.at.digest, Delta: Delta{
		Format: 1, Name: last.Delta.Name, Version: last.Delta.Version, Base: c.base.digest, BaseVersion: c.base.parsed.Version,
		Archive: last.Delta.Archive, SHA256: last.Delta.SHA256, Epoch: last.Delta.Epoch, Source: source, Hold: source != "",
		Manifest: patch(c.base.manifest, c.at.manifest), Files: patch(c.base.files, c.at.files),
	}}
	return in, lay(c.root.Name(), func(root *os.Root) error {
		if err := layDocument(root, in); err != nil {
			return err
		}
		for e := range c.lacking() {
			if err := ctx.Err(); err != nil {
				return err
			}
			content, closing, err := c.open(e)
			if err != nil {
				return err
			}
			err = layFile(root, path.Join(IncomingDir, in.Digest, wholeDir, e.Path), e.Mode, io.NewSectionReader(content, 0, e.Size), in.Delta.Epoch)
			if err = errors.Join(err, closing()); err != nil {
				return err
			}
		}
		return nil
	})
}
