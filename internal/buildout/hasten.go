package buildout

import "github.com/binary-buildout/binary-buildout/internal/environ"

// callsVar names the log of compilers, for builds that have one of their own (py/sdists.py).
const callsVar = "BINARY_BUILDOUT_CALLS"

// hasten has what zc.buildout would do one after the other done side by side and
// in fewer processes: wheels are fetched and sdists built ahead (py/ahead.py), and
// wheels are installed without starting pip (py/wheels.py). The tree is the same.
func (b *builder) hasten() error {
	b.env = environ.Set(b.env, callsVar)
	if b.o.alone {
		return nil
	}
	b.env = environ.Set(b.env, callsVar+"="+b.s.calls())
	for _, names := range [][]string{{"wheels.py"}, aheadFiles()} {
		if err := b.hook(names...); err != nil {
			return surroundings("preparing the downloads", "", err)
		}
	}
	return nil
}

// aheadFiles are the files in py of which the program that works ahead is made.
func aheadFiles() []string { return []string{"sdists.py", "fetcher.py", "makers.py", "ahead.py"} }
