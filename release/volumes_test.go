package release

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/binary-buildout/binary-buildout/internal/digest"
)

// textOf reads what an asset is made of.
func textOf(t *testing.T, f File) string {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// An archive that is larger than an asset may be is released as volumes that make
// it together, with digests of their own; index.json and SHA256SUMS have each of them.
func TestVolumes(t *testing.T) {
	small, large := targets[0], targets[1]
	dir := t.TempDir()
	whole := strings.Repeat("0123456789", 5) + "end"
	writeArchive(t, dir, small, "small")
	writeArchive(t, dir, large, whole)
	set, err := Gather(dir, wanted([]string{small, large}), 20)
	if err != nil {
		t.Fatal(err)
	}
	set.Tag, set.Home = "v1.0", "https://github.com/acme/site"
	all := files(t, set)
	var names []string
	joined := ""
	for _, f := range all {
		names = append(names, f.Name)
		text := textOf(t, f)
		if f.SHA256 != digest.Of([]byte(text)) || f.Size != int64(len(text)) {
			t.Errorf("%s has %d bytes, %q", f.Name, f.Size, text)
		}
		if strings.Contains(f.Name, ".part") {
			joined += text
		}
	}
	name := archiveOf(large)
	if joined != whole || slices.Contains(names, name) || !slices.Contains(names, name+".part3") || slices.Contains(names, name+".part4") {
		t.Errorf("%q of %s", joined, names)
	}
	sums := string(byName(all, SumsName).Data)
	for _, line := range []string{digest.Of([]byte(whole)) + "  " + name + "\n", digest.Of([]byte(whole[:20])) + "  " + name + ".part1\n"} {
		if !strings.Contains(sums, line) {
			t.Errorf("SHA256SUMS has no %s:\n%s", line, sums)
		}
	}
	index := byName(all, IndexName).Data
	schema, err := jsonschema.NewCompiler().Compile("../docs/index.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(index)))
	if err != nil || schema.Validate(doc) != nil {
		t.Errorf("%v %v", err, schema.Validate(doc))
	}
	x, err := ReadIndex(index)
	if err != nil || x.Format != 2 || len(x.Archives[0].Volumes) != 0 || len(x.Archives[1].Volumes) != 3 || x.Archives[1].Volumes[2] != (IndexVolume{name + ".part3", 13, digest.Of([]byte(whole[40:]))}) {
		t.Errorf("%+v %v", x, err)
	}
	if notes := set.Notes(); !strings.Contains(notes, name+": [part 1](https://github.com/acme/site/releases/download/v1.0/"+name+".part1), [part 2](") {
		t.Error(notes)
	}
	// An attestation of the whole file is one of its volumes.
	a := Attestation{predicate: provenanceType, attested: map[string]bool{}}
	own := set.Archives[1].Own()
	if a.CheckProvenance(own) == nil {
		t.Error("an attestation of nothing passes")
	}
	for _, f := range append([]File{set.Archives[1].File}, own[len(own)-1]) {
		a.attested[f.Name+" "+f.SHA256] = true
	}
	if err := a.CheckProvenance(own); err != nil {
		t.Error(err)
	}
}

// Jobs that each bring one archive make the same release of volumes as one that
// brings all, and a second run has nothing to do.
func TestVolumesInSteps(t *testing.T) {
	two := targets[:2]
	dir := stepDist(t, two)
	const largest = 15
	s := server(t, nil)
	for range 2 {
		for i, x := range two {
			set, err := Gather(filepath.Join(dir, x), wanted([]string{x}), largest)
			if err != nil {
				t.Fatal(err)
			}
			res, err := client(t, s).Step(context.Background(), set.Archives[0], extra, len(two), Options{Tag: "v1.0"})
			if err != nil {
				t.Fatal(err)
			}
			if i == 1 && !res.Published {
				t.Errorf("%+v", res)
			}
		}
	}
	set, err := Gather(dir, wanted(two), largest)
	if err != nil {
		t.Fatal(err)
	}
	set.Extra, set.Tag = extra, "v1.0"
	releases := s.Releases()
	if len(releases) != 1 {
		t.Fatal(releases)
	}
	want := files(t, set)
	for _, f := range want {
		if got := string(releases[0].Assets[f.Name]); got != textOf(t, f) {
			t.Errorf("%s: %q", f.Name, got)
		}
	}
	if len(releases[0].Assets) != len(want) {
		t.Errorf("%d assets, want %d", len(releases[0].Assets), len(want))
	}
}

// An archive that was released in volumes and isn't any more is surplus, as each is.
func TestVolumesReplaced(t *testing.T) {
	dir := t.TempDir()
	writeArchive(t, dir, targets[0], strings.Repeat("x", 50))
	s := server(t, nil)
	publish := func(largest int64, o Options) error {
		set, err := Gather(dir, wanted(targets[:1]), largest)
		if err != nil {
			t.Fatal(err)
		}
		set.Tag = "v1.0"
		o.Tag = "v1.0"
		_, err = client(t, s).Publish(context.Background(), files(t, set), o)
		return err
	}
	if err := publish(20, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := publish(MaxAssetSize, Options{}); err == nil || !strings.Contains(fmt.Sprint(err), "part3") && !strings.Contains(fmt.Sprint(err), IndexName) {
		t.Errorf("other assets are left beside: %v", err)
	}
	if err := publish(MaxAssetSize, Options{Replace: true}); err != nil {
		t.Fatal(err)
	}
	for name := range s.Releases()[0].Assets {
		if strings.Contains(name, ".part") {
			t.Errorf("%s is left", name)
		}
	}
}
