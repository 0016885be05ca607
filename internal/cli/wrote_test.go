package cli

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestWrote: only what this program writes is its own, in a directory that others use too.
func TestWrote(t *testing.T) {
	const archive = "site-1.0-cp313-manylinux_2_28_x86_64-debian12"
	own := []string{archive + ".tar.gz", archive + ".json", archive + ".html", archive + ".json.new", archive + ".from-0.9.delta.tar.gz",
		"shop-2.0-cp27mu-linux_x86_64.zip", "unproved/" + archive + ".tar.gz", "." + archive + ".tar.gz.123456/" + archive + ".tar.gz"}
	others := []string{"app.js", "index.html", "index.json", "install.sh", "site-1.0.tar.gz", "demo-1.0-cp313-cp313-linux_x86_64.whl",
		"demo-1.0-cp313-linux.json", ".cache/x", "css/site.css"}
	release := []string{"SHA256SUMS", "index.json", "install.sh", "attestation.sigstore.json", "site-1.0.cdx.json"}
	for _, c := range []struct {
		name       string
		files, own []string
		sums       string
	}{
		{"a build's output", slices.Concat(own, others), own, ""},
		{"a release", slices.Concat(own, release, []string{"app.js"}), slices.Concat(own, release),
			"0a  " + archive + ".tar.gz\n0b  index.json\n0c  install.sh\n0d  site-1.0.cdx.json\n"},
		{"sums of others", []string{"SHA256SUMS", "install.sh"}, nil, "0a  install.sh\n"},
		{"a directory that others use", []string{"unproved/notes.txt", "unproved/" + archive + ".zip"}, nil, ""},
		{"nothing", nil, nil, ""},
	} {
		dir := t.TempDir()
		for _, name := range c.files {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, name), "")
		}
		if c.sums != "" {
			write(t, filepath.Join(dir, "SHA256SUMS"), c.sums)
		}
		var want []string
		for _, name := range c.own {
			if top := name; filepath.Dir(name) != "." {
				want = append(want, filepath.Dir(top))
			} else {
				want = append(want, name)
			}
		}
		slices.Sort(want)
		if got := wrote(dir); !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", c.name, got, want)
		}
	}
}
