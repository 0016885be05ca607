package buildout

import (
	"slices"
	"testing"
)

func TestDownloadCache(t *testing.T) {
	for _, tt := range []struct{ value, cache string }{
		{"", ""}, {"downloads", "downloads"}, {"/s/var/cache", "var/cache"}, {"/home/me/.buildout/downloads", "downloads"},
	} {
		tree := &Tree{Root: "/s", Installed: []Installed{{Part: "x", Paths: []string{"/s/parts/x", "bin/y"}}},
			config: config{Buildout: map[string]string{"download-cache": tt.value, "eggs-directory": "/s/eggs"}}}
		cache, needed := tree.DownloadCache()
		if cache != tt.cache || cache != "" && (!slices.Contains(needed, "eggs") || !slices.Contains(needed, "parts/x") || !slices.Contains(needed, "bin/y")) {
			t.Errorf("%s: %q, %q", tt.value, cache, needed)
		}
	}
}
