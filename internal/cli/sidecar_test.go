package cli

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/changes"
	"github.com/binary-buildout/binary-buildout/internal/prove"
	"github.com/binary-buildout/binary-buildout/internal/sbom"
	"github.com/binary-buildout/binary-buildout/internal/verify"
	"github.com/binary-buildout/binary-buildout/release"
)

// What pack writes beside an archive is what release reads: nothing that the
// reader knows is missing or under another name.
func TestSidecarIsRead(t *testing.T) {
	s := sidecar{
		Manifest: archive.Manifest{
			Format: 1, Generator: "g", Name: "site", Version: "1.0", Target: "cp313-linux_x86_64", Label: "debian12", Python: archive.Python{Version: "3.13.0"}, Buildout: "6.0.1", BundledPython: &archive.BundledPython{Version: "3.13.0"},
			Floors: []archive.Floor{{Kind: "glibc", Version: "2.28"}}, SystemLibraries: []archive.SystemLibrary{{Name: "libldap-2.5.so.0"}}, LongestPath: "a/b",
			Parts: []archive.Part{{Name: "web"}}, Extensions: []archive.Extension{{Path: "x.so"}}, Checkouts: []archive.Checkout{{Path: "src/x", Commit: "0123"}},
			Downloads: []archive.Download{{Use: archive.EggDownload, Project: "MarkupSafe", Version: "3.0.3", File: "MarkupSafe-3.0.3.tar.gz"}},
		},
		Archive: "site-1.0-cp313-linux_x86_64-debian12.tar.gz", Size: 5, SHA256: strings.Repeat("0", 64),
		Eggs: []sbom.Egg{{Name: "MarkupSafe", Version: "3.0.3"}, {Name: "hello", Version: "1.0", Develop: true}}, PartEggs: map[string][]string{"app": {"hello 1.0"}}, Interpreter: &sbom.Interpreter{Version: "3.13.0"}, Deltas: []release.IndexDelta{{Delta: "d"}}, Changes: &changes.Account{From: "0.9"}, Report: &verify.Report{ABI: "cp313"}, Proof: &prove.Proof{},
	}
	written, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := release.ReadSidecar(bytes.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	v := reflect.ValueOf(got)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("release reads no %s", v.Type().Field(i).Name)
		}
	}
	if want := []sbom.Egg{{Name: "MarkupSafe", Version: "3.0.3"}, {Name: "hello", Version: "1.0", Develop: true}}; !reflect.DeepEqual(got.Eggs, want) {
		t.Errorf("eggs %+v", got.Eggs)
	}
}
