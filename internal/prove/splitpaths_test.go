package prove

import "testing"

// A path that is whole, however it is quoted, isn't split; its first or last word alone is.
func TestSplitPaths(t *testing.T) {
	for line, split := range map[string]bool{
		"Develop: '/w/Ort ü 2x/src'":            false,
		`Develop: '/w/Ort \xc3\xbc 2x/.'`:       false, // Python 2 of bytes
		`Develop: u'/w/Ort \xfc 2x/src'`:        false, // and of text
		`cp: cannot stat /w/Ort\ ü\ 2x/parts`:   false,
		"sh: 1: cannot create /w/Ort: Is a dir": true,
		"cp: target '2x/parts/copied': No such": true,
	} {
		if got := len(splitPaths(line+"\n", "/w")) > 0; got != split {
			t.Errorf("%s: split %v", line, got)
		}
	}
}
