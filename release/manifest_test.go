package release_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/release"
)

// The sidecar has the manifest's names and meanings: a manifest goes through a
// sidecar and back without loss, but for what only the target needs.
func TestSidecarIsLikeTheManifest(t *testing.T) {
	m := archive.Manifest{
		Format: 1, Generator: "g", Name: "site", Version: "1.0", Target: "cp313-win_amd64", Label: "x",
		Python: archive.Python{Version: "3.13.0", Implementation: "cpython", ABI: "cp313", Platform: "win_amd64", Bits: 64, Libc: "glibc"}, Buildout: "5.2",
		Floors: []archive.Floor{{Kind: "glibc", Version: "2.28", File: "f"}}, SystemLibraries: []archive.SystemLibrary{{Name: "l", NeededBy: "n", Package: "p"}},
		LongestPath: "a/b", Parts: []archive.Part{{Name: "p", Recipe: "r"}}, Extensions: []archive.Extension{{Path: "p", Module: "m", Egg: "e", SHA256: "s"}},
		Checkouts: []archive.Checkout{{Path: "p", URL: "u", Commit: "c"}},
		Downloads: []archive.Download{{Use: archive.PartDownload, Owner: "o", Project: "p", Version: "v", File: "f", URL: "u", SHA256: "s"}}, Verification: map[string]any{"compiled": 3.0},
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var s release.Sidecar
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	if b, err = json.Marshal(s); err != nil {
		t.Fatal(err)
	}
	var back archive.Manifest
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	back.Verification = m.Verification
	if !reflect.DeepEqual(m, back) {
		t.Errorf("got  %+v\nwant %+v", back, m)
	}
}
